"""MoMo v2."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import ParseResult, urlparse

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from enrollment.orders.gateways.port import (
    Away,
    Forged,
    Notice,
    Party,
    Sent,
    Verdict,
    callback,
    digest,
    digits,
    post,
    same,
)
from enrollment.orders.models import Payment

MOMO_CREATED = """amount extraData ipnUrl orderId orderInfo partnerCode redirectUrl requestId requestType""".split()
MOMO_NOTICE = """amount extraData message orderId orderInfo orderType partnerCode payType requestId responseTime resultCode
    transId""".split()
# What ends a payment without money. Of every other code (begun, in work, our own mistake) nothing is concluded.
MOMO_FAILED = {"1001", "1002", "1003", "1004", "1005", "1006", "1007", "1017", "1026", "4001", "4100"}


def momo_text(fields: Mapping[str, Any], names: list[str], access: str) -> str:
    return "&".join([f"accessKey={access}", *(f"{name}={fields.get(name, '')}" for name in names)])


class MoMo:
    code, label, keeps_strays = "momo", _("Ví MoMo"), False
    is_ours = False

    def __init__(self, url: ParseResult) -> None:
        self.party = Party(url)
        self.access = self.party.choices.get("access", "")

    def signed(self, order: dict[str, Any], names: list[str]) -> dict[str, Any]:
        return {**order, "signature": digest("sha256", self.party.secret, momo_text(order, names, self.access))}

    def start(self, payment: Payment, place: str, language: str) -> str:
        order = {
            "partnerCode": self.party.name,
            "requestId": payment.reference,
            "orderId": payment.reference,
            "amount": payment.amount,
            "orderInfo": f"SmartCA {payment.order.reference}",
            "redirectUrl": f"{settings.SITE_URL}/register/paid/",
            "ipnUrl": callback(self.code),
            "requestType": "captureWallet",
            "extraData": "",
            "lang": language,
        }
        fields = post(f"{self.party.url}/create", self.signed(order, MOMO_CREATED))
        address = str(fields.get("payUrl", ""))
        if str(fields.get("resultCode")) != "0" or urlparse(address)[:2] != urlparse(self.party.origin)[:2]:
            raise Away(f"momo {fields.get('resultCode')}")
        return address

    def read(self, sent: Sent) -> Notice | None:
        fields = sent.fields
        text = momo_text(fields, MOMO_NOTICE, self.access)
        if not same(str(fields.get("signature", "")).lower(), digest("sha256", self.party.secret, text)):
            raise Forged
        if fields.get("partnerCode") != self.party.name or not all(name in fields for name in MOMO_NOTICE):
            raise Forged  # another shop's, or signed with fields left out, as our own orders are
        return self._notice(fields)

    def _notice(self, fields: Mapping[str, Any]) -> Notice | None:
        result = str(fields.get("resultCode", ""))
        if result != "0" and result not in MOMO_FAILED:
            return None
        return Notice(
            reference=str(fields.get("orderId", "")),
            amount=digits(fields.get("amount", "")),
            currency="VND",
            provider_id=str(fields.get("transId", "")),
            paid=result == "0",
            code=result[:20],
            lapsed=result == "1005",
        )

    def answer(self, verdict: Verdict) -> tuple[int, dict[str, str] | None]:
        """204 says "heard", whatever we made of it; only what was not theirs is refused."""
        return (400, {"message": "signature"}) if verdict == Verdict.FORGED else (204, None)

    def ask(self, payment: Payment) -> Notice | None:
        order = {
            "partnerCode": self.party.name,
            "requestId": uuid.uuid4().hex,
            "orderId": payment.reference,
            "lang": "vi",
        }
        fields = post(f"{self.party.url}/query", self.signed(order, ["orderId", "partnerCode", "requestId"]))
        about = (fields.get("orderId"), fields.get("partnerCode"))
        if "resultCode" not in fields or about != (payment.reference, self.party.name):
            raise Away("momo: no answer as documented")
        return self._notice(fields)

    def statement(self, since: datetime) -> list[Notice]:
        return []
