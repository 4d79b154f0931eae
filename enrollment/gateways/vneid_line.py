"""The line to VNeID: who we are to it, what may come over it, and when it is left alone for a while."""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, unquote, unquote_plus

import requests
import structlog
import urllib3
from django.utils import timezone

from enrollment.gateways.vneid import SKEW, Away, Forged
from portal.allowances import Limit

log = structlog.get_logger(__name__)
TIMES = (3, 10)  # seconds: to connect, to answer
MOST = 256_000  # bytes of an answer
FAILURES = Limit("vneid failures", 5, timedelta(seconds=60), sliding=True)  # of one call: then it is left for a minute


class Partner:
    """`kind+https://partner:secret@host/path`; keys that still count beside the one in the address come after it."""

    def __init__(self, url: SplitResult, older: Sequence[str] = ()) -> None:
        host = url.netloc.rpartition("@")[2]
        self.origin = f"{url.scheme.partition('+')[2]}://{host}"
        self.base = f"{self.origin}{url.path}".rstrip("/")
        self.name = unquote(url.username or "")
        self.secrets = [secret for secret in (unquote(url.password or ""), *older) if secret]

    @property
    def secret(self) -> str:
        return self.secrets[0]

    def holder(self, path: str) -> str:
        """Each call fails by itself: what is not heard of us keeps nobody from coming in."""
        return hashlib.sha256(f"{self.base}{path}".encode()).hexdigest()


class Straight(requests.Session):
    """It goes nowhere else, and does not even read where it would be sent."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


@dataclass(frozen=True)
class Line:
    partner: Partner

    def post(self, path: str, *, sent: bytes, headers: Mapping[str, str]) -> "Answer":
        return self._call("POST", path, data=sent, headers=headers)

    def get(self, path: str, headers: Mapping[str, str]) -> "Answer":
        return self._call("GET", path, headers=headers)

    def _call(self, method: str, path: str, **sent: Any) -> "Answer":
        holder = self.partner.holder(path)
        if FAILURES.is_spent(holder):
            raise Away("resting")
        try:
            answer = self._ask(method, path, sent)
        except Away as wrong:
            FAILURES.spend(holder)
            log.warning("vneid away", path=path, reason=str(wrong))
            raise
        FAILURES.restore(holder)
        return answer

    def _ask(self, method: str, path: str, sent: dict[str, Any]) -> "Answer":
        """No longer than it takes, no larger than it needs, from nowhere else. Read as it comes: drops that each are in time
        do not add up to hours."""
        ends, body = time.monotonic() + TIMES[1], b""
        try:
            with (
                Straight() as line,
                line.request(
                    method, f"{self.partner.base}{path}", timeout=TIMES, allow_redirects=False, stream=True, **sent
                ) as answer,
            ):
                while piece := answer.raw.read1(16_384, decode_content=True):
                    body += piece
                    if len(body) > MOST or time.monotonic() > ends:
                        raise Away("too long")
                status, headers = answer.status_code, dict(answer.headers)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as wrong:
            raise Away(type(wrong).__name__) from wrong
        if status >= 500 or status in (408, 429):
            raise Away(f"status {status}")
        return Answer(status, body, headers)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def fields(self) -> dict[str, Any]:
        try:
            fields = json.loads(self.body)
        except (ValueError, RecursionError) as wrong:
            raise Away("no answer as documented") from wrong
        if not isinstance(fields, dict):
            raise Away("no answer as documented")
        return fields

    def header(self, name: str) -> str:
        return next((value for known, value in self.headers.items() if known.lower() == name.lower()), "")


# ── Signed by a secret that two share ──


def signed(partner: str, secret: str, body: bytes, *, at: int | None = None, nonce: str = "") -> dict[str, str]:
    """The headers of the hub's calls: over partner, time, nonce and body (reported)."""
    stamp, nonce = str(int(time.time()) if at is None else at), nonce or secrets.token_hex(16)
    return {
        "X-Partner-Code": partner,
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": mac(secret, partner, stamp, nonce, body),
        "X-Request-Id": secrets.token_hex(8),
        "Content-Type": "application/json",
    }


def mac(secret: str, partner: str, stamp: str, nonce: str, body: bytes) -> str:
    text = f"{partner}:{stamp}:{nonce}:".encode(errors="replace") + body
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def is_signed(known: Sequence[str], partner: str, headers: Mapping[str, str], body: bytes) -> bool:
    """By any of the keys that count now, over this body, about now. Every key is tried, whichever fits."""
    named = {name.lower(): value for name, value in headers.items()}
    stamp, nonce, theirs = (named.get(f"x-{name}", "") for name in ("timestamp", "nonce", "signature"))
    wanted = [mac(secret, partner, stamp, nonce, body) for secret in known]
    fits = [hmac.compare_digest(each.encode(), theirs.encode(errors="replace")) for each in wanted]
    return any(fits) and bool(nonce) and named.get("x-partner-code") == partner and is_now(stamp)


def is_now(stamp: str) -> bool:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        return False
    return abs(int(stamp) - timezone.now().timestamp()) <= SKEW.total_seconds() + 60


# ── Reading what they write ──


def text(fields: Mapping[str, Any], *names: str, most: int = 200) -> str:
    """The first of these that is there, if it is a text of such length that can be written."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            if len(str(value)) > most:
                raise Forged(f"{name} is too long")
            if any("\ud800" <= letter <= "\udfff" for letter in str(value)):  # half a letter, which JSON can spell
                raise Forged(f"{name} is no text")
            return str(value).strip()
    return ""


def mark(fields: Mapping[str, Any], *names: str, most: int = 64) -> str:
    """What is looked up, and put into addresses and headers: plain signs, or nothing."""
    value = text(fields, *names, most=most)
    if not all("!" <= sign <= "~" for sign in value):
        raise Forged(f"{names[0]} is no mark")
    return value


def asked_once(query: str, *, raw: bool = False) -> dict[str, str]:
    """What an address asks, each name once. `raw`: with a "+" that stands for itself."""
    fields: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _equals, value = (unquote(text) if raw else unquote_plus(text) for text in part.partition("="))
        if name in fields or len(fields) > 20:
            raise Forged("asked twice")
        fields[name] = value
    return fields


def number(fields: Mapping[str, Any], name: str) -> int:
    value = text(fields, name, most=12)
    if not (value.isascii() and value.isdecimal()):
        raise Forged(f"{name} is no number")
    return int(value)


def day(fields: Mapping[str, Any], *names: str) -> date | None:
    """dd/mm/yyyy, as the hub writes it, or as a computer does."""
    value = text(fields, *names, most=30)
    for shape in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(value, shape).date()  # noqa: DTZ007
        except ValueError:
            continue
    if value:
        raise Forged(f"{names[0]} is no day")
    return None


def moment(fields: Mapping[str, Any], name: str) -> datetime:
    """Seconds since 1970."""
    try:
        return datetime.fromtimestamp(number(fields, name), UTC)
    except (OverflowError, OSError, ValueError) as wrong:
        raise Forged(f"{name} is no moment") from wrong


def rows(fields: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    value = fields.get(name) or []
    if not isinstance(value, list) or len(value) > 20:
        raise Forged(f"{name} is no list")
    for row in value:
        if not isinstance(row, dict):
            raise Forged(f"{name} is no list")
        yield row
