"""Ending, pausing and restoring a certificate: its state, and in the same transaction its serial in the register."""

from django.db import transaction
from django.utils import timezone

from portal import audit
from signing.authority import revocation
from signing.authority.models import Issued, Reason
from signing.models import Certificate, Key, out_of_state

State = Certificate.State
REVOCABLE = [state for state, targets in Certificate.MOVES.items() if State.REVOKED in targets]


def serial_of(certificate: Certificate) -> Issued:
    assert certificate.register
    return certificate.register


@transaction.atomic
def revoke(certificate: Certificate, reason: int = Reason.UNSPECIFIED) -> None:
    """For good: so nobody shall sign with its key any more, and the key goes with it."""
    certificate.move(State.REVOKED)
    revocation.revoke(serial_of(certificate), reason)
    destroyed = destroy_key(certificate)
    audit.record("certificate revoked", certificate, reason=reason, key="destroyed" if destroyed else "kept")


def destroy_key(certificate: Certificate) -> bool:
    """Unless another certificate of the same person still lives by it."""
    living = Certificate.objects.exclude(state__in=(State.REVOKED, State.EXPIRED)).exclude(key=None)
    key = Key.objects.filter(certificates=certificate).exclude(pk__in=living.values("key"))
    return bool(key.update(custody=None, wrapped=None, passkey=None))


@transaction.atomic
def suspend(certificate: Certificate) -> None:
    certificate.move(State.SUSPENDED)
    revocation.hold(serial_of(certificate))
    audit.record("certificate suspended", certificate)


@transaction.atomic
def restore(certificate: Certificate) -> None:
    """Only what was suspended; what was revoked stays so."""
    certificate.refresh_from_db(fields=["state"])
    if certificate.state != State.SUSPENDED:
        raise out_of_state()
    certificate.move(State.ACTIVE)
    revocation.restore(serial_of(certificate))
    audit.record("certificate restored", certificate)


def expire() -> None:
    """What has run out says so; lists and answers need nothing for that."""
    over = Certificate.objects.filter(register__in=Issued.stored().filter(not_after__lte=timezone.now()))
    over.exclude(state__in=(State.EXPIRED, State.REVOKED)).update(state=State.EXPIRED)
