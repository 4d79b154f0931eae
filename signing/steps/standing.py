"""Ending, pausing and restoring a certificate: its state, and in the same transaction its serial in the register."""

from django.db import transaction
from django.utils import timezone

from portal import audit
from signing.authority import revocation
from signing.authority.models import Issued
from signing.models import Certificate

State = Certificate.State
REVOCABLE = [state for state, targets in Certificate.MOVES.items() if State.REVOKED in targets]


def serial_of(certificate: Certificate) -> Issued:
    assert certificate.register
    return certificate.register


@transaction.atomic
def revoke(certificate: Certificate, reason: int = 0) -> None:
    certificate.move(State.REVOKED)
    revocation.revoke(serial_of(certificate), reason)
    audit.record("certificate revoked", certificate, reason=reason)


@transaction.atomic
def suspend(certificate: Certificate) -> None:
    certificate.move(State.SUSPENDED)
    revocation.hold(serial_of(certificate))
    audit.record("certificate suspended", certificate)


@transaction.atomic
def restore(certificate: Certificate) -> None:
    """Only what was suspended; what was revoked stays so."""
    if certificate.state == State.SUSPENDED:
        certificate.move(State.ACTIVE)
        revocation.restore(serial_of(certificate))
        audit.record("certificate restored", certificate)


def expire() -> None:
    """What has run out says so; lists and answers need nothing for that."""
    over = Certificate.objects.filter(register__in=Issued.stored().filter(not_after__lte=timezone.now()))
    over.exclude(state__in=(State.EXPIRED, State.REVOKED)).update(state=State.EXPIRED)
