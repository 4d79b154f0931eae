"""VNPT's seal on a contract that its customer has confirmed: on the very bytes that were shown, with the evidence added
after them; in the signer, and never changed again."""

import hashlib
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from enrollment.steps import notifying
from portal import audit, jobs, writing
from portal.models import Message
from signing import printing
from signing.models import Paper, take
from signing.papers import texts
from signing.papers.completing import completed
from signing.steps import contract
from signing.steps.signatures import by_provider, bytes_of, evidence, keep, lasting, stamping

log = structlog.get_logger(__name__)
State, Kind = Paper.State, Paper.Kind
TURN = timedelta(minutes=1)  # for whoever seals a contract


def seal_due() -> None:
    now = timezone.now()
    waiting = Paper.objects.filter(state=State.AGREED, kind=Kind.CONTRACT, due_at__lte=now)
    jobs.each(waiting.select_related("application__data_key", "shown__data_key").order_by("due_at")[:20], in_turn)


def in_turn(paper: Paper) -> None:
    if take(paper, TURN, timezone.now()):
        seal(paper)


def seal(paper: Paper) -> None:
    """What the customer confirmed, with the evidence and VNPT's seal."""
    shown = confirmed_bytes(paper)
    if shown is None:
        log.error("contract differs from what was confirmed", alarm=True, paper=paper.pk)
        return
    status, now, stamps = evidence([]), timezone.now(), stamping()
    pdf = completed(shown, {**proof(paper), "sealed_on": printing.moment(now)})
    pdf = lasting(by_provider(pdf, leaves=0), status)
    file, digest = keep(pdf, paper.data_key)
    with transaction.atomic():
        unsealed = Paper.objects.filter(pk=paper.pk, state=State.AGREED)
        if unsealed.update(state=State.SEALED, file=file, file_hash=digest, sealed_at=now, stamped_by=stamps) != 1:
            return  # voided or sealed meanwhile
        audit.record("contract sealed", paper.application, number=paper.number, hash=digest[:16])
        address = f"{settings.SITE_URL}{reverse('signing:documents')}"
        notifying.notify(
            paper.application,
            "contract_ready",
            [paper.number, address],
            intent=f"contract {paper.pk}",
            channels=(Message.Channel.EMAIL,),
            app="signing",
        )


def confirmed_bytes(paper: Paper) -> bytes | None:
    """What was shown and confirmed, if it is still what lies there: by the row, by the sealed evidence of the
    confirmation, and with the facts that were frozen when signing began."""
    shown = bytes_of(paper.shown)
    if shown is None or paper.frozen != contract.frozen_of(paper.facts, paper.version):
        return None
    digest = hashlib.sha256(shown).hexdigest()
    return shown if digest == paper.shown_hash == paper.evidence["agreed_to"] else None


def proof(paper: Paper) -> dict[str, str]:
    """The page of evidence: who, when, from where, by what."""
    signed, facts = paper.evidence, paper.facts
    strokes = signed["strokes"]
    points = sum(len(stroke) for stroke in strokes)
    how = f"Vẽ tay, {len(strokes)} nét, {points} điểm" if strokes else "Gõ họ tên thay cho vẽ"
    return {
        "reference": paper.application.reference,
        "source": facts.get(printing.INTRODUCED, ""),
        "who": f"{facts['full_name']}, tài khoản {writing.masked(facts['document_number'])}",
        "begun": printing.moment(signed["begun"]),
        "agreed": "1. Đồng ý với nội dung hợp đồng và Điều khoản pháp lý. 2. Hiểu rằng các hành động từ “Bắt đầu ký điện "
        "tử” đến “Hoàn thành ký điện tử” là việc ký hợp đồng điện tử.",
        "drawn_how": f"{how}, lúc {printing.moment(signed['drawn_at'])}",
        "drawn_hash": printing.spaced(signed["drawn_hash"]),
        "code": f"Gửi qua SMS tới {writing.masked(facts['phone'])} lúc {printing.moment(signed['code_sent'])}; "
        f"nhập đúng lúc {printing.moment(signed['agreed'])}",
        "completed": printing.moment(signed["agreed"]),
        "network": signed["place"] or "–",
        "device": signed["device"] or "–",
        "shown_hash": printing.spaced(paper.shown_hash),
        "version": paper.version,
        **{
            f"hash_{name}": printing.spaced(texts.text(name, paper.version, "vi").hash)
            for name in texts.PARTS["contract"]
        },
    }
