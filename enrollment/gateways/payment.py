"""Payment gateways behind one port: VNPAY 2.1.0, MoMo v2 and transfers by VietQR. What a gateway tells us, signed, is the
truth; what a browser brings back is not looked at. In the embedded default all three are one local bank (bank.py)."""

import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Protocol
from urllib.parse import ParseResult, parse_qs, unquote, urlencode, urlparse

import requests
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import LETTERS, Payment
from portal import writing

TIMEOUT = (3, 10)
LASTS = timedelta(minutes=15)  # how long a gateway keeps a payment open
REFERENCE = re.compile(rf"(?=(SC[{LETTERS}]{{10}}))")


class Verdict(Enum):
    """What we say to a notice; each gateway has its own words for these."""

    CONFIRMED = "confirmed"
    FORGED = "forged"
    UNKNOWN = "unknown"
    WRONG_AMOUNT = "wrong amount"
    ALREADY = "already"


@dataclass(frozen=True)
class Notice:
    """What a gateway says became of one payment."""

    reference: str
    amount: int
    currency: str
    provider_id: str
    paid: bool
    code: str
    held: bool = False  # taken from the customer, and not given to us yet


class Forged(Exception):
    """Not signed by the gateway, or signed nonsense."""


class Away(Exception):
    """The gateway did not answer as documented."""


class PaymentGateway(Protocol):
    code: str
    label: Any
    keeps_strays: bool  # money can come without an order of ours
    is_ours: bool  # the customer pays from our own page, as often as it is looked at

    def start(self, payment: Payment, place: str, language: str) -> str:
        """Where to send the browser; empty if the customer pays from our own page. May raise Away."""

    def read(self, told: Mapping[str, Any]) -> Notice | None:
        """A notice; None while the outcome is open. Raises Forged."""

    def answer(self, verdict: Verdict) -> tuple[int, dict[str, str] | None]:
        """Status and body of our reply."""

    def ask(self, payment: Payment) -> Notice | None:
        """What became of it, for the sweep; None while open or where nobody can be asked. May raise Away or Forged."""


class Party:
    """How to reach a gateway: `kind+https://user:secret@host/path?…`."""

    def __init__(self, url: ParseResult) -> None:
        self.url = f"{url.scheme.partition('+')[2]}://{url.netloc.rpartition('@')[2]}{url.path}"
        self.origin = self.url.removesuffix(url.path)
        self.name, self.secret = unquote(url.username or ""), unquote(url.password or "").encode()
        self.choices = {name: values[0] for name, values in parse_qs(url.query).items()}


def digest(kind: str, secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(errors="replace"), kind).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def callback(code: str) -> str:
    return f"{settings.SITE_URL}/api/payments/{code}/"


def post(url: str, order: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = requests.post(url, json=order, timeout=TIMEOUT, allow_redirects=False)
        told = answer.json()
    except (requests.RequestException, ValueError) as wrong:
        raise Away(type(wrong).__name__) from wrong
    if not isinstance(told, dict):
        raise Away("no answer as documented")
    return told


def digits(value: Any) -> int:
    """An amount as told; nonsense is an amount that fits nothing."""
    whole = re.fullmatch(r"([0-9]{1,15})(?:\.0+)?", str(value))
    return int(whole[1]) if whole else -1


# ── VNPAY 2.1.0 ──


def vnpay_hash(secret: bytes, told: Mapping[str, Any]) -> str:
    signed = sorted((name, str(value)) for name, value in told.items() if name.startswith("vnp_"))
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
VNPAY_TOLD = """vnp_ResponseId vnp_Command vnp_ResponseCode vnp_Message vnp_TmnCode vnp_TxnRef vnp_Amount vnp_BankCode
    vnp_PayDate vnp_TransactionNo vnp_TransactionType vnp_TransactionStatus vnp_OrderInfo vnp_PromotionCode
    vnp_PromotionAmount""".split()


def barred(told: Mapping[str, Any], names: list[str]) -> str:
    return "|".join(str(told.get(name, "")) for name in names)


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

    def read(self, told: Mapping[str, Any]) -> Notice | None:
        if not same(str(told.get("vnp_SecureHash", "")).lower(), vnpay_hash(self.party.secret, told)):
            raise Forged
        return self._notice(told, str(told.get("vnp_ResponseCode", "")))

    def _notice(self, told: Mapping[str, Any], response: str) -> Notice:
        status = str(told.get("vnp_TransactionStatus", ""))
        hundredths = digits(told.get("vnp_Amount", ""))
        return Notice(
            reference=str(told.get("vnp_TxnRef", "")),
            amount=hundredths // 100 if hundredths % 100 == 0 else -1,
            currency=str(told.get("vnp_CurrCode") or "VND"),
            provider_id=str(told.get("vnp_TransactionNo", "")),
            paid=response == "00" and status == "00",
            code=f"{response}/{status}"[:20],
            held=response == "07" or status in self.HELD,
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
        told = post(f"{self.party.origin}/merchant_webapi/api/transaction", order)
        if told.get("vnp_ResponseCode") != "00":
            return None  # not known there (never begun), or too busy to say
        signature = digest("sha512", self.party.secret, barred(told, VNPAY_TOLD))
        if not same(str(told.get("vnp_SecureHash", "")).lower(), signature):
            raise Forged
        if told.get("vnp_TransactionStatus") in self.OPEN:
            return None
        return self._notice(told, "00")


# ── MoMo v2 ──

MOMO_CREATED = """amount extraData ipnUrl orderId orderInfo partnerCode redirectUrl requestId requestType""".split()
MOMO_TOLD = """amount extraData message orderId orderInfo orderType partnerCode payType requestId responseTime resultCode
    transId""".split()
# What ends a payment without money. Of every other code (begun, in work, our own mistake) nothing is concluded.
MOMO_FAILED = {"1001", "1002", "1003", "1004", "1005", "1006", "1007", "1017", "1026", "4001", "4100"}


def momo_text(told: Mapping[str, Any], names: list[str], access: str) -> str:
    return "&".join([f"accessKey={access}", *(f"{name}={told.get(name, '')}" for name in names)])


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
        told = post(f"{self.party.url}/create", self.signed(order, MOMO_CREATED))
        address = str(told.get("payUrl", ""))
        if str(told.get("resultCode")) != "0" or urlparse(address)[:2] != urlparse(self.party.origin)[:2]:
            raise Away(f"momo {told.get('resultCode')}")
        return address

    def read(self, told: Mapping[str, Any]) -> Notice | None:
        text = momo_text(told, MOMO_TOLD, self.access)
        if not same(str(told.get("signature", "")).lower(), digest("sha256", self.party.secret, text)):
            raise Forged
        return self._notice(told)

    def _notice(self, told: Mapping[str, Any]) -> Notice | None:
        result = str(told.get("resultCode", ""))
        if result != "0" and result not in MOMO_FAILED:
            return None
        return Notice(
            reference=str(told.get("orderId", "")),
            amount=digits(told.get("amount", "")),
            currency="VND",
            provider_id=str(told.get("transId", "")),
            paid=result == "0",
            code=result[:20],
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
        told = post(f"{self.party.url}/query", self.signed(order, ["orderId", "partnerCode", "requestId"]))
        if "resultCode" not in told or told.get("orderId") != payment.reference:
            raise Away("momo: no answer as documented")
        return self._notice(told)


# ── VietQR: a transfer from any bank, matched by the reference in its text ──


def crc16(text: str) -> int:
    """CRC-16/CCITT-FALSE, as EMV codes end with."""
    crc = 0xFFFF
    for byte in text.encode():
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def tlv(*fields: tuple[str, str]) -> str:
    return "".join(f"{tag}{len(value):02}{value}" for tag, value in fields)


def vietqr(bank: str, account: str, amount: int, purpose: str) -> str:
    holder = tlv(("00", "A000000727"), ("01", tlv(("00", bank), ("01", account))), ("02", "QRIBFTTA"))
    text = tlv(
        ("00", "01"), ("01", "12"), ("38", holder), ("53", "704"), ("54", str(amount)), ("58", "VN"),
        ("62", tlv(("08", purpose[:25]))),
    )  # fmt: skip
    text += "6304"
    return f"{text}{crc16(text):04X}"


FEED = ["amount", "content", "time", "transaction"]


def feed_text(told: Mapping[str, Any]) -> str:
    return "&".join(f"{name}={told.get(name, '')}" for name in FEED)


class VietQR:
    """The bank tells each incoming transfer to our address. That feed is no public standard: ours is a JSON object with
    `transaction`, `amount`, `content`, `time` and an HMAC-SHA256 `signature` over them."""

    code, label, keeps_strays = "vietqr", _("Chuyển khoản bằng mã VietQR"), True
    is_ours = True

    def __init__(self, url: ParseResult) -> None:
        self.party = Party(url)
        self.bank, self.account = self.party.name, self.party.choices.get("account", "")
        self.holder, self.bank_name = self.party.choices.get("holder", ""), self.party.choices.get("bank", "")

    def code_for(self, payment: Payment) -> str:
        return vietqr(self.bank, self.account, payment.amount, payment.reference)

    def start(self, payment: Payment, place: str, language: str) -> str:
        return ""

    def read(self, told: Mapping[str, Any]) -> Notice | None:
        if not same(str(told.get("signature", "")).lower(), digest("sha256", self.party.secret, feed_text(told))):
            raise Forged
        amount, transaction = digits(told.get("amount", "")), str(told.get("transaction", ""))[:60]
        if amount <= 0 or not transaction:
            raise Forged
        return Notice(self.reference_in(str(told.get("content", ""))), amount, "VND", transaction, True, "transfer")

    def reference_in(self, content: str) -> str:
        """Banks add words of their own and drop spaces: of all that looks like a reference, the one that is."""
        seen = REFERENCE.findall(re.sub(r"[^A-Z0-9]", "", writing.fold(content).upper()))
        known = (
            Payment.objects.filter(gateway=self.code, reference__in=seen).values_list("reference", flat=True).first()
        )
        return known or ""

    def answer(self, verdict: Verdict) -> tuple[int, dict[str, str] | None]:
        return (400, {"status": "signature"}) if verdict == Verdict.FORGED else (200, {"status": "noted"})

    def ask(self, payment: Payment) -> Notice | None:
        return None


# ── Which there are ──

KINDS: dict[str, type[VNPAY | MoMo | VietQR]] = {"vnpay": VNPAY, "momo": MoMo, "vietqr": VietQR}


@cache
def gateways() -> dict[str, PaymentGateway]:
    """Those that the settings name, in the order in which the customer sees them."""
    return {kind: KINDS[kind](urlparse(url)) for kind, url in settings.PAYMENT_URLS.items() if url}
