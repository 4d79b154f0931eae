"""Ending, holding and restoring a serial: the row first, then list and answer at once (promise P4)."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.waking import Waker
from signing.authority.models import Issued

CESSATION, HOLD = 5, 6  # as revocation lists number them
waker = Waker("signing.authority.tasks.publish")


class Ended(Exception):
    """What was revoked stays revoked, and what is not on hold is not restored."""


def revoke(serial: Issued, reason: int = 0) -> None:
    """From the moment of the hold, if it was on hold: what was signed since then does not become good again."""
    revocable = Q(revoked_at=None) | Q(reason=HOLD)
    _write(serial, revocable, revoked_at=Coalesce("revoked_at", timezone.now()), reason=reason)


def hold(serial: Issued) -> None:
    _write(serial, Q(revoked_at=None), revoked_at=timezone.now(), reason=HOLD)


def restore(serial: Issued) -> None:
    _write(serial, Q(reason=HOLD), revoked_at=None, reason=0)


def _write(serial: Issued, allowed: Q, **changes: Any) -> None:
    """By one conditional update. An answer that was signed ahead says what was; it goes with the change."""
    row = Issued.objects.filter(allowed, pk=serial.pk)
    if row.update(answer=None, answer_until=None, **changes) != 1:
        raise Ended(serial.serial)
    serial.refresh_from_db(fields=["revoked_at", "reason", "answer", "answer_until"])
    transaction.on_commit(waker.wake, robust=True)
