"""VNPAY 2.1.0."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import ParseResult, urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.orders.gateways.port import LASTS, Forged, Notice, Party, Sent, Verdict, digest, digits, post, same
from enrollment.orders.models import Payment


def vnpay_hash(secret: bytes, fields: Mapping[str, Any]) -> str:
    signed = sorted((name, str(value)) for name, value in fields.items() if name.startswith("vnp_"))
    unsigned = ("vnp_SecureHash", "vnp_SecureHashType")
    return digest(
        "sha512",
        secret,
        urlencode([pair for pair in signed if pair[0] not in unsigned and pair[1] != ""], errors="replace"),
    )


def vnpay_time(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y%m%d%H%M%S}"


# Of the query API the fields that are hashed, in this order, with bars between.
VNPAY_ASKED = """vnp_RequestId vnp_Version vnp_Command vnp_TmnCode vnp_TxnRef vnp_TransactionDate vnp_CreateDate vnp_IpAddr
    vnp_OrderInfo""".split()
VNPAY_ANSWERED = """vnp_ResponseId vnp_Command vnp_ResponseCode vnp_Message vnp_TmnCode vnp_TxnRef vnp_Amount vnp_BankCode
    vnp_PayDate vnp_TransactionNo vnp_TransactionType vnp_TransactionStatus vnp_OrderInfo vnp_PromotionCode
    vnp_PromotionAmount""".split()
VNPAY_SAID = ("vnp_ResponseCode", "vnp_TransactionStatus", "vnp_TransactionNo")


def barred(fields: Mapping[str, Any], names: list[str]) -> str:
    return "|".join(str(fields.get(name, "")) for name in names)


class VNPAY:
    code, label, keeps_strays = "vnpay", _("Thẻ, tài khoản ngân hàng (VNPAY)"), False
    is_ours = False
    OPEN, HELD = {"01", "05", "06"}, {"04", "07"}  # of the states of a transaction
    ANSWERS: ClassVar = {
        Verdict.CONFIRMED: ("00", "Confirm Success"),
        Verdict.UNKNOWN: ("01", "Order not found"),
        Verdict.ALREADY: ("02", "Order already confirmed"),
        Verdict.WRONG_AMOUNT: ("04", "Invalid amount"),
        Verdict.FORGED: ("97", "Fail checksum"),
    }

    def __init__(self, url: ParseResult) -> None:
        self.party = Party(url)

    def start(self, payment: Payment, place: str, language: str) -> str:
        now = timezone.now()
        order = {
            "vnp_Version": "2.1.0",
            "vnp_Command": "pay",
            "vnp_TmnCode": self.party.name,
            "vnp_Amount": str(payment.amount * 100),
            "vnp_CurrCode": "VND",
            "vnp_TxnRef": payment.reference,
            "vnp_OrderInfo": f"SmartCA {payment.order.reference}",
            "vnp_OrderType": "other",
            "vnp_Locale": "vn" if language == "vi" else "en",
            "vnp_ReturnUrl": f"{settings.SITE_URL}/register/paid/",
            "vnp_IpAddr": place or "127.0.0.1",
            "vnp_CreateDate": vnpay_time(payment.created_at),
            "vnp_ExpireDate": vnpay_time(now + LASTS),
        }
        signed = {**order, "vnp_SecureHash": vnpay_hash(self.party.secret, order)}
        return f"{self.party.url}?{urlencode(sorted(signed.items()))}"

    def read(self, sent: Sent) -> Notice | None:
        fields = sent.fields
        if not same(str(fields.get("vnp_SecureHash", "")).lower(), vnpay_hash(self.party.secret, fields)):
            raise Forged
        # Our own orders bear the same key's signature: a notice names our shop, commands nothing and says how it ended.
        is_order = "vnp_Command" in fields or not all(fields.get(name) for name in VNPAY_SAID)
        if is_order or fields.get("vnp_TmnCode") != self.party.name:
            raise Forged
        return self._notice(fields, str(fields.get("vnp_ResponseCode", "")))

    def _notice(self, fields: Mapping[str, Any], response: str) -> Notice:
        status = str(fields.get("vnp_TransactionStatus", ""))
        hundredths = digits(fields.get("vnp_Amount", ""))
        return Notice(
            reference=str(fields.get("vnp_TxnRef", "")),
            amount=hundredths // 100 if hundredths % 100 == 0 else -1,
            currency=str(fields.get("vnp_CurrCode") or "VND"),
            provider_id=str(fields.get("vnp_TransactionNo", "")),
            paid=response == "00" and status == "00",
            code=f"{response}/{status}"[:20],
            held=response == "07" or status in self.HELD,
            lapsed=response == "11",
        )

    def answer(self, verdict: Verdict) -> tuple[int, dict[str, str] | None]:
        code, message = self.ANSWERS[verdict]
        return 200, {"RspCode": code, "Message": message}

    def ask(self, payment: Payment) -> Notice | None:
        order = {
            "vnp_RequestId": uuid.uuid4().hex,
            "vnp_Version": "2.1.0",
            "vnp_Command": "querydr",
            "vnp_TmnCode": self.party.name,
            "vnp_TxnRef": payment.reference,
            "vnp_OrderInfo": f"SmartCA {payment.order.reference}",
            "vnp_TransactionDate": vnpay_time(payment.created_at),
            "vnp_CreateDate": vnpay_time(timezone.now()),
            "vnp_IpAddr": "127.0.0.1",
        }
        order["vnp_SecureHash"] = digest("sha512", self.party.secret, barred(order, VNPAY_ASKED))
        fields = post(f"{self.party.origin}/merchant_webapi/api/transaction", order)
        if fields.get("vnp_ResponseCode") != "00":
            return None  # not known there (never begun), or too busy to say
        signature = digest("sha512", self.party.secret, barred(fields, VNPAY_ANSWERED))
        if not same(str(fields.get("vnp_SecureHash", "")).lower(), signature):
            raise Forged
        if fields.get("vnp_TmnCode") != self.party.name:
            raise Forged
        if fields.get("vnp_TransactionStatus") in self.OPEN:
            return None
        return self._notice(fields, "00")

    def statement(self, since: datetime) -> list[Notice]:
        return []
