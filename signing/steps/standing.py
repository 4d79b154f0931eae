"""Ending, pausing and restoring a certificate: the row first, then list and answer at once (promise P4)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.waking import Waker
from signing.models import Certificate

State = Certificate.State
HOLD = 6  # as revocation lists number it
REVOCABLE = [state for state, targets in Certificate.MOVES.items() if State.REVOKED in targets]
waker = Waker("signing.tasks.publish")


@transaction.atomic
def revoke(certificate: Certificate, reason: int = 0, now: datetime | None = None) -> None:
    """From the moment of the hold, if it was on hold: what was signed since then does not become good again."""
    moment = certificate.revoked_at or now or timezone.now()
    certificate.move(State.REVOKED, revoked_at=moment, reason=reason, answer=None, answer_until=None)
    audit.record("certificate revoked", certificate, reason=reason)
    transaction.on_commit(waker.wake, robust=True)


@transaction.atomic
def suspend(certificate: Certificate) -> None:
    now = timezone.now()
    certificate.move(State.SUSPENDED, revoked_at=now, reason=HOLD, answer=None, answer_until=None)
    audit.record("certificate suspended", certificate)
    transaction.on_commit(waker.wake, robust=True)


@transaction.atomic
def restore(certificate: Certificate) -> None:
    """Only what was suspended; what was revoked stays so."""
    if certificate.state == State.SUSPENDED:
        certificate.move(State.ACTIVE, revoked_at=None, reason=0, answer=None, answer_until=None)
        audit.record("certificate restored", certificate)
        transaction.on_commit(waker.wake, robust=True)


def expire() -> None:
    """What has run out says so; lists and answers need nothing for that."""
    over = Certificate.issued().filter(not_after__lte=timezone.now())
    over.exclude(state__in=(State.EXPIRED, State.REVOKED)).update(state=State.EXPIRED)
