"""A PDF of anybody's: what its signatures are worth, and what our own rows know of them. It waits sealed for its turn, and
nothing of it is kept afterwards."""

import hashlib
import secrets
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import jobs
from portal.models import DataKey, SealedFile
from portal.refusals import Refusal
from portal.waking import Waker
from signing.authority.models import Authority, Issued
from signing.models import Certificate, Edition, Examination, Paper
from signing.papers import isolation
from signing.papers.facts import INVALID, UNKNOWN, VALID, Fact
from signing.steps.signatures import bytes_of

MOST_WAITING, LASTS, TURN = 40, timedelta(minutes=10), timedelta(seconds=30)
AT_ONCE = threading.BoundedSemaphore(2)  # of a worker's threads: the others go on delivering codes
waker = Waker("signing.tasks.examine")
Kind, Role = Paper.Kind, Authority.Role
MOST_REVISIONS = 60
CUSTOMER, SEAL, STAMP = "customer", "seal", "stamp"
BEARS = {
    Kind.CONTRACT: (SEAL, STAMP),
    Kind.MINUTES: (CUSTOMER, SEAL, STAMP),
}  # what a paper of ours carries when it is whole


# ── One after the other ──


def hand_in(file: IO[bytes], name: str) -> Examination:
    """Into the queue, which has an end; sealed by a key of its own."""
    if waiting().count() >= MOST_WAITING:
        raise Refusal(
            "busy", _("Nhiều người đang kiểm tra tệp cùng lúc. Quý khách vui lòng gửi lại sau một phút."), status=503
        )
    key, token = DataKey.make(), secrets.token_urlsafe(32)
    kept = SealedFile.store(file, "application/pdf", key)
    with transaction.atomic():
        transaction.on_commit(waker.wake, robust=True)
        return Examination.objects.create(
            token=token, data_key=key, name=name[:200], file=kept, ends_at=timezone.now() + LASTS
        )


def waiting() -> QuerySet[Examination]:
    return Examination.objects.exclude(file=None).filter(ends_at__gt=timezone.now())


def ahead_of(examination: Examination) -> int:
    return waiting().filter(pk__lt=examination.pk).count()


def examine_due() -> None:
    if not AT_ONCE.acquire(blocking=False):
        return  # those who are at it see it too
    try:
        while examination := taken():
            examine(examination)
    finally:
        AT_ONCE.release()


def taken() -> Examination | None:
    """The oldest, for a turn: if whoever has it falls, another comes."""
    now = timezone.now()
    for examination in (
        waiting().filter(due_at__lte=now).select_related("data_key", "file__data_key").order_by("pk")[:5]
    ):
        due = Examination.objects.filter(pk=examination.pk, due_at=examination.due_at).exclude(file=None)
        if due.update(due_at=now + TURN):
            return examination
    return None


def examine(examination: Examination) -> None:
    pdf, file = bytes_of(examination.file), examination.file
    facts = {"problem": "too-much"} if pdf is None else check(pdf)
    with transaction.atomic():
        unfinished = Examination.objects.filter(pk=examination.pk, file=file)
        if unfinished.update(facts=examination.sealed("facts", facts), file=None) and file:
            file.forget()


def forget() -> None:
    """What had its minutes, read or not."""
    jobs.each(Examination.objects.filter(ends_at__lt=timezone.now()).select_related("data_key", "file"), forgotten)


def forgotten(examination: Examination) -> None:
    with transaction.atomic():
        examination.delete()
        if examination.file:
            examination.file.forget()
        examination.data_key.delete()


# ── One file ──


def roots() -> list[bytes]:
    """Ours, and those that the operator laid into a folder (the national ones, for instance)."""
    ours = Authority.objects.filter(role=Role.ROOT).values_list("certificate", flat=True)
    return [*(bytes(root) for root in ours if root), *others()]


def others() -> list[bytes]:
    folder = Path(settings.TRUSTED_ROOTS) if settings.TRUSTED_ROOTS else None
    if folder is None or not folder.is_dir():
        return []
    files = [file.read_bytes() for file in sorted(folder.iterdir()) if file.suffix in (".pem", ".crt", ".cer")]
    return [certificate_in(content).public_bytes(Encoding.DER) for content in files]


def certificate_in(content: bytes) -> x509.Certificate:
    is_text = b"-----BEGIN" in content
    return (x509.load_pem_x509_certificate if is_text else x509.load_der_x509_certificate)(content)


def is_known(digest: str) -> bool:
    """One of ours as it is kept, or as it was before it was stamped again."""
    kept = Paper.objects.filter(file_hash=digest, state=Paper.State.SEALED)
    earlier = Edition.objects.filter(file_hash=digest, paper__state=Paper.State.SEALED)
    return kept.exists() or earlier.exists()


def check(pdf: bytes) -> dict[str, Any]:
    """Plain facts about its signatures."""
    known = is_known(hashlib.sha256(pdf).hexdigest())
    facts = isolation.examined(pdf, roots(), known=known)
    rows = facts.get("signatures", [])
    for row in rows:
        row |= by_register(row)
    return {**facts, "known": known, "missing": missing(pdf, rows)}


# ── What our own rows know ──


def by_register(row: dict[str, Any]) -> dict[str, Any]:
    """Our certificates' status is known here, whatever evidence a file brings along or leaves out."""
    facts = dict(row["facts"])
    if facts["integrity"].value != VALID:
        return {"ours": None}
    issued = Issued.stored().filter(serial=row["serial"], fingerprint=row["fingerprint"]).first()
    certificate = Certificate.objects.filter(register=issued).first() if issued else None
    provider = authority_of(row)
    if issued:
        facts["status"] = status_of(issued, row["time"], facts["status"])
    elif provider and facts["status"].value == UNKNOWN:
        facts["status"] = Fact(VALID, "register")
    stamped_by = row.get("stamp")
    if facts["time"].why == "stamp-status" and stamped_by and authority_of(stamped_by):
        facts["time"] = Fact(VALID, "in-time")
    return {"facts": facts, "ours": state_now(certificate, provider)}


def state_now(certificate: Certificate | None, provider: Authority | None) -> int | None:
    """None, where our rows know nothing."""
    if certificate:
        return certificate.state
    lives = provider and provider.not_after and provider.not_after > timezone.now()
    return Certificate.State.ACTIVE if lives else None


def status_of(issued: Issued, stamped: str, by_file: Fact) -> Fact:
    """When it was signed. A hold that was lifted is not remembered; without a timestamp nothing shows that it was signed
    earlier than now; and of an authority outside our rows know no more than it said."""
    at = datetime.fromisoformat(stamped) if stamped else timezone.now()
    if issued.revoked_at is not None and issued.revoked_at <= at:
        return Fact(INVALID, "revoked", issued.revoked_at.isoformat())
    return by_file if issued.outside or by_file.value == INVALID else Fact(VALID, "register")


def authority_of(row: dict[str, Any]) -> Authority | None:
    """The key of our own whose certificate this is, byte for byte."""
    ours = Authority.objects.filter(serial=row["serial"]).first()
    return ours if ours and ours.fingerprint == row["fingerprint"] else None


# ── Papers of ours ──


def missing(pdf: bytes, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What a paper of ours should bear and this copy does not: whoever cuts its end off leaves a file whose remaining
    signatures are right."""
    paper = Paper.objects.filter(shown_hash__in=beginnings(pdf)).exclude(file_hash="").first()
    if paper is None:
        return {}
    borne = {whose(row, paper) for row in rows if row["facts"]["integrity"].value == VALID}
    lacking = [bearer for bearer in BEARS[Kind(paper.kind)] if bearer not in borne]
    return {"kind": paper.kind, "number": paper.number, "lacking": lacking} if lacking else {}


def beginnings(pdf: bytes) -> list[str]:
    """The hash of each revision with all before it: what was shown of a paper of ours is the first."""
    digest, hashes, start = hashlib.sha256(), list[str](), 0
    for _revision in range(MOST_REVISIONS):
        end = pdf.find(b"%%EOF\n", start) + len(b"%%EOF\n")
        if end < start + len(b"%%EOF\n"):
            break
        digest.update(pdf[start:end])
        hashes.append(digest.hexdigest())
        start = end
    return hashes


def whose(row: dict[str, Any], paper: Paper) -> str:
    provider = authority_of(row)
    if provider:
        return {Role.ORGANISATION: SEAL, Role.TIMESTAMP: STAMP}.get(Role(provider.role), "")
    own = Certificate.issued().filter(register__serial=row["serial"], register__fingerprint=row["fingerprint"])
    return CUSTOMER if own.filter(application=paper.application_id).exists() else ""
