"""Ending, holding and restoring a serial: the row first, then list and answer at once (promise P4)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal.waking import Waker
from signing.authority.models import Issued

CESSATION, HOLD = 5, 6  # as revocation lists number them
waker = Waker("signing.authority.tasks.publish")


def revoke(serial: Issued, reason: int = 0) -> None:
    """From the moment of the hold, if it was on hold: what was signed since then does not become good again."""
    serial.refresh_from_db(fields=["revoked_at"])
    _write(serial, serial.revoked_at or timezone.now(), reason)


def hold(serial: Issued) -> None:
    _write(serial, timezone.now(), HOLD)


def restore(serial: Issued) -> None:
    """Only what was on hold; whoever calls has made sure of it."""
    _write(serial, None, 0)


def _write(serial: Issued, revoked_at: datetime | None, reason: int) -> None:
    """An answer that was signed ahead says what was; it goes with the change."""
    serial.revoked_at, serial.reason, serial.answer, serial.answer_until = revoked_at, reason, None, None
    serial.save(update_fields=["revoked_at", "reason", "answer", "answer_until"])
    transaction.on_commit(waker.wake, robust=True)
