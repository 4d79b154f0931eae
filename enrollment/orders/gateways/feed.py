"""Who tells of transfers to our account, behind one port; and a bank that tells them to us directly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enrollment.orders.gateways.port import Forged, Party, Sent, digest, digits, same


@dataclass(frozen=True)
class Transfer:
    """Money that came in, and what its sender wrote."""

    id: str  # the feed's own: the same transfer counts once, whoever tells of it and however often
    amount: int
    content: str


class Feed(Protocol):
    def read(self, sent: Sent) -> Transfer | None:
        """None for what is no money of ours: gone out, or to another account. Raises Forged."""

    def since(self, moment: datetime) -> list[Transfer]:
        """All that came in since then, where the feed keeps a list. May raise Away."""

    def answer(self, *, is_heard: bool) -> tuple[int, dict[str, Any]]: ...


FEED = ["amount", "content", "time", "transaction"]


def feed_text(fields: Mapping[str, Any]) -> str:
    return "&".join(f"{name}={fields.get(name, '')}" for name in FEED)


class OwnFeed:
    """No bank's own feed is a public standard: ours is a JSON object with `transaction`, `amount`, `content`, `time` and an
    HMAC-SHA256 `signature` over them."""

    def __init__(self, party: Party) -> None:
        self.party = party

    def read(self, sent: Sent) -> Transfer | None:
        fields = sent.fields
        if not same(str(fields.get("signature", "")).lower(), digest("sha256", self.party.secret, feed_text(fields))):
            raise Forged
        amount, transaction = digits(fields.get("amount", "")), str(fields.get("transaction", ""))[:60]
        if amount <= 0 or not transaction:
            raise Forged
        return Transfer(transaction, amount, str(fields.get("content", "")))

    def since(self, moment: datetime) -> list[Transfer]:
        return []

    def answer(self, *, is_heard: bool) -> tuple[int, dict[str, Any]]:
        return (200, {"status": "noted"}) if is_heard else (400, {"status": "signature"})
