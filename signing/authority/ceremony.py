"""The provider's own keys: an offline root, what it signs, and turning each of them before it ends.

The root's key is a file in a folder of its own, to be put away after the ceremony; it signs issuing authorities and the
timestamp, whose word must outlive theirs, and its list, twice a year. On one machine the signer holds the ceremony itself
when it starts first, and makes the list itself."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal import audit
from signing.authority import der, exchange, lists, profile
from signing.authority.gateways.vault import RSA_BITS, KeyPair, sign_with, vault
from signing.authority.models import Authority, RevocationList, algorithm
from signing.authority.remembered import forget
from signing.authority.turning import LIVES, YEAR, keep, subject_of, turn, turned

log = structlog.get_logger(__name__)
Role = Authority.Role
LONGEST_TERM = 3 * YEAR  # of what is sold: whoever buys it must not get less because its issuer ends
# The root's list counts for half a year. A new one is wanted in time for whoever must fetch the medium from its safe.
LIST_LASTS, LIST_TURNS = timedelta(days=183), timedelta(days=61)
ROOT_KINDS = {"rsa": "rsa-4096", "pss": "pss-4096", "ec": "p-256"}  # by how those sign that it certifies


class Absent(Exception):
    """The root's key is not at hand."""


def was_held() -> bool:
    return Authority.objects.filter(role=Role.EXCHANGE, live=True).exists()


def hold() -> None:
    """What is missing, from the root down. Each step leaves a file or rows from which the next goes on: so one that was
    killed anywhere is continued, and run again, or twice at once, it makes nothing twice."""
    with alone():
        if was_held():
            return
        establish_vault()
        root = Authority.objects.filter(role=Role.ROOT, live=True).first() or make_root()
        if not Authority.objects.filter(role=Role.ISSUING, live=True).exists():
            turn_issuing(root)
        exchange.make()
        log.info("ceremony held", root=root.fingerprint)


@contextmanager
def alone() -> Iterator[None]:
    """One ceremony at a time in this folder; whoever is killed leaves it free."""
    settings.ROOT_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.ROOT_FOLDER / "ceremony").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ── The root ──


def make_root() -> Authority:
    """Its private key goes to the folder, not to the database; and there first. One that lies there without its row is that
    of a ceremony that was killed: it goes on with it."""
    now = timezone.now().replace(microsecond=0)
    file = next((file for file in root_files() if not root_of(file)), None) or new_root_file()
    pem = file.read_bytes()
    public = profile.public_of(serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True))
    kind, serial = root_kind(), int(serial_in(file), 16)
    way = algorithm(kind)
    ends = now + LIVES[Role.ROOT]
    body = profile.provider(Role.ROOT, subject_of(Role.ROOT), public, None, way, serial, now, ends)
    return keep(
        Role.ROOT, KeyPair(Role.ROOT, kind, public, b""), der.signed(body, way, root_signature(pem, body, kind)), None
    )


def root_kind() -> str:
    return ROOT_KINDS[algorithm(settings.AUTHORITY_KIND)]


def root_files() -> list[Path]:
    return sorted(settings.ROOT_FOLDER.glob("root-*.key"))


def serial_in(file: Path) -> str:
    return file.stem.removeprefix("root-")


def root_of(file: Path) -> Authority | None:
    return Authority.objects.filter(role=Role.ROOT, serial=serial_in(file)).first()


def new_root_file() -> Path:
    """In the clear: it is made for a folder that is put away. Whole, or not there."""
    key = new_private(root_kind())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = settings.ROOT_FOLDER / f"root-{profile.new_serial():x}.key"
    unfinished = settings.ROOT_FOLDER / "unfinished"
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with unfinished.open("wb") as content:
        content.write(private)
        content.flush()
        os.fsync(content.fileno())
    return unfinished.rename(file)


def new_private(kind: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if kind == "p-256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[kind])


def root_key(root: Authority) -> bytes:
    file = settings.ROOT_FOLDER / f"root-{root.serial}.key"
    try:
        return bytes(file.read_bytes())
    except OSError as wrong:
        raise Absent(f"The root's key is not in {settings.ROOT_FOLDER}: bring it for the ceremony.") from wrong


def root_signature(pem: bytes, body: bytes, kind: str) -> bytes:
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    return sign_with(key, body, kind)


def root_list(root: Authority) -> RevocationList:
    """What the root revoked: nothing so far. Made at each ceremony, twice a year, and at once if it ever had to revoke."""
    now = timezone.now().replace(microsecond=0)
    number = 1 + (root.lists.order_by("-number").values_list("number", flat=True).first() or 0)
    until = now + LIST_LASTS
    body = lists.body(root.as_issuer, root.algorithm, number, now, until, [])
    signed = der.signed(body, root.algorithm, root_signature(root_key(root), body, root.kind))
    transaction.on_commit(forget)
    return RevocationList.objects.create(issuer=root, number=number, der=signed, made_at=now, next_update=until)


# ── What it signs ──


@transaction.atomic
def turn_issuing(root: Authority) -> Authority:
    """A new issuing authority takes over; what the old one signed stays valid, and it goes on answering for it. All of it at
    once, or nothing."""
    Authority.objects.select_for_update().get(pk=root.pk)
    pem, now = root_key(root), timezone.now().replace(microsecond=0)
    Authority.objects.filter(role__in=(Role.ISSUING, Role.TIMESTAMP), live=True).update(live=False)
    for role in (Role.ISSUING, Role.TIMESTAMP):
        pair = vault().make(role, settings.AUTHORITY_KIND)
        ends = min(now + LIVES[role], root.not_after or now)
        body = profile.provider(
            role, subject_of(role), pair.public, root.as_issuer, root.algorithm, profile.new_serial(), now, ends
        )
        keep(role, pair, der.signed(body, root.algorithm, root_signature(pem, body, root.kind)), root)
    issuing = Authority.now(Role.ISSUING)
    root_list(root)
    for role in (Role.ORGANISATION, Role.RESPONDER):
        turn(role, issuing, now)
    audit.record("authority made", issuing, fingerprint=issuing.fingerprint[:16])
    return issuing


def take_over(serial: str) -> Authority:
    """From this very authority: asked again, because nobody saw the end of it, it makes no second one."""
    with alone():
        issuing = Authority.now(Role.ISSUING)
        return turn_issuing(Authority.now(Role.ROOT)) if issuing.serial == serial else issuing


def establish_vault() -> None:
    """Its master keys, by whoever's row comes first; the others wait for that one's end."""
    try:
        with transaction.atomic():
            Authority.objects.create(role=Role.VAULT, name="vault", kind="", public=b"")
            vault().establish()
    except IntegrityError:
        return


# ── Over the years ──


def turn_due() -> None:
    """The key for PINs, the seal of today's issuing authority, the responder of each that still has to answer, and the
    root's list."""
    now, issuing = timezone.now().replace(microsecond=0), Authority.now(Role.ISSUING)
    exchange.turn_due(now)
    answering = Authority.objects.filter(role=Role.ISSUING, not_after__gt=now).exclude(wrapped=None)
    turned(Role.ORGANISATION, issuing, now)
    for issuer in answering:
        turned(Role.RESPONDER, issuer, now)
    renew_root_list(now)
    if issuing.not_after and issuing.not_after - LONGEST_TERM - YEAR < now:
        log.error(
            "issuing authority ends before new terms do: hold the ceremony", alarm=True, ends=str(issuing.not_after)
        )


def renew_root_list(now: datetime) -> None:
    """Where the root's key is at hand, as on one machine; else somebody must bring it."""
    root = Authority.now(Role.ROOT)
    last = lists.newest(root)
    if last and last.next_update - LIST_TURNS > now:
        return
    try:
        root_list(root)
    except Absent:
        ends = str(last.next_update) if last else ""
        log.error("the root's list ends: bring its key (manage.py ceremony --list)", alarm=True, ends=ends)
