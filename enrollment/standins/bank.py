"""A bank on this machine that plays VNPAY, MoMo and a VietQR feed by their documented protocols, in a process of its own,
and the provider of invoices beside them (invoices.py).

It knows the portal only by its public addresses and calls back over HTTP, as the real ones do: late, twice, with a wrong
amount, or not at all. What it takes is play money."""

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
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from enrollment.orders.gateways.feed import FEED, feed_text
from enrollment.orders.gateways.misa import Misa
from enrollment.orders.gateways.momo import MOMO_CREATED, MOMO_NOTICE, MoMo, momo_text
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.port import callback, digest, digits, same
from enrollment.orders.gateways.provider import provider
from enrollment.orders.gateways.sepay import SePay
from enrollment.orders.gateways.vietqr import VietQR
from enrollment.orders.gateways.vnpay import VNPAY, VNPAY_ANSWERED, VNPAY_ASKED, barred, vnpay_hash
from enrollment.standins import invoices, transfers
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
    fields: dict[str, Any]  # the order as the portal gave it
    back: str = ""
    language: str = "vi"
    transaction: str = field(default_factory=lambda: str(uuid.uuid4().int % 10**10))
    result: str = ""  # empty while open
    short: int = 0
    at: str = field(default_factory=lambda: f"{timezone.localtime():%Y-%m-%d %H:%M:%S}")


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

    def vnpay_order(self, fields: dict[str, str]) -> Deal | None:
        if not same(fields.get("vnp_SecureHash", ""), vnpay_hash(self.vnpay.party.secret, fields)):
            return None
        deal = Deal(
            "vnpay",
            fields["vnp_TxnRef"],
            int(fields["vnp_Amount"]) // 100,
            fields,
            fields["vnp_ReturnUrl"],
            "en" if fields.get("vnp_Locale") == "en" else "vi",
        )
        return self.deals.setdefault(deal.reference, deal)

    def vnpay_query(self, fields: dict[str, Any]) -> dict[str, Any]:
        secret = self.vnpay.party.secret
        if not same(str(fields.get("vnp_SecureHash", "")), digest("sha512", secret, barred(fields, VNPAY_ASKED))):
            return {"vnp_ResponseCode": "97"}
        deal = self.deals.get(str(fields.get("vnp_TxnRef")))
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
        return {**reply, "vnp_SecureHash": digest("sha512", secret, barred(reply, VNPAY_ANSWERED))}

    def momo_order(self, fields: dict[str, Any]) -> dict[str, Any]:
        wanted = digest("sha256", self.momo.party.secret, momo_text(fields, MOMO_CREATED, self.momo.access))
        if not same(str(fields.get("signature", "")), wanted):
            return {"resultCode": 11007}
        deal = Deal(
            "momo",
            str(fields["orderId"]),
            int(fields["amount"]),
            fields,
            str(fields["redirectUrl"]),
            str(fields.get("lang", "vi")),
        )
        deal = self.deals.setdefault(deal.reference, deal)
        return {"resultCode": 0, "payUrl": f"{self.momo.party.origin}/momo/pay?order={deal.reference}"}

    def momo_query(self, fields: dict[str, Any]) -> dict[str, Any]:
        deal = self.deals.get(str(fields.get("orderId")))
        if deal is None:
            return {"resultCode": 42, "orderId": fields.get("orderId")}
        return {**self.momo_facts(deal), "orderId": deal.reference}

    # ── What we tell the portal ──

    def vnpay_facts(self, deal: Deal) -> dict[str, str]:
        return {
            "vnp_TmnCode": self.vnpay.party.name,
            "vnp_Amount": str((deal.amount - deal.short) * 100),
            "vnp_BankCode": "NCB",
            "vnp_CardType": "ATM",
            "vnp_OrderInfo": deal.fields.get("vnp_OrderInfo", ""),
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
            "requestId": deal.fields.get("requestId", ""),
            "amount": deal.amount - deal.short,
            "orderInfo": deal.fields.get("orderInfo", ""),
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
            return requests.Request("POST", address, json=self.momo.signed(self.momo_facts(deal), MOMO_NOTICE))
        if isinstance(self.vietqr.feed, SePay):
            return transfers.notice(self.vietqr.feed, deal, address)
        fields = dict(
            zip(FEED, (deal.amount - deal.short, deal.reference, int(time.time()), deal.transaction), strict=True)
        )
        signature = digest("sha256", self.vietqr.party.secret, feed_text(fields))
        return requests.Request("POST", address, json={**fields, "signature": signature})

    def notify(self, deal: Deal, ending: Ending) -> None:
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
            threading.Thread(target=self.notify, args=(deal, ending), daemon=True).start()
        if deal.kind == "vnpay":
            facts = self.vnpay_facts(deal)
            return f"{deal.back}?{urlencode({**facts, 'vnp_SecureHash': vnpay_hash(self.vnpay.party.secret, facts)})}"
        return deal.back


class Counter(BaseHTTPRequestHandler):
    bank: ClassVar[Bank]
    issuer: ClassVar[invoices.Provider | None] = None

    def do_GET(self) -> None:
        asked = urlparse(self.path)
        fields = dict(parse_qsl(asked.query))
        match asked.path:
            case "/paymentv2/vpcpay.html":
                self.page(self.bank.vnpay_order(fields))
            case "/momo/pay":
                self.page(self.bank.deals.get(fields.get("order", "")))
            case "/transfer":
                reference, amount = fields.get("content", ""), digits(fields.get("amount", ""))
                spoken = "en" if fields.get("lang") == "en" else "vi"
                deal = Deal("vietqr", reference, amount, {}, f"{settings.SITE_URL}/register/paid/", spoken)
                self.page(self.bank.deals.setdefault(f"transfer {reference} {amount}", deal) if amount > 0 else None)
            case "/tra-cuu" if self.issuer:
                self.say(self.issuer.page(asked.query).encode(), "text/html; charset=utf-8")
            case transfers.LIST:
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                self.say(
                    transfers.listed(self.bank.vietqr.feed, self.bank.deals.values(), token, fields), "application/json"
                )
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
            case path if path.startswith(invoices.PATH) and self.issuer:
                invoices.answer_by(self.issuer, self, body)
            case "/decide":
                self.decide({name: values[0] for name, values in parse_qs(body.decode()).items()})
            case _:
                self.send_error(404)

    def decide(self, fields: dict[str, str]) -> None:
        deal, ending = self.bank.deals.get(fields.get("deal", "")), ENDINGS.get(fields.get("ending", ""))
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
        key = next(name for name, known in self.bank.deals.items() if known is deal)
        facts = {
            "deal": deal,
            "key": key,
            "decide": "/decide",
            "amount": writing.money(deal.amount),
            "endings": ENDINGS.items(),
        }
        with translation.override(deal.language):
            text = render_to_string("standins/bank.html", {**facts, "language": deal.language})
        self.say(text.encode(), "text/html; charset=utf-8")

    def json(self, fields: dict[str, Any]) -> None:
        self.say(json.dumps(fields).encode(), "application/json")

    def say(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Addresses carry amounts and signatures; they are not for a log."""


def counter(host: str, port: int) -> ThreadingHTTPServer:
    shop = provider()
    plays = {"bank": Bank(), "issuer": invoices.Provider(shop) if isinstance(shop, Misa) else None}
    at_work = type("AtWork", (Counter,), plays)
    return ThreadingHTTPServer((host, port), at_work)


def serve(host: str, port: int) -> None:
    with counter(host, port) as server:
        server.serve_forever()
