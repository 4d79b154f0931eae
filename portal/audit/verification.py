"""Verifying the trail: every entry against its MAC, every batch against its seal, every seal against the anchor."""

import hmac
import time
from collections.abc import Iterator
from typing import Any

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from portal.audit.record import is_ours, mac_of, record
from portal.audit.seals import BEGINNING, anchored_in, digest_of, head, last_anchored, signer
from portal.models import Event, Seal

log = structlog.get_logger(__name__)
VERIFIED = "trail verified"


def verify() -> Iterator[str]:
    """Every fault found, the first one first. Nothing yielded means that nothing was changed, added or removed."""
    public = signer().public_key()
    # Asked before the anchor is read: on a portal at work another head may come between the two.
    newest = Seal.objects.order_by("-number").values_list("number", flat=True).first() or 0
    anchored: dict[int, str] = {}
    for line in _anchor(at_least=newest):
        if not _is_ours(public, line["signature"], head(line["number"], line["total"], line["digest"])):
            yield f"anchor of seal {line['number']}: its signature is not ours"
            return
        anchored[line["number"]] = line["digest"]
    if newest and newest not in anchored:
        yield f"seal {newest}: not in the anchor at {settings.AUDIT_ANCHOR}; verify where the anchor is kept"
        return
    digest, total = BEGINNING, 0
    for number, seal in enumerate(Seal.objects.filter(number__lte=newest).order_by("number").iterator(), 1):
        if seal.number != number:
            yield f"seal {number}: missing"
            return
        entries = []
        for event in Event.objects.filter(seal=seal).order_by("id").iterator():
            if not hmac.compare_digest(event.mac, mac_of(event)):
                yield f"entry {event.pk}: its content was changed"
                return
            entries.append((event.pk, event.mac))
        digest, total = digest_of(digest, number, entries), total + seal.count
        if fault := _fault_of(seal, entries, digest, total, public):
            yield fault
            return
        if anchored.pop(number, digest) != digest:
            yield f"seal {number}: differs from the anchor outside the database"
            return
    if cut := set(anchored) - set(Seal.objects.filter(number__in=anchored).values_list("number", flat=True)):
        yield f"seal {min(cut)}: anchored outside but not in the database: the tail was cut or an old copy restored"
        return
    for event in Event.objects.filter(seal=None).order_by("id").iterator():
        if not hmac.compare_digest(event.mac, mac_of(event)):
            yield f"entry {event.pk}: its content was changed"
            return
    known = Seal.objects.values("pk")
    stray = Event.objects.exclude(seal=None).exclude(seal__in=known).order_by("id").values_list("id", flat=True).first()
    if stray is not None:
        yield f"entry {stray}: belongs to a seal that does not exist"


def check() -> Event:
    """Verified, and the outcome on the record: so its readers know when the trail was last seen whole."""
    if fault := next(verify(), ""):
        log.error("the audit trail is not whole", fault=fault, alarm=True)
    return record(VERIFIED, result="failed" if fault else "ok", fault=fault)


def last_check() -> Event | None:
    return Event.objects.filter(verb=VERIFIED).order_by("-at").first()


def was_whole(check: Event) -> bool:
    """An outcome that somebody else wrote down is a fault of its own: it would hide the one below it."""
    return is_ours(check) and check.result == "ok"


def _fault_of(seal: Seal, entries: list[tuple[int, str]], digest: str, total: int, public: Ed25519PublicKey) -> str:
    span = f"entries {entries[0][0]} to {entries[-1][0]}" if entries else "no entries left"
    if len(entries) != seal.count:
        return f"seal {seal.number} ({span}): {len(entries)} entries where {seal.count} were sealed"
    if digest != seal.digest or total != seal.total:
        return f"seal {seal.number} ({span}): entries were swapped, replaced or renumbered"
    if not _is_ours(public, seal.signature, head(seal.number, seal.total, seal.digest)):
        return f"seal {seal.number}: its signature is not ours"
    return ""


def _is_ours(public: Ed25519PublicKey, signature: str, signed: bytes) -> bool:
    try:
        public.verify(bytes.fromhex(signature), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _anchor(at_least: int) -> Iterator[dict[str, Any]]:
    """Every head in the file. A seal is anchored a moment after it is made: wait that moment before calling it missing."""
    for _moment in range(20):
        if last_anchored() >= at_least:
            break
        time.sleep(0.1)
    if settings.AUDIT_ANCHOR.exists():
        with settings.AUDIT_ANCHOR.open("rb") as lines:
            yield from anchored_in(lines)
