"""OCSP: what the world may ask about a serial, answered ahead where it can be, signed by the issuer's own responder."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import DuplicateExtension, ocsp
from django.db.models import F, Q
from django.utils import timezone

from portal import jobs
from signing.authority import der, profile
from signing.authority.gateways.vault import sign_as_provider
from signing.authority.models import Authority, Issued
from signing.authority.turning import responder_for

LASTS, EVERY = timedelta(hours=12), timedelta(hours=6)
BATCH = 500
ANSWER_TYPE, NONCE = "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2"
MALFORMED, TRY_LATER, UNAUTHORIZED = 1, 3, 6
GOOD, UNKNOWN = b"\x80\x00", b"\x82\x00"


def certificate_id(algorithm: str, issuer: Authority, serial: int) -> bytes:
    """How a request names a certificate; nearly all say SHA-1, which names and secures nothing here."""
    name = hashlib.new(algorithm)
    name.update(profile.read(bytes(issuer.certificate or b"")).subject.public_bytes())
    key = hashlib.new(algorithm)
    key.update(profile.key_bits(bytes(issuer.public)))
    dotted = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}[algorithm]
    return der.sequence(
        der.algorithm(dotted, parameters=True),
        der.octets(name.digest()),
        der.octets(key.digest()),
        der.integer(serial),
    )


def status_of(issuer: Authority, serial: int) -> bytes:
    """Good is what we issued and did not revoke, also the provider's own; what we never issued is unknown, but told as
    revoked where it was given up, for it may have been signed."""
    known = Issued.objects.filter(issuer=issuer, serial=f"{serial:x}").exclude(issued_at=None, revoked_at=None)
    if row := known.values_list("revoked_at", "reason").first():
        return status(*row)
    ours = Authority.objects.filter(issuer=issuer, serial=f"{serial:x}").exists()
    return GOOD if ours else UNKNOWN


def status(when: datetime | None, why: int) -> bytes:
    if when is None:
        return GOOD
    reason = [der.explicit(0, der.enumerated(why))] if why else []
    return der.implicit(1, der.sequence(der.generalized(when), *reason))


def answered(responder: Authority, named: bytes, status: bytes, now: datetime, nonce: bytes | None = None) -> bytes:
    """A signed answer about one certificate."""
    until = der.explicit(0, der.generalized(now + LASTS))
    single = der.sequence(named, status, der.generalized(now), until)
    extra = [] if nonce is None else [der.explicit(1, der.sequence(profile.extension(NONCE, der.octets(nonce))))]
    who = der.explicit(2, der.octets(profile.key_id(bytes(responder.public))))
    body = der.sequence(who, der.generalized(now), der.sequence(single), *extra)
    signature = sign_as_provider(responder, body)
    basic = der.sequence(
        body,
        der.SIGNED_BY[responder.algorithm],
        der.bits(signature),
        der.explicit(0, der.sequence(bytes(responder.certificate or b""))),
    )
    return der.sequence(der.enumerated(0), der.explicit(0, der.sequence(der.oid(ANSWER_TYPE), der.octets(basic))))


def failed(status: int) -> bytes:
    return der.sequence(der.enumerated(status))


@dataclass(frozen=True)
class Question:
    """About one certificate: how its issuer is named, its serial, and a nonce if the answer shall be fresh."""

    algorithm: str
    issuer_name: bytes
    issuer_key: bytes
    serial: int
    nonce: bytes | None


def parsed(request: bytes) -> Question | None:
    """Nothing, if it is no request for one certificate."""
    try:
        read = ocsp.load_der_ocsp_request(request)
        algorithm = {hashes.SHA1: "sha1", hashes.SHA256: "sha256"}[type(read.hash_algorithm)]
        extension = next((each.value for each in read.extensions if each.oid.dotted_string == NONCE), None)
        nonce: bytes | None = getattr(extension, "nonce", None)
    except (ValueError, TypeError, KeyError, NotImplementedError, UnsupportedAlgorithm, DuplicateExtension):
        return None
    if read.serial_number < 0:
        return None
    if nonce is not None and not 1 <= len(nonce) <= 128:
        return None
    return Question(algorithm, read.issuer_name_hash, read.issuer_key_hash, read.serial_number, nonce)


def about(request: bytes) -> tuple[Authority, Question] | int:
    """What is asked about, or the status that says why there is no answer."""
    question = parsed(request)
    if question is None:
        return MALFORMED
    for issuer in Authority.objects.filter(role=Authority.Role.ISSUING, not_after__gt=timezone.now()):
        named = der.elements(der.inner(certificate_id(question.algorithm, issuer, question.serial)))
        if (der.inner(named[1]), der.inner(named[2])) == (question.issuer_name, question.issuer_key):
            return issuer, question
    return UNAUTHORIZED


def signed_ahead(request: bytes) -> bytes | None:
    """The answer that lies ready, where the question has no nonce and names the certificate as nearly all do."""
    subject = about(request)
    if isinstance(subject, int):
        return failed(subject)
    issuer, question = subject
    if question.nonce is not None or question.algorithm != "sha1":
        return None
    row = Issued.stored().filter(issuer=issuer, serial=f"{question.serial:x}", answer_until__gt=timezone.now())
    ready = row.values_list("answer", flat=True).first()
    return bytes(ready) if ready else None


def answer(request: bytes) -> bytes:
    """Signed for this question; only the signer can."""
    subject = about(request)
    if isinstance(subject, int):
        return failed(subject)
    issuer, question = subject
    named = certificate_id(question.algorithm, issuer, question.serial)
    state = status_of(issuer, question.serial)
    return answered(responder_for(issuer), named, state, timezone.now(), question.nonce)


def sign_answers() -> int:
    """Ahead of the questions: for whatever has none yet, or one that ends within six hours."""
    now = timezone.now()
    due = (
        Issued.stored()
        .filter(not_after__gt=now, outside=False)
        .filter(Q(answer_until=None) | Q(answer_until__lt=now + LASTS - EVERY))
    )
    rows = list(due.select_related("issuer").order_by(F("answer_until").asc(nulls_first=True))[:BATCH])
    jobs.each(rows, partial(sign_answer, now=now))
    return len(rows)


def sign_answer(row: Issued, now: datetime) -> None:
    """Kept only if nothing was revoked meanwhile."""
    named = certificate_id("sha1", row.issuer, int(row.serial, 16))
    ready = answered(responder_for(row.issuer), named, status(row.revoked_at, row.reason), now)
    same = Issued.objects.filter(pk=row.pk, revoked_at=row.revoked_at, reason=row.reason)
    same.update(answer=ready, answer_until=now + LASTS)
