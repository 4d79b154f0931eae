"""Seals: every few seconds the entries written since the last one are closed in a batch, chained and signed, and its head
is anchored outside the database."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.audit.record import derived_key
from portal.models import Event, Seal

log = structlog.get_logger(__name__)
BATCH = 2000
BEGINNING = "0" * 64


def seal_all() -> int:
    sealed = 0
    while seal := seal_batch():
        sealed += seal.count
    anchor_missing()
    return sealed


def seal_batch() -> Seal | None:
    """Close what stands open. Of two sealers at once the unique number lets one win; the other's turn comes again."""
    try:
        with transaction.atomic():
            return _sealed_batch()
    except IntegrityError:
        return None


def _sealed_batch() -> Seal | None:
    entries = list(Event.objects.filter(seal=None).order_by("id").values_list("id", "mac")[:BATCH])
    if not entries:
        return None
    last = Seal.objects.order_by("-number").first()
    number, total = (last.number + 1, last.total) if last else (1, 0)
    digest = digest_of(last.digest if last else BEGINNING, number, entries)
    seal = Seal.objects.create(
        number=number,
        count=len(entries),
        total=total + len(entries),
        digest=digest,
        signature=signer().sign(head(number, total + len(entries), digest)).hex(),
        sealed_at=timezone.now(),
    )
    marked = Event.objects.filter(pk__in=[entry for entry, _mac in entries], seal=None).update(seal=seal)
    if marked != len(entries):
        raise IntegrityError("another sealer was faster")
    return seal


def digest_of(before: str, number: int, entries: list[tuple[int, str]]) -> str:
    chain = hashlib.sha256(f"{before} {number}".encode())
    for entry, mac in entries:
        chain.update(f" {entry} {mac}".encode())
    return chain.hexdigest()


def head(number: int, total: int, digest: str) -> bytes:
    return f"audit {number} {total} {digest}".encode()


def signer() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derived_key("audit signature"))


def public_key() -> str:
    """For an outsider who holds an anchor line: the head's signature is checked with this."""
    raw = signer().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw.hex()


def anchor_missing() -> None:
    """The heads, outside the database: appended to a file (put it on another machine) and written to the log. Whatever an
    earlier run left out (killed, disk full, another node's turn) is made good here."""
    newest = Seal.objects.order_by("-number").values_list("number", flat=True).first() or 0
    last = last_anchored()
    if newest <= last:
        return
    settings.AUDIT_ANCHOR.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(settings.AUDIT_ANCHOR, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if _ends_in_mid_line():
            os.write(file, b"\n")  # an earlier run was stopped in mid-line; its head is written again below
        for seal in Seal.objects.filter(number__gt=last).order_by("number").iterator():
            os.write(file, json.dumps(_anchor_line(seal)).encode() + b"\n")
            log.info("audit sealed", number=seal.number, total=seal.total, digest=seal.digest)
        os.fsync(file)
    finally:
        os.close(file)


def _anchor_line(seal: Seal) -> dict[str, Any]:
    return {
        "number": seal.number,
        "total": seal.total,
        "digest": seal.digest,
        "signature": seal.signature,
        "at": seal.sealed_at.isoformat(),
    }


def _tail() -> bytes:
    """The anchor's end, without reading the years before it."""
    try:
        with settings.AUDIT_ANCHOR.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            return file.read()
    except FileNotFoundError:
        return b""


def _ends_in_mid_line() -> bool:
    end = _tail()[-1:]
    return bool(end) and end != b"\n"


def last_anchored() -> int:
    return max((anchored["number"] for anchored in anchored_in(_tail().split(b"\n"))), default=0)


def anchored_in(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Every whole line; a stump that a stopped writer left is passed over (its head stands again in a later line)."""
    for line in lines:
        with suppress(ValueError):
            yield json.loads(line)
