"""A bank on this machine that plays VNPAY, MoMo and a VietQR feed by their documented protocols, in a process of its own.

It knows the portal only by its public addresses and calls back over HTTP, as the real ones do: late, twice, with a wrong
amount, or not at all. What it takes is play money."""

import html
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlparse

import requests
import structlog
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.gateways.payment import (
    FEED,
    MOMO_CREATED,
    MOMO_TOLD,
    VNPAY,
    VNPAY_ASKED,
    VNPAY_TOLD,
    MoMo,
    VietQR,
    barred,
    callback,
    digest,
    digits,
    feed_text,
    gateways,
    momo_text,
    same,
    vnpay_hash,
)
from portal import writing

log = structlog.get_logger(__name__)
LATE = 15.0  # seconds
RETRIES = (0.0, 2.0, 5.0, 15.0, 30.0)  # after each the notice is sent again until the portal has taken it
NOT_ENOUGH, GIVEN_UP = "51", "24"


@dataclass(frozen=True)
class Ending:
    """What the person at the bank decides."""

    label: Any
    result: str = "00"
    late: bool = False
    times: int = 1
    short: int = 0  # how much less arrives


ENDINGS = {
    "pay": Ending(gettext_lazy("Trả tiền")),
    "late": Ending(gettext_lazy("Trả tiền, ngân hàng báo chậm 15 giây"), late=True),
    "twice": Ending(gettext_lazy("Trả tiền, ngân hàng báo hai lần"), times=2),
    "silent": Ending(gettext_lazy("Trả tiền, ngân hàng quên báo"), times=0),
    "short": Ending(gettext_lazy("Trả thiếu 1.000 đ"), short=1000),
    "poor": Ending(gettext_lazy("Không đủ tiền"), result=NOT_ENOUGH),
    "cancel": Ending(gettext_lazy("Hủy"), result=GIVEN_UP),
}


@dataclass
class Deal:
    """One payment as the bank knows it."""

    kind: str
    reference: str
    amount: int
    told: dict[str, Any]  # the order as the portal gave it
    back: str = ""
    language: str = "vi"
    transaction: str = field(default_factory=lambda: str(uuid.uuid4().int % 10**10))
    result: str = ""  # empty while open
    short: int = 0


class Bank:
    def __init__(self) -> None:
        self.deals: dict[str, Deal] = {}
        known = gateways()
        vnpay, momo, vietqr = known["vnpay"], known["momo"], known["vietqr"]
        assert isinstance(vnpay, VNPAY)
        assert isinstance(momo, MoMo)
        assert isinstance(vietqr, VietQR)
        self.vnpay, self.momo, self.vietqr = vnpay, momo, vietqr

    # ── What the portal asks of us ──

    def vnpay_order(self, told: dict[str, str]) -> Deal | None:
        if not same(told.get("vnp_SecureHash", ""), vnpay_hash(self.vnpay.party.secret, told)):
            return None
        deal = Deal(
            "vnpay",
            told["vnp_TxnRef"],
            int(told["vnp_Amount"]) // 100,
            told,
            told["vnp_ReturnUrl"],
            "en" if told.get("vnp_Locale") == "en" else "vi",
        )
        return self.deals.setdefault(deal.reference, deal)

    def vnpay_query(self, told: dict[str, Any]) -> dict[str, Any]:
        secret = self.vnpay.party.secret
        if not same(str(told.get("vnp_SecureHash", "")), digest("sha512", secret, barred(told, VNPAY_ASKED))):
            return {"vnp_ResponseCode": "97"}
        deal = self.deals.get(str(told.get("vnp_TxnRef")))
        if deal is None:
            return {"vnp_ResponseCode": "91"}
        reply = {
            **self.vnpay_facts(deal),
            "vnp_ResponseId": uuid.uuid4().hex,
            "vnp_Command": "querydr",
            "vnp_ResponseCode": "00",
            "vnp_Message": "QueryDR Success",
            "vnp_TransactionType": "01",
            "vnp_TransactionStatus": deal.result or "01",
        }
        return {**reply, "vnp_SecureHash": digest("sha512", secret, barred(reply, VNPAY_TOLD))}

    def momo_order(self, told: dict[str, Any]) -> dict[str, Any]:
        wanted = digest("sha256", self.momo.party.secret, momo_text(told, MOMO_CREATED, self.momo.access))
        if not same(str(told.get("signature", "")), wanted):
            return {"resultCode": 11007}
        deal = Deal(
            "momo",
            str(told["orderId"]),
            int(told["amount"]),
            told,
            str(told["redirectUrl"]),
            str(told.get("lang", "vi")),
        )
        deal = self.deals.setdefault(deal.reference, deal)
        return {"resultCode": 0, "payUrl": f"{self.momo.party.origin}/momo/pay?order={deal.reference}"}

    def momo_query(self, told: dict[str, Any]) -> dict[str, Any]:
        deal = self.deals.get(str(told.get("orderId")))
        if deal is None:
            return {"resultCode": 42, "orderId": told.get("orderId")}
        return {**self.momo_facts(deal), "orderId": deal.reference}

    # ── What we tell the portal ──

    def vnpay_facts(self, deal: Deal) -> dict[str, str]:
        return {
            "vnp_TmnCode": self.vnpay.party.name,
            "vnp_Amount": str((deal.amount - deal.short) * 100),
            "vnp_BankCode": "NCB",
            "vnp_CardType": "ATM",
            "vnp_OrderInfo": deal.told.get("vnp_OrderInfo", ""),
            "vnp_PayDate": time.strftime("%Y%m%d%H%M%S"),
            "vnp_ResponseCode": deal.result,
            "vnp_TransactionNo": deal.transaction,
            "vnp_TransactionStatus": "00" if deal.result == "00" else "02",
            "vnp_TxnRef": deal.reference,
        }

    def momo_facts(self, deal: Deal) -> dict[str, Any]:
        results = {"": 1000, "00": 0, NOT_ENOUGH: 1001, GIVEN_UP: 1006}
        return {
            "partnerCode": self.momo.party.name,
            "orderId": deal.reference,
            "requestId": deal.told.get("requestId", ""),
            "amount": deal.amount - deal.short,
            "orderInfo": deal.told.get("orderInfo", ""),
            "orderType": "momo_wallet",
            "transId": deal.transaction,
            "resultCode": results[deal.result],
            "message": "Successful." if deal.result == "00" else "Failed.",
            "payType": "qr",
            "responseTime": int(time.time() * 1000),
            "extraData": "",
        }

    def notice(self, deal: Deal) -> requests.Request:
        address = callback(deal.kind)
        if deal.kind == "vnpay":
            facts = self.vnpay_facts(deal)
            return requests.Request(
                "GET", address, params={**facts, "vnp_SecureHash": vnpay_hash(self.vnpay.party.secret, facts)}
            )
        if deal.kind == "momo":
            return requests.Request("POST", address, json=self.momo.signed(self.momo_facts(deal), MOMO_TOLD))
        told = dict(
            zip(FEED, (deal.amount - deal.short, deal.reference, int(time.time()), deal.transaction), strict=True)
        )
        signature = digest("sha256", self.vietqr.party.secret, feed_text(told))
        return requests.Request("POST", address, json={**told, "signature": signature})

    def tell(self, deal: Deal, ending: Ending) -> None:
        """As the real ones do: again and again until the portal says that it has heard."""
        if ending.late:
            time.sleep(LATE)
        with requests.Session() as line:
            for _time in range(ending.times):
                for pause in RETRIES:
                    time.sleep(pause)
                    if self.heard(line, self.notice(deal)):
                        break

    def heard(self, line: requests.Session, notice: requests.Request) -> bool:
        try:
            answer = line.send(notice.prepare(), timeout=10)
            if notice.method == "GET":
                return answer.ok and answer.json().get("RspCode") in ("00", "02", "04")
        except (requests.RequestException, ValueError) as wrong:
            log.info("portal did not answer", reason=type(wrong).__name__)
            return False
        return answer.ok

    def end(self, deal: Deal, ending: Ending) -> str:
        """The person has decided: tell the portal, and say where the browser goes on."""
        if not deal.result:
            deal.result, deal.short = ending.result, ending.short
            threading.Thread(target=self.tell, args=(deal, ending), daemon=True).start()
        if deal.kind == "vnpay":
            facts = self.vnpay_facts(deal)
            return f"{deal.back}?{urlencode({**facts, 'vnp_SecureHash': vnpay_hash(self.vnpay.party.secret, facts)})}"
        return deal.back


STYLE = """body{font:16px/1.6 system-ui,sans-serif;max-width:30rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h1{font-size:1.4rem}dl{border:1px solid #ccc;border-radius:8px;padding:1rem}dt{color:#555}dd{margin:0 0 .5rem;font-weight:600}
button{display:block;width:100%;min-height:48px;margin:.5rem 0;font:inherit;border:2px solid #14532d;border-radius:8px;
background:#fff;color:#14532d;cursor:pointer}button:first-of-type{background:#14532d;color:#fff}"""


class Counter(BaseHTTPRequestHandler):
    bank: ClassVar[Bank]

    def do_GET(self) -> None:
        asked = urlparse(self.path)
        told = dict(parse_qsl(asked.query))
        match asked.path:
            case "/paymentv2/vpcpay.html":
                self.page(self.bank.vnpay_order(told))
            case "/momo/pay":
                self.page(self.bank.deals.get(told.get("order", "")))
            case "/transfer":
                reference, amount = told.get("content", ""), digits(told.get("amount", ""))
                spoken = "en" if told.get("lang") == "en" else "vi"
                deal = Deal("vietqr", reference, amount, {}, f"{settings.SITE_URL}/register/paid/", spoken)
                self.page(self.bank.deals.setdefault(f"transfer {reference} {amount}", deal) if amount > 0 else None)
            case "/favicon.ico":
                self.send_response(204)
                self.end_headers()
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), 100_000)
        body = self.rfile.read(length)
        match urlparse(self.path).path:
            case "/merchant_webapi/api/transaction":
                self.json(self.bank.vnpay_query(json.loads(body)))
            case "/v2/gateway/api/create":
                self.json(self.bank.momo_order(json.loads(body)))
            case "/v2/gateway/api/query":
                self.json(self.bank.momo_query(json.loads(body)))
            case "/decide":
                self.decide({name: values[0] for name, values in parse_qs(body.decode()).items()})
            case _:
                self.send_error(404)

    def decide(self, told: dict[str, str]) -> None:
        deal, ending = self.bank.deals.get(told.get("deal", "")), ENDINGS.get(told.get("ending", ""))
        if deal is None or ending is None:
            self.send_error(404)
            return
        self.send_response(303)
        self.send_header("Location", self.bank.end(deal, ending))
        self.end_headers()

    def page(self, deal: Deal | None) -> None:
        if deal is None:
            self.send_error(400, "Wrong checksum or unknown order")
            return
        key = next(name for name, one in self.bank.deals.items() if one is deal)
        with translation.override(deal.language):
            title = _("Ngân hàng giả lập")
            facts = (
                (_("Đơn vị nhận"), "VNPT SmartCA (demo)"),
                (_("Nội dung"), deal.reference),
                (_("Số tiền"), writing.money(deal.amount)),
            )
            rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts)
            buttons = "".join(
                f'<button name="ending" value="{name}">{html.escape(str(ending.label))}</button>'
                for name, ending in ENDINGS.items()
            )
            note = _("Trang này thay cho cổng thanh toán thật. Không có tiền thật nào được chuyển.")
            text = (
                f'<!DOCTYPE html><html lang="{deal.language}"><meta charset="utf-8"><title>{title}</title>'
                f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style>'
                f"<main><h1>{title} · {deal.kind}</h1><p>{note}</p><dl>{rows}</dl>"
                f'<form method="post" action="/decide"><input type="hidden" name="deal" value="{html.escape(key)}">'
                f"{buttons}</form></main></html>"
            )
        self.say(text.encode(), "text/html; charset=utf-8")

    def json(self, told: dict[str, Any]) -> None:
        self.say(json.dumps(told).encode(), "application/json")

    def say(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses carry amounts and signatures; they are not for a log."""


def counter(host: str, port: int) -> ThreadingHTTPServer:
    at_work = type("AtWork", (Counter,), {"bank": Bank()})
    return ThreadingHTTPServer((host, port), at_work)


def serve(host: str, port: int) -> None:
    with counter(host, port) as server:
        server.serve_forever()
