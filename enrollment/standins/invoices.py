"""A provider of e-invoices on this machine that speaks as MISA meInvoice documents: token, publishing, state by RefID. What
it issues is no tax document. Its troubles are those of the real one: slow, away, an answer lost after publishing."""

import json
import re
import threading
import uuid
from collections import deque
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlparse

from enrollment.orders.gateways.misa import ADJUSTMENT, BY_REF, HSM, PUBLISHED, Misa

PATH = "/api/integration"
REQUIRED = """RefID InvSeries InvDate CurrencyCode PaymentMethodName BuyerFullName TotalAmount TotalVATAmount
    TotalAmountInWords OriginalInvoiceDetail TaxRateInfo""".split()


class Lost(Exception):
    """It was done, and the line broke before the answer."""


class Provider:
    def __init__(self, shop: Misa) -> None:
        self.shop = shop
        self.invoices: dict[str, dict[str, Any]] = {}  # by RefID
        self.tokens: set[str] = set()
        self.troubles: deque[str] = deque()  # what goes wrong with the next publishing: an error code, "lost", "down"
        self.one_at_a_time = threading.Lock()

    def answer(self, path: str, order: Any, token: str) -> dict[str, Any]:
        asked = urlparse(path)
        if asked.path == f"{PATH}/auth/token":
            return self.token(order)
        if token not in self.tokens:
            return {"success": False, "errorCode": "TokenExpiredCode"}
        with self.one_at_a_time:
            if asked.path == f"{PATH}/invoice":
                return self.publish(order)
            if asked.path == f"{PATH}/invoice/status":
                return self.states(order, {name: values[0] for name, values in parse_qs(asked.query).items()})
        return {"success": False, "errorCode": "NotFound"}

    def token(self, order: dict[str, Any]) -> dict[str, Any]:
        party, choices = self.shop.party, self.shop.party.choices
        wanted = (choices["appid"], choices["taxcode"], party.name, party.secret.decode())
        if tuple(order.get(name) for name in ("appid", "taxcode", "username", "password")) != wanted:
            return {"success": False, "errorCode": "UnAuthorize"}
        self.tokens.add(token := uuid.uuid4().hex)
        return {"success": True, "errorCode": "", "data": token}

    def publish(self, order: dict[str, Any]) -> dict[str, Any]:
        trouble = self.troubles.popleft() if self.troubles else ""
        if trouble == "down":
            raise Lost
        if order.get("SignType") != HSM:
            return {"success": False, "errorCode": "APINotSupportTypeInvoice"}
        results = [self.published(content, trouble) for content in order["InvoiceData"]]
        if trouble == "lost":
            raise Lost
        return {"success": True, "errorCode": "", "publishInvoiceResult": json.dumps(results)}

    def published(self, content: dict[str, Any], trouble: str) -> dict[str, Any]:
        ref = str(content.get("RefID"))
        if trouble not in ("", "lost"):
            return {"RefID": ref, "ErrorCode": trouble}
        if wrong := self.fault_of(content):
            return {"RefID": ref, "ErrorCode": wrong}
        number = f"{len(self.invoices) + 1:08}"
        self.invoices[ref] = {**content, "InvNo": number, "TransactionID": uuid.uuid4().hex[:11].upper()}
        return {"RefID": ref, "ErrorCode": "", **self.state_of(ref)}

    def fault_of(self, content: dict[str, Any]) -> str:
        if content.get("RefID") in self.invoices:
            return "DuplicateInvoiceRefID"
        if content.get("InvSeries") != self.shop.series:
            return "InvoiceTemplateNotExist"
        lines, sign = content.get("OriginalInvoiceDetail") or [], -1 if content.get("ReferenceType") else 1
        total = sum(line["AmountWithoutVAT"] + line["VATAmount"] for line in lines)
        if any(name not in content for name in REQUIRED) or total != content["TotalAmount"] or total * sign <= 0:
            return "InvalidInvoiceData"
        if content.get("ReferenceType") == ADJUSTMENT:
            numbers = {(invoice["InvNo"], invoice["InvSeries"][1:]) for invoice in self.invoices.values()}
            if (content.get("OrgInvNo"), content.get("OrgInvSeries")) not in numbers:
                return "InvoiceCannotAdjust"
        return ""

    def states(self, refs: list[str], choices: dict[str, str]) -> dict[str, Any]:
        if choices.get("inputType") != str(BY_REF):
            return {"success": False, "errorCode": "InvalidInputType"}
        known = [{**self.state_of(ref), "PublishStatus": PUBLISHED} for ref in refs if ref in self.invoices]
        return {"success": True, "errorCode": "", "data": json.dumps(known)}

    def state_of(self, ref: str) -> dict[str, Any]:
        invoice = self.invoices[ref]
        return {"RefID": ref, **{name: invoice[name] for name in ("TransactionID", "InvSeries", "InvNo")}}

    def page(self, query: str) -> str:
        """What a buyer sees who types the look-up code."""
        code = (parse_qs(query).get("code") or [""])[0]
        facts = next((invoice for invoice in self.invoices.values() if invoice["TransactionID"] == code), None)
        lines = {"Mã tra cứu": code, "Kết quả": "không có hóa đơn này"} if facts is None else {
            "Số": facts["InvNo"], "Ký hiệu": facts["InvSeries"], "Tổng cộng": f"{facts['TotalAmount']:,} đ",
        }  # fmt: skip
        return "".join(f"<p>{name}: {re.sub('[<&]', '', str(value))}</p>" for name, value in lines.items())


class Desk(BaseHTTPRequestHandler):
    """Its own server, where it is tried by itself; beside the bank it answers at the bank's address."""

    provider: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 100_000))
        answer_by(self.provider, self, body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who bought what is not for a log."""


def answer_by(provider: Provider, line: BaseHTTPRequestHandler, body: bytes) -> None:
    token = (line.headers.get("Authorization") or "").removeprefix("Bearer ")
    try:
        answer = json.dumps(provider.answer(line.path, json.loads(body), token)).encode()
    except Lost:
        line.close_connection = True
        return
    line.send_response(200)
    line.send_header("Content-Type", "application/json")
    line.send_header("Content-Length", str(len(answer)))
    line.end_headers()
    line.wfile.write(answer)
