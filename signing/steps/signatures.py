"""Signatures that last: status asked before, timestamp, evidence of both, and a timestamp over all of it (B-LTA)."""

import hashlib
from datetime import datetime
from functools import partial
from io import BytesIO

from django.utils import timezone

from portal import sealing
from portal.models import DataKey, SealedFile
from signing.authority import lists, ocsp, turning
from signing.authority.cms import Signer
from signing.authority.gateways.vault import KeyPair, vault
from signing.authority.models import Authority, algorithm
from signing.authority.remembered import remembered
from signing.authority.timestamps import signer_of, stamp
from signing.models import Certificate
from signing.papers import pades
from signing.papers.pades import Evidence
from signing.printing import SEAL_NAME
from signing.steps.standing import serial_of

Role = Authority.Role


def stamper() -> pades.Stamp:
    return partial(stamp, signer=signer_of(Role.TIMESTAMP))


def evidence(certificates: list[Certificate]) -> Evidence:
    """Of the provider and of these customers; gathered before signing, as the law wants the status looked at (Circular
    15/2025), so that it was current at the moment of the signature. An answer, not the list: a paper stays as small as it
    is however many others were revoked."""
    return joined(of_provider(), *map(of_customer, certificates))


def joined(*parts: Evidence) -> Evidence:
    """Each thing once."""
    return Evidence(
        tuple(dict.fromkeys(entry for part in parts for entry in part.certificates)),
        tuple(dict.fromkeys(entry for part in parts for entry in part.lists)),
        tuple(dict.fromkeys(entry for part in parts for entry in part.answers)),
    )


def of_provider() -> Evidence:
    """About the seal and the timestamp: the same for every paper."""
    return remembered("evidence of the provider", _of_provider)


def _of_provider() -> tuple[Evidence, datetime]:
    seal, stamps, now = Authority.now(Role.ORGANISATION), Authority.now(Role.TIMESTAMP), timezone.now()
    assert seal.issuer
    evidence = joined(about(seal.issuer, seal.serial), Evidence((*seal.chain, *stamps.chain), lists_above(stamps)))
    return evidence, now + ocsp.LASTS


def of_customer(certificate: Certificate) -> Evidence:
    serial = serial_of(certificate)
    if serial.issuer.role == Role.OUTSIDE:  # whether its certificate is good only it may say
        return Evidence(tuple(serial.issuer.chain))
    return about(serial.issuer, serial.serial)


def about(issuer: Authority, serial: str) -> Evidence:
    """The responder's answer, and what it takes to believe it."""
    responder, number = turning.responder_for(issuer), int(serial, 16)
    named, status = ocsp.certificate_id("sha1", issuer, number), ocsp.status_of(issuer, number)
    answer = ocsp.answered(responder, named, status, timezone.now().replace(microsecond=0))
    return Evidence((bytes(responder.certificate or b""), *issuer.chain), lists_above(issuer), (answer,))


def lists_above(authority: Authority) -> tuple[bytes, ...]:
    """Of the root, which answers no questions."""
    newest = authority.issuer and lists.newest(authority.issuer)
    return (bytes(newest.der),) if newest else ()


def by_provider(pdf: bytes, *, leaves: int | None = None) -> bytes:
    """The organisation's seal; as the first signature of a paper it says what it leaves room for."""
    return pades.sign(pdf, signer_of(Role.ORGANISATION), SEAL_NAME, stamp=stamper(), leaves=leaves)


def by_customer(pdf: bytes, certificate: bytes, above: Authority, pair: KeyPair, name: str) -> bytes:
    chain = (certificate, *above.chain[:-1])
    signer = Signer(chain, algorithm(pair.kind), partial(vault().sign, pair))
    return pades.sign(pdf, signer, name, stamp=stamper(), leaves=1)  # for the provider's beside it


def stamping() -> Authority:
    """Whose key stamps now; asked before the stamp is made, for an older one is looked at again the sooner."""
    return remembered("authority that stamps", _stamping)


def _stamping() -> tuple[Authority, datetime]:
    key = Authority.now(Role.TIMESTAMP)
    assert key.not_after
    return key, key.not_after


def lasting(pdf: bytes, evidence: Evidence) -> bytes:
    return pades.timestamp(pdf, stamper(), evidence)


# ── At rest ──


def keep(pdf: bytes, data_key: DataKey) -> tuple[SealedFile, str]:
    """Sealed, and the hash by which it is known again."""
    return SealedFile.store(BytesIO(pdf), "application/pdf", data_key), hashlib.sha256(pdf).hexdigest()


def bytes_of(file: SealedFile | None) -> bytes | None:
    """None where it cannot be opened as what was kept."""
    try:
        return file.read() if file else None
    except (OSError, sealing.Broken, sealing.Erased):
        return None


def is_whole(file: SealedFile | None, digest: str) -> bool:
    """Whether the file that lies there is the one that was kept."""
    content = bytes_of(file)
    return content is not None and hashlib.sha256(content).hexdigest() == digest
