"""SePay, which watches a bank account: a notice of each transfer (HMAC or an API key), and the list to compare with."""

import hmac
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from enrollment.orders.gateways.feed import Transfer
from enrollment.orders.gateways.port import TIMEOUT, Away, Forged, Party, Sent, digits, same

log = structlog.get_logger(__name__)
DRIFT = 300  # seconds by which a notice's time may differ from ours
MOST = 5000  # that one answer of the list holds


def signature(secret: bytes, moment: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, moment.encode(errors="replace") + b"." + body, "sha256").hexdigest()


class SePay:
    """`sepay+https://BANK-BIN:secret@my.sepay.vn/userapi?account=…&holder=…&bank=…&token=…`; `auth=apikey` where its notices
    bear the secret as an API key instead of signing with it. Without a token the list is not asked for."""

    def __init__(self, party: Party) -> None:
        self.party = party
        if not party.choices.get("account"):
            raise ImproperlyConfigured("VIETQR_URL lacks account (docs/operating.md).")
        self.account, self.token = party.choices["account"], party.choices.get("token", "")

    def read(self, sent: Sent) -> Transfer | None:
        if not self._is_theirs(sent):
            raise Forged
        fields = sent.fields
        if fields.get("transferType") == "out" or str(fields.get("accountNumber", "")) != self.account:
            return None
        return _transfer(fields, fields.get("transferAmount"), fields.get("content"))

    def _is_theirs(self, sent: Sent) -> bool:
        if self.party.choices.get("auth") == "apikey":
            return same(sent.headers.get("Authorization", ""), f"Apikey {self.party.secret.decode()}")
        moment = sent.headers.get("X-SePay-Timestamp", "")
        if not moment.isascii() or not moment.isdecimal() or abs(time.time() - int(moment[:15])) > DRIFT:
            return False
        return same(sent.headers.get("X-SePay-Signature", ""), signature(self.party.secret, moment, sent.body))

    def since(self, moment: datetime) -> list[Transfer]:
        if not self.token:
            return []
        asked = {
            "account_number": self.account,
            "transaction_date_min": f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}",
            "limit": str(MOST),
        }
        rows = [row for row in self._list(asked) if str(row.get("account_number")) == self.account]
        if len(rows) >= MOST:
            log.error("more transfers than one list holds", alarm=True)
        transfers = []
        for row in rows:
            if digits(row.get("amount_in")) == 0:
                continue  # it went out
            try:
                transfers.append(_transfer(row, row.get("amount_in"), row.get("transaction_content")))
            except Forged:
                log.error("a row of the list that cannot be read", alarm=True)
        return transfers

    def _list(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        try:
            answer = requests.get(
                f"{self.party.url}/transactions/list",
                params=asked,
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            rows = answer.json()["transactions"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as wrong:
            raise Away(f"sepay: {type(wrong).__name__}") from wrong  # a token it does not know is answered with nothing
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Away("sepay: no answer as documented")
        return rows

    def answer(self, *, is_heard: bool) -> tuple[int, dict[str, Any]]:
        return (200, {"success": True}) if is_heard else (401, {"success": False})


def _transfer(fields: Mapping[str, Any], amount: Any, content: Any) -> Transfer:
    """In the list and in the notice the same transfer has the same number."""
    number, whole = str(fields.get("id", "")), digits(amount)
    if not number.isascii() or not number.isdecimal() or whole <= 0:
        raise Forged
    return Transfer(f"sepay {number[:40]}", whole, str(content or ""))
