"""What every payment gateway is to us. What it tells us, signed, is the truth; what a browser brings back is not looked at."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol
from urllib.parse import ParseResult, parse_qs, unquote

import requests
from django.conf import settings

from enrollment.orders.models import Payment

TIMEOUT = (3, 10)
LASTS = timedelta(minutes=15)  # how long a gateway keeps a payment open


class Verdict(Enum):
    """What we say to a notice; each gateway has its own words for these."""

    CONFIRMED = "confirmed"
    FORGED = "forged"
    UNKNOWN = "unknown"
    WRONG_AMOUNT = "wrong amount"
    ALREADY = "already"


@dataclass(frozen=True)
class Sent:
    """What came to a notice's address, as it came."""

    fields: Mapping[str, Any]
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


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
    lapsed: bool = False  # nobody paid while the gateway kept it open


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

    def read(self, sent: Sent) -> Notice | None:
        """A notice; None while the outcome is open. Raises Forged."""

    def answer(self, verdict: Verdict) -> tuple[int, dict[str, str] | None]:
        """Status and body of our reply."""

    def ask(self, payment: Payment) -> Notice | None:
        """What became of it, for the sweep; None while open or where nobody can be asked. May raise Away or Forged."""

    def statement(self, since: datetime) -> list[Notice]:
        """All that came in since then, where an account is kept of it; for the sweep. May raise Away."""


class Party:
    """How to reach a gateway: `kind+https://user:secret@host/path?…`."""

    def __init__(self, url: ParseResult) -> None:
        self.url = f"{url.scheme.partition('+')[2]}://{url.netloc.rpartition('@')[2]}{url.path}"
        self.origin = self.url.removesuffix(url.path)
        self.name, self.secret = unquote(url.username or ""), unquote(url.password or "").encode()
        self.choices = {name: values[0] for name, values in parse_qs(url.query).items()}


def digest(kind: str, secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(errors="replace"), kind).hexdigest()


def same(signature: str, other: str) -> bool:
    return hmac.compare_digest(signature.encode(errors="replace"), other.encode(errors="replace"))


def callback(code: str) -> str:
    return f"{settings.SITE_URL}/api/payments/{code}/"


def post(url: str, order: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = requests.post(url, json=order, timeout=TIMEOUT, allow_redirects=False)
        fields = answer.json()
    except (requests.RequestException, ValueError) as wrong:
        raise Away(type(wrong).__name__) from wrong
    if not isinstance(fields, dict):
        raise Away("no answer as documented")
    return fields


def digits(value: Any) -> int:
    """An amount as they write it; nonsense is an amount that fits nothing."""
    whole = re.fullmatch(r"([0-9]{1,15})(?:\.0+)?", str(value))
    return int(whole[1]) if whole else -1
