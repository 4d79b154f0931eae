"""What the world may ask about our certificates: revocation lists and OCSP answers, signed by the issuer's own hand."""

import hashlib
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import DuplicateExtension, ocsp
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from signing.authority import der, profile
from signing.gateways.vault import sign_as_provider
from signing.models import Authority, Certificate, RevocationList, Withdrawn
from signing.steps.founding import issuer_of, list_body

LIST_LASTS, LIST_EVERY = timedelta(hours=24), timedelta(hours=1)
ANSWER_LASTS, ANSWER_EVERY = timedelta(hours=12), timedelta(hours=6)
BATCH = 500
ANSWER_TYPE, NONCE = "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2"
MALFORMED, TRY_LATER, UNAUTHORIZED = 1, 3, 6
CESSATION = 5
GOOD, UNKNOWN = b"\x80\x00", b"\x82\x00"


# ── Lists ──


def publish_lists() -> None:
    """On a schedule, and at once when something was revoked since the last."""
    now = timezone.now()
    ours = Authority.objects.filter(role=Authority.Role.ISSUING, not_after__gt=now).exclude(wrapped=None)
    for issuer in ours:
        last = current_list(issuer)
        if last is None or last.made_at < now - LIST_EVERY or last.told != hash_of(entries(issuer)):
            publish_list(issuer)


Entry = tuple[int, datetime, int]


def entries(issuer: Authority) -> list[Entry]:
    """What is revoked or on hold now. A list is compared with this, not with a clock: a revocation that was under way
    while a list was made is missed by no later one."""
    rows = Certificate.objects.filter(issuer=issuer).exclude(revoked_at=None)
    told = [*rows.values_list("serial", "revoked_at", "reason")]
    told += [(one.serial, one.at, CESSATION) for one in Withdrawn.objects.filter(issuer=issuer)]
    return sorted((int(serial, 16), when, why) for serial, when, why in told if serial and when)


def hash_of(told: list[Entry]) -> str:
    return hashlib.sha256(repr([(serial, when.isoformat(), why) for serial, when, why in told]).encode()).hexdigest()


@transaction.atomic
def publish_list(issuer: Authority) -> RevocationList:
    """One after another, so that a later number never knows less."""
    Authority.objects.select_for_update().get(pk=issuer.pk)
    now, last, revoked = timezone.now(), current_list(issuer), entries(issuer)
    number = last.number + 1 if last else 1
    body = list_body(issuer_of(issuer), issuer.algorithm, number, now, now + LIST_LASTS, revoked)
    signed = der.signed(body, issuer.algorithm, sign_as_provider(issuer.wrapped, body))
    issuer.lists.filter(made_at__lt=now - 30 * LIST_LASTS).delete()
    return RevocationList.objects.create(
        issuer=issuer, number=number, der=signed, told=hash_of(revoked), made_at=now, next_update=now + LIST_LASTS
    )


# ── Answers ──


def certificate_id(algorithm: str, issuer: Authority, serial: int) -> bytes:
    """How a request names a certificate; nearly all say SHA-1, which names and secures nothing here."""
    found = hashlib.new(algorithm)
    found.update(profile.read(bytes(issuer.certificate or b"")).subject.public_bytes())
    key = hashlib.new(algorithm)
    key.update(profile.key_bits(bytes(issuer.public)))
    dotted = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}[algorithm]
    return der.sequence(
        der.algorithm(dotted, parameters=True),
        der.octets(found.digest()),
        der.octets(key.digest()),
        der.integer(serial),
    )


def status_of(issuer: Authority, serial: int) -> bytes:
    """Good is what we issued and did not revoke, also the provider's own; what we never issued is unknown."""
    row = Certificate.issued().filter(issuer=issuer, serial=f"{serial:x}").values_list("revoked_at", "reason").first()
    if row is None:
        given_up = Withdrawn.objects.filter(issuer=issuer, serial=f"{serial:x}").values_list("at", "pk").first()
        row = (given_up[0], CESSATION) if given_up else None
    if row is None:
        ours = Authority.objects.filter(issuer=issuer, serial=f"{serial:x}").exists()
        return GOOD if ours else UNKNOWN
    return status(*row)


def status(when: datetime | None, why: int) -> bytes:
    if when is None:
        return GOOD
    reason = [der.explicit(0, der.enumerated(why))] if why else []
    return der.implicit(1, der.sequence(der.generalized(when), *reason))


def answered(responder: Authority, named: bytes, status: bytes, now: datetime, nonce: bytes | None = None) -> bytes:
    """A signed answer about one certificate."""
    until = der.explicit(0, der.generalized(now + ANSWER_LASTS))
    told = der.sequence(named, status, der.generalized(now), until)
    extra = [] if nonce is None else [der.explicit(1, der.sequence(profile.extension(NONCE, der.octets(nonce))))]
    who = der.explicit(2, der.octets(profile.key_id(bytes(responder.public))))
    body = der.sequence(who, der.generalized(now), der.sequence(told), *extra)
    signature = sign_as_provider(responder.wrapped, body)
    basic = der.sequence(
        body,
        der.SIGNED_BY[responder.algorithm],
        der.bits(signature),
        der.explicit(0, der.sequence(bytes(responder.certificate or b""))),
    )
    return der.sequence(der.enumerated(0), der.explicit(0, der.sequence(der.oid(ANSWER_TYPE), der.octets(basic))))


def failed(status: int) -> bytes:
    return der.sequence(der.enumerated(status))


def responder_for(issuer: Authority) -> Authority:
    """After a roll-over the old issuer's questions are answered by its own last responder."""
    found = Authority.objects.filter(role=Authority.Role.RESPONDER, issuer=issuer, not_after__gt=timezone.now())
    return found.order_by("-pk")[0]


def asked(request: bytes) -> tuple[str, bytes, bytes, int, bytes | None] | None:
    """Hash, issuer's name and key by it, serial, nonce; or nothing, if it is no request for one certificate."""
    try:
        found = ocsp.load_der_ocsp_request(request)
        algorithm = {hashes.SHA1: "sha1", hashes.SHA256: "sha256"}[type(found.hash_algorithm)]
        nonce = next((one.value for one in found.extensions if one.oid.dotted_string == NONCE), None)
        nonce_bytes: bytes | None = getattr(nonce, "nonce", None)
    except (ValueError, TypeError, KeyError, NotImplementedError, UnsupportedAlgorithm, DuplicateExtension):
        return None
    if found.serial_number < 0:
        return None
    if nonce_bytes is not None and not 1 <= len(nonce_bytes) <= 128:
        return None
    return algorithm, found.issuer_name_hash, found.issuer_key_hash, found.serial_number, nonce_bytes


def about(request: bytes) -> tuple[Authority, str, int, bytes | None] | int:
    """What is asked about, or the status that says why there is no answer."""
    told = asked(request)
    if told is None:
        return MALFORMED
    algorithm, name_hash, key_hash, serial, nonce = told
    for issuer in Authority.objects.filter(role=Authority.Role.ISSUING):
        named = der.elements(der.inner(certificate_id(algorithm, issuer, serial)))
        if (der.inner(named[1]), der.inner(named[2])) == (name_hash, key_hash):
            return issuer, algorithm, serial, nonce
    return UNAUTHORIZED


def signed_ahead(request: bytes) -> bytes | None:
    """The answer that lies ready, where the question has no nonce and names the certificate as nearly all do."""
    found = about(request)
    if isinstance(found, int):
        return failed(found)
    issuer, algorithm, serial, nonce = found
    if nonce is not None or algorithm != "sha1":
        return None
    row = Certificate.issued().filter(issuer=issuer, serial=f"{serial:x}", answer_until__gt=timezone.now())
    ready = row.values_list("answer", flat=True).first()
    return bytes(ready) if ready else None


def answer(request: bytes) -> bytes:
    """Signed for this question; only the signer can."""
    found = about(request)
    if isinstance(found, int):
        return failed(found)
    issuer, algorithm, serial, nonce = found
    named = certificate_id(algorithm, issuer, serial)
    return answered(responder_for(issuer), named, status_of(issuer, serial), timezone.now(), nonce)


def sign_answers() -> int:
    """Ahead of the questions: for whatever has none yet, or one that ends within six hours."""
    now = timezone.now()
    due = (
        Certificate.issued()
        .filter(not_after__gt=now, outside=False)
        .filter(Q(answer_until=None) | Q(answer_until__lt=now + ANSWER_LASTS - ANSWER_EVERY))
    )
    rows = list(due.select_related("issuer").order_by(F("answer_until").asc(nulls_first=True))[:BATCH])
    for one in rows:
        sign_answer(one, now)
    return len(rows)


def sign_answer(certificate: Certificate, now: datetime) -> bytes:
    """Kept only if nothing was revoked meanwhile."""
    issuer = certificate.issuer
    assert issuer
    serial = int(certificate.serial or "0", 16)
    state = status(certificate.revoked_at, certificate.reason)
    told = answered(responder_for(issuer), certificate_id("sha1", issuer, serial), state, now)
    same = Certificate.objects.filter(pk=certificate.pk, revoked_at=certificate.revoked_at, reason=certificate.reason)
    same.update(answer=told, answer_until=now + ANSWER_LASTS)
    return told


def current_list(issuer: Authority) -> RevocationList | None:
    return issuer.lists.order_by("-number").first()
