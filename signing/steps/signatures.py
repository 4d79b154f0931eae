"""Signatures that last: status asked before, timestamp, evidence of both, and a timestamp over all of it (B-LTA)."""

import hashlib
from functools import partial
from io import BytesIO

from django.utils import timezone

from portal import sealing
from portal.models import DataKey, SealedFile
from signing.authority import lists, ocsp, turning
from signing.authority.cms import Signer
from signing.authority.gateways.vault import KeyPair, vault
from signing.authority.models import Authority, algorithm
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
    now = timezone.now().replace(microsecond=0)
    ours = Authority.now(Role.ORGANISATION)
    chains, revoked, answers = list[bytes](), list[bytes](), list[bytes]()
    serials = [(ours.issuer, ours.serial), *((row.issuer, row.serial) for row in map(serial_of, certificates))]
    for issuer, serial in serials:
        assert issuer
        if issuer.role == Role.OUTSIDE:  # whether its certificate is good only it may say
            chains += issuer.chain
            continue
        responder, number = turning.responder_for(issuer), int(serial, 16)
        named, status = ocsp.certificate_id("sha1", issuer, number), ocsp.status_of(issuer, number)
        answers.append(ocsp.answered(responder, named, status, now))
        chains += [bytes(responder.certificate or b""), *issuer.chain]
        if issuer.issuer and (newest := lists.newest(issuer.issuer)):  # a root answers no questions
            revoked.append(bytes(newest.der))
    chains += [*ours.chain, *Authority.now(Role.TIMESTAMP).chain]
    return Evidence(tuple(dict.fromkeys(chains)), tuple(dict.fromkeys(revoked)), tuple(answers))


def by_provider(pdf: bytes, *, leaves: int | None = None) -> bytes:
    """The organisation's seal; as the first signature of a paper it says what it leaves room for."""
    return pades.sign(pdf, signer_of(Role.ORGANISATION), SEAL_NAME, stamp=stamper(), leaves=leaves)


def by_customer(pdf: bytes, certificate: bytes, above: Authority, pair: KeyPair, name: str) -> bytes:
    chain = (certificate, *above.chain[:-1])
    signer = Signer(chain, algorithm(pair.kind), partial(vault().sign, pair))
    return pades.sign(pdf, signer, name, stamp=stamper(), leaves=1)  # for the provider's beside it


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
