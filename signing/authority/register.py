"""The register of serials: an intent is written before anything is signed, and what came of it afterwards (promise P1)."""

import hashlib
from datetime import datetime

from cryptography import x509

from signing.authority import revocation
from signing.authority.gateways import ca
from signing.authority.models import Authority, Issued, Reason


def intend(issuer: Authority, serial: int, not_before: datetime, not_after: datetime) -> Issued:
    return Issued.objects.create(
        issuer=issuer,
        serial=f"{serial:x}",
        shard=issuer.as_issuer.shard_of(serial),
        not_before=not_before,
        not_after=not_after,
    )


def store(row: Issued, signed: bytes, certificate: x509.Certificate, maker: ca.CA, now: datetime) -> bool:
    """As it was signed; whether this was the first to say so. A serial that was given up meanwhile stays given up."""
    intent = Issued.objects.filter(pk=row.pk, issued_at=None, revoked_at=None)
    return bool(
        intent.update(
            # An authority outside chose its own serial, and its clock is its own.
            serial=f"{certificate.serial_number:x}",
            issuer=maker.issuer(row.issuer),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            fingerprint=hashlib.sha256(signed).hexdigest(),
            outside=maker.outside,
            issued_at=now,
        )
    )


def give_up(row: Issued) -> None:
    """Its certificate was never stored, but may have been signed."""
    revocation.revoke(row, Reason.CESSATION)
