"""The provider's own keys: an offline root, what it signs, and turning each of them before it ends.

The root's key is a file in a folder of its own, to be put away after the ceremony; it signs issuing authorities and the
timestamp, whose word must outlive theirs. On one machine the signer holds the ceremony itself when it starts first."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import audit
from signing.authority import der, exchange, lists, profile
from signing.authority.gateways.vault import RSA_BITS, KeyPair, sign_as_provider, sign_with, vault
from signing.authority.models import Authority, RevocationList

log = structlog.get_logger(__name__)
Role = Authority.Role
YEAR = timedelta(days=365)
# How long each lives, and how long before its end the next one takes over. The national root lives 25 years. SmartCA's
# issuing authority lived 5; ours 10, for readers forgive a signer who has run out since, but not the authority above. A
# timestamp must be believed longer than what it stamps.
LIVES: dict[str, timedelta] = {
    Role.ROOT: 25 * YEAR,
    Role.ISSUING: 10 * YEAR,
    Role.TIMESTAMP: 15 * YEAR,
    Role.ORGANISATION: 3 * YEAR,
    Role.RESPONDER: YEAR / 4,
}
TURNS: dict[str, timedelta] = {Role.ORGANISATION: YEAR / 4, Role.RESPONDER: YEAR / 12}
NAMES: dict[str, str] = {
    Role.ROOT: "VNPT SmartCA DEMO Root - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ",
    Role.ISSUING: "VNPT SmartCA RS DEMO - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ",
    Role.TIMESTAMP: "VNPT SmartCA TSA DEMO - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ",
    Role.ORGANISATION: "VNPT SmartCA DEMO",
    Role.RESPONDER: "VNPT SmartCA OCSP DEMO",
}
LONGEST_TERM = 3 * YEAR  # of what is sold: whoever buys it must not get less because its issuer ends
COMPANY = "VNPT SMARTCA DEMO"
LIST_LASTS = 12 * YEAR
SHARDS = 64  # of an issuing authority's list: with 50,000 revoked each has 800 entries, 30 kB
KINDS: dict[str, str] = {Role.ROOT: "rsa-4096"}  # the others RSA-2048, as SmartCA's


def was_held() -> bool:
    return Authority.objects.filter(role=Role.EXCHANGE, live=True).exists()


def hold() -> None:
    """What is missing, from the root down; running twice, or at once with itself, makes nothing twice."""
    if was_held():
        return
    establish_vault()
    folder, now = settings.ROOT_FOLDER, timezone.now().replace(microsecond=0)
    root = Authority.objects.filter(role=Role.ROOT, live=True).first() or make_root(folder, now)
    turn_issuing(root, folder)
    exchange.make()
    log.info("ceremony held", root=root.fingerprint)


def make_root(folder: Path, now: datetime) -> Authority:
    """Its private key goes to the folder, not to the database."""
    pair = new_root_key()
    serial, kind = profile.new_serial(), "rsa"
    subject = profile.name((profile.COUNTRY, "VN"), (profile.ORGANISATION, COMPANY), (profile.NAME, NAMES[Role.ROOT]))
    body = profile.provider(Role.ROOT, subject, pair.public, None, kind, serial, now, now + LIVES[Role.ROOT])
    certificate = der.signed(body, kind, root_signature(pair.wrapped, body))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with transaction.atomic():
        root = keep(Role.ROOT, NAMES[Role.ROOT], replace(pair, wrapped=b""), certificate, None)
        file = root_file(root, folder)
        file.touch(mode=0o600)
        file.write_bytes(pair.wrapped)
    return root


def new_root_key() -> KeyPair:
    """In the clear: it is made for a folder that is put away."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[KINDS[Role.ROOT]])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(Role.ROOT, KINDS[Role.ROOT], profile.public_of(key), private)


def root_file(root: Authority, folder: Path) -> Path:
    return folder / f"root-{root.serial}.key"


def root_signature(pem: bytes, body: bytes) -> bytes:
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    return sign_with(key, body)


def turn_issuing(root: Authority, folder: Path) -> Authority:
    """A new issuing authority takes over; what the old one signed stays valid, and it goes on answering for it."""
    pem, now = root_file(root, folder).read_bytes(), timezone.now().replace(microsecond=0)
    pairs: dict[str, tuple[KeyPair, bytes]] = {}
    for role in (Role.ISSUING, Role.TIMESTAMP):
        pair = vault().make(role, "rsa-2048")
        ends = min(now + LIVES[role], root.not_after or now)
        body = profile.provider(
            role, subject_of(role), pair.public, root.as_issuer, "rsa", profile.new_serial(), now, ends
        )
        pairs[role] = pair, der.signed(body, "rsa", root_signature(pem, body))
    with transaction.atomic():
        Authority.objects.filter(role__in=(Role.ISSUING, Role.TIMESTAMP), live=True).update(live=False)
        issuing = keep(Role.ISSUING, NAMES[Role.ISSUING], *pairs[Role.ISSUING], root)
        keep(Role.TIMESTAMP, NAMES[Role.TIMESTAMP], *pairs[Role.TIMESTAMP], root)
        root_list(root, pem, now)
        for role in (Role.ORGANISATION, Role.RESPONDER):
            turn(role, issuing, now)
        audit.record("authority made", issuing, fingerprint=issuing.fingerprint[:16])
    return issuing


def turn(role: str, issuing: Authority, now: datetime) -> Authority:
    """One that an issuing authority signs by itself; for one that has been taken over from, beside the live one."""
    pair = vault().make(role, "rsa-2048")
    ends = min(now + LIVES[role], issuing.not_after or now)
    body = profile.provider(
        role, subject_of(role), pair.public, issuing.as_issuer, issuing.algorithm, profile.new_serial(), now, ends
    )
    certificate = der.signed(body, issuing.algorithm, sign_as_provider(issuing, body))
    with transaction.atomic():
        if issuing.live:
            Authority.objects.filter(role=role, live=True).update(live=False)
        return keep(role, NAMES[role], pair, certificate, issuing, live=issuing.live)


def turn_due() -> None:
    """The key for PINs, the seal of today's issuing authority, and the responder of each that still has to answer."""
    now, issuing = timezone.now().replace(microsecond=0), Authority.now(Role.ISSUING)
    exchange.turn_due(now)
    answering = Authority.objects.filter(role=Role.ISSUING, not_after__gt=now).exclude(wrapped=None)
    for role, issuers in ((Role.ORGANISATION, [issuing]), (Role.RESPONDER, answering)):
        for issuer in issuers:
            last = Authority.objects.filter(role=role, issuer=issuer).order_by("-not_after").first()
            if last is None or is_due(last, issuer, now):
                turn(role, issuer, now)
    if issuing.not_after and issuing.not_after - LONGEST_TERM - YEAR < now:
        log.error(
            "issuing authority ends before new terms do: hold the ceremony", alarm=True, ends=str(issuing.not_after)
        )


def is_due(last: Authority, issuer: Authority, now: datetime) -> bool:
    """Near its end, unless that is its issuer's end too, beyond which no other would last."""
    ends, latest = last.not_after, issuer.not_after
    return bool(ends and latest and ends < latest and ends - TURNS[last.role] < now)


def subject_of(role: str) -> bytes:
    return profile.name((profile.COUNTRY, "VN"), (profile.ORGANISATION, COMPANY), (profile.NAME, NAMES[role]))


def keep(
    role: str, name: str, pair: KeyPair, certificate: bytes, issuer: Authority | None, *, live: bool = True
) -> Authority:
    read = x509.load_der_x509_certificate(certificate)
    return Authority.objects.create(
        role=role, name=name, kind=pair.kind, public=pair.public, wrapped=pair.wrapped or None, live=live,
        certificate=certificate, issuer=issuer, serial=f"{read.serial_number:x}", not_after=read.not_valid_after_utc,
        shards=SHARDS if role == Role.ISSUING else 1,
    )  # fmt: skip


def establish_vault() -> None:
    """Its master keys, by whoever's row comes first; the others wait for that one's end."""
    try:
        with transaction.atomic():
            Authority.objects.create(role=Role.VAULT, name="vault", kind="", public=b"")
            vault().establish()
    except IntegrityError:
        return


def root_list(root: Authority, pem: bytes, now: datetime) -> RevocationList:
    """What the root revoked: nothing so far. Made at each ceremony, and at once if it ever had to revoke. A sealed
    document carries this list, and in ten years it must still count (promise P12): so it lasts that long."""
    number = 1 + (root.lists.order_by("-number").values_list("number", flat=True).first() or 0)
    until = now + LIST_LASTS
    body = lists.body(root.as_issuer, "rsa", number, now, until, [])
    signed = der.signed(body, "rsa", root_signature(pem, body))
    return RevocationList.objects.create(issuer=root, number=number, der=signed, made_at=now, next_update=until)
