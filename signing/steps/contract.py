"""The e-contract: read, begun, drawn, confirmed by a code, sealed by VNPT. Each is an act of its own, in this order.

What it says is frozen when signing begins: whatever changes in the file after that voids it. The code is bound to the
very bytes that were shown (promise P11); the provider's seal follows in the signer."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import notifying
from portal import audit, codes, sealing, writing
from portal.allowances import Limit
from portal.models import Message
from portal.refusals import Refusal
from portal.waking import Waker
from signing import printing
from signing.models import Paper, next_number
from signing.papers import texts
from signing.papers.paper import make
from signing.papers.places import Strokes
from signing.steps.signatures import is_whole, keep
from signing.strokes import drawn, unfit

log = structlog.get_logger(__name__)
State, Kind = Paper.State, Paper.Kind
LASTS, CODE_LASTS = timedelta(minutes=30), timedelta(minutes=5)
CODE = "contract"
DRAWINGS = Limit("signatures drawn", 60, timedelta(hours=1))
TEMPLATE = "signing/pdf/contract.html"
# Guide 1, in its words
AGREED = (
    _("Tôi đồng ý với nội dung hợp đồng và Điều khoản pháp lý"),
    _(
        "Tôi hiểu và đồng ý thực hiện những hành động từ lúc “Bắt đầu ký điện tử” đến lúc “Hoàn thành ký điện tử” "
        "là việc ký hợp đồng điện tử cung cấp dịch vụ của VNPT"
    ),
)
waker = Waker("signing.tasks.seal")


def ended() -> Refusal:
    return Refusal(
        "signing-ended",
        _(
            "Lần ký này đã hết thời gian hoặc hồ sơ đã thay đổi. Chưa có gì được ký; Quý khách hãy đọc và bắt đầu ký lại."
        ),
        status=409,
    )


# ── Begin ──


def begin(application: Application, *, place: str, device: str) -> Paper:
    """ "Bắt đầu ký điện tử": the text is frozen from here on."""
    facts = printing.contract(application, settings.KEY_KIND)
    frozen, now = frozen_of(facts, texts.CURRENT), timezone.now()
    with transaction.atomic():
        application.hold()
        if not Application.objects.filter(pk=application.pk, step=Step.CONTRACT).exists():
            raise ended()
        begun = Paper.of(application, Kind.CONTRACT)
        if begun and begun.frozen == frozen and begun.is_open_at(now):
            return begun
        void(application)
        declaration = application.declaration
        assert declaration
        unit = printing.unit_of(application, declaration)
        paper = Paper.objects.create(
            application=application,
            kind=Kind.CONTRACT,
            number=number_of("contract", unit.name if unit else "VNPT", "HĐ"),
            version=texts.CURRENT,
            facts=facts,
            frozen=frozen,
            begun_at=now,
            ends_at=now + LASTS,
            evidence={"begun": now.isoformat(), "place": place, "device": writing.fold(device)[:300]},
        )
        audit.record("contract begun", application, number=paper.number)
    return paper


def number_of(series: str, unit: str, kind: str) -> str:
    """As VNPT's papers are numbered: day, place in the day's series of the unit, unit, kind of paper and service."""
    today = timezone.localdate()
    short = writing.fold(unit).upper()[:30]
    return f"{today:%y%m%d}-{next_number(f'{series} {short}', today):04d}/{short}/{kind} SmartCA"


def frozen_of(facts: dict[str, str], version: str) -> str:
    """Keyed, for it is kept in the clear."""
    return sealing.blind_index("contract", json.dumps([version, facts], sort_keys=True, ensure_ascii=False))


def void(application: Application) -> None:
    """A contract that was not signed, or that is signed anew; a sealed one is kept beside the one that replaces it."""
    Paper.objects.filter(application=application, kind=Kind.CONTRACT).exclude(state=State.VOID).update(state=State.VOID)


def running(application: Application) -> Paper:
    """The contract that is being signed, as long as nothing changed and its time lasts."""
    paper = Paper.of(application, Kind.CONTRACT)
    if paper is None:
        raise ended()
    check_running(paper)
    return paper


def check_running(paper: Paper) -> None:
    if not paper.is_open_at(timezone.now()):
        raise ended()
    if paper.frozen != frozen_of(printing.contract(paper.application, settings.KEY_KIND), texts.CURRENT):
        void(paper.application)
        raise ended()


def extend(application: Application) -> None:
    """Whoever needs more time takes it, as often as needed."""
    paper = running(application)
    Paper.objects.filter(pk=paper.pk, state=State.OPEN).update(ends_at=timezone.now() + LASTS)


# ── Draw ──


def sign_with(application: Application, *, strokes: Any = None, typed: str = "") -> Paper:
    """The drawn signature, or the typed name of who cannot draw; from it the document that is confirmed."""
    paper, now = running(application), timezone.now()
    declaration = application.declaration
    assert declaration
    if typed and writing.fold(writing.line(typed)).casefold() != writing.fold(declaration.full_name).casefold():
        raise unfit(_("Họ tên gõ vào phải đúng như đã khai: %(name)s.") % {"name": declaration.full_name})
    hand = [] if typed else drawn(strokes)
    digest = hashlib.sha256(json.dumps(declaration.full_name if typed else hand).encode()).hexdigest()
    evidence = {
        **paper.evidence,
        "strokes": hand,
        "typed": declaration.full_name if typed else "",
        "drawn_at": now.isoformat(),
        "drawn_hash": digest,
    }
    evidence.pop("code_sent", None)  # no code fits this document yet
    DRAWINGS.require(str(application.pk), _("Quý khách đã vẽ lại quá nhiều lần. Vui lòng thử lại sau một giờ."))
    shown, shown_hash = keep(printed(paper, evidence, now), application.data_key)
    with transaction.atomic():
        application.hold()
        fresh = Paper.of(application, Kind.CONTRACT)
        if fresh is None or fresh.pk != paper.pk or fresh.state != State.OPEN:
            raise ended()
        Paper.objects.filter(pk=paper.pk).update(
            shown=shown, shown_hash=shown_hash, evidence=paper.sealed("evidence", evidence)
        )
        if fresh.shown:
            fresh.shown.forget()
    return Paper.of(application, Kind.CONTRACT) or paper


def printed(paper: Paper, evidence: dict[str, Any], at: Any) -> bytes:
    """As it is shown, confirmed and sealed: its page of evidence is empty yet."""
    drawings: dict[str, Strokes] = {"drawing": evidence["strokes"]}
    introduced = printing.INTRODUCED in paper.facts
    fixed = printing.fixed_contract(paper.version, introduced=introduced)
    places = printing.contract_places(introduced=introduced)
    return make(TEMPLATE, fixed, places, words(paper, evidence), at, drawings)


def words(paper: Paper, evidence: dict[str, Any]) -> dict[str, str]:
    facts = paper.facts
    return {
        **facts,
        "day": printing.day(facts["st"], paper.begun_at),
        "number": f"Số: {paper.number}",
        "with_contract": f"Kèm theo Hợp đồng số {paper.number}",
        "of_contract": f"Hợp đồng số {paper.number}",
        "typed": evidence["typed"],
        "signed_on": printing.moment(evidence["drawn_at"]),
    }


# ── Confirm ──


def code_target(paper: Paper) -> str:
    """Of exactly this document: another hash is another target, and no code fits it."""
    return sealing.blind_index("contract code", f"{paper.pk} {paper.shown_hash}")


def send_code(application: Application, network: str = "") -> None:
    """To the phone alone; with the first letters of the document's hash, to be compared with the page."""
    running(application)
    with transaction.atomic():
        paper = held(application)
        code = codes.make(CODE, code_target(paper), lasts=CODE_LASTS, account=application.person_index, network=network)
        notifying.notify(
            application,
            "contract_code",
            [code.digits, short(paper.shown_hash), str(CODE_LASTS.seconds // 60)],
            intent=f"contract code {paper.pk} {code.expires_at.timestamp()}",
            channels=(Message.Channel.SMS,),
            good_until=code.expires_at,
            app="signing",
        )
        evidence = {**paper.evidence, "code_sent": timezone.now().isoformat()}
        Paper.objects.filter(pk=paper.pk).update(evidence=paper.sealed("evidence", evidence))


def held(application: Application) -> Paper:
    """The contract that waits for its code, read anew while nobody else can change it."""
    application.hold()
    paper = Paper.of(application, Kind.CONTRACT)
    if paper is None or paper.state != State.OPEN or not paper.shown_hash:
        raise ended()
    return paper


def short(digest: str) -> str:
    return digest[:8]


def agree(application: Application, digits: str) -> Paper:
    """ "Kết thúc": the right code signs; the journey goes on while VNPT's seal is set."""
    confirmed = running(application)
    if not confirmed.shown_hash:
        raise ended()
    if not is_whole(confirmed.shown, confirmed.shown_hash):
        log.error("contract differs from what was shown", alarm=True, paper=confirmed.pk)
        raise ended()
    codes.check(CODE, code_target(confirmed), digits, account=application.person_index)
    with transaction.atomic():
        paper, now = held(application), timezone.now()
        if paper.pk != confirmed.pk or paper.shown_hash != confirmed.shown_hash:
            raise ended()
        evidence = {
            **paper.evidence,
            "agreed": now.isoformat(),
            "agreed_to": paper.shown_hash,  # sealed: a row that is altered later does not alter this
            "user": application.user_id,
        }
        Paper.objects.filter(pk=paper.pk).update(
            state=State.AGREED, agreed_at=now, due_at=now, evidence=paper.sealed("evidence", evidence)
        )
        application.finish()
        audit.record("contract signed", application, number=paper.number, hash=paper.shown_hash[:16])
        transaction.on_commit(waker.wake, robust=True)
    return paper
