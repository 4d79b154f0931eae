"""The e-contract: read, begun, drawn, confirmed by a code, sealed by VNPT. Each is an act of its own, in this order.

What it says is frozen when signing begins: whatever changes in the file after that voids it. The code is bound to the
very bytes that were shown (promise P11); the provider's seal follows in the signer."""

import hashlib
import itertools
import json
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import telling
from portal import audit, codes, sealing, writing
from portal.allowances import Limit
from portal.models import Message
from portal.refusals import Refusal
from portal.waking import Waker
from signing import printing
from signing.models import Paper, next_number, take
from signing.papers import paper, texts
from signing.papers.places import Strokes
from signing.steps.sealing import by_provider, evidence, is_whole, keep, lasting

log = structlog.get_logger(__name__)
State, Kind = Paper.State, Paper.Kind
LASTS, CODE_LASTS = timedelta(minutes=30), timedelta(minutes=5)
TURN = timedelta(minutes=1)  # for whoever seals a contract
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
MOST_POINTS, LEAST_POINTS = 4000, 8
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
    frozen, now = frozen_of(facts), timezone.now()
    with transaction.atomic():
        application.hold()
        if not Application.objects.filter(pk=application.pk, step=Step.CONTRACT).exists():
            raise ended()
        running = Paper.of(application, Kind.CONTRACT)
        if running and running.frozen == frozen and running.is_open_at(now):
            return running
        void(application)
        told = application.declaration
        assert told
        unit = printing.unit_of(application, told)
        made = Paper.objects.create(
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
        audit.record("contract begun", application, number=made.number)
    return made


def number_of(series: str, unit: str, kind: str) -> str:
    """As VNPT's papers are numbered: day, place in the day's series of the unit, unit, kind of paper and service."""
    today = timezone.localdate()
    short = writing.fold(unit).upper()[:30]
    return f"{today:%y%m%d}-{next_number(f'{series} {short}', today):04d}/{short}/{kind} SmartCA"


def frozen_of(facts: dict[str, str]) -> str:
    """Keyed, for it is kept in the clear."""
    return sealing.blind_index("contract", json.dumps([texts.CURRENT, facts], sort_keys=True, ensure_ascii=False))


def void(application: Application) -> None:
    """A contract that was not signed, or that is signed anew; a sealed one is kept beside the one that replaces it."""
    Paper.objects.filter(application=application, kind=Kind.CONTRACT).exclude(state=State.VOID).update(state=State.VOID)


def running(application: Application) -> Paper:
    """The contract that is being signed, as long as nothing changed and its time lasts."""
    found = Paper.of(application, Kind.CONTRACT)
    if found is None:
        raise ended()
    check_running(found)
    return found


def check_running(found: Paper) -> None:
    if not found.is_open_at(timezone.now()):
        raise ended()
    if found.frozen != frozen_of(printing.contract(found.application, settings.KEY_KIND)):
        void(found.application)
        raise ended()


def extend(application: Application) -> None:
    """Whoever needs more time takes it, as often as needed."""
    found = running(application)
    Paper.objects.filter(pk=found.pk, state=State.OPEN).update(ends_at=timezone.now() + LASTS)


# ── Draw ──


def unfit(why: Any) -> Refusal:
    return Refusal("unfit-signature", why, status=400)


def drawn(told: Any) -> list[list[list[float]]]:
    """Strokes as the page sends them: x and y between 0 and 1, and when. No image is ever taken."""
    wrong = unfit(_("Chữ ký gửi lên không đúng dạng. Quý khách hãy vẽ trực tiếp trong khung, không dán ảnh."))
    if not isinstance(told, list) or not 0 < len(told) <= 200:
        raise wrong
    strokes = list[list[list[float]]]()
    for stroke in told:
        if not isinstance(stroke, list) or not stroke:
            raise wrong
        strokes.append([point(one, wrong) for one in stroke])
    points = [one for stroke in strokes for one in stroke]
    if len(points) > MOST_POINTS:
        raise unfit(_("Chữ ký quá dài. Quý khách hãy vẽ gọn hơn."))
    times = [one[2] for one in points]
    if times != sorted(times):
        raise wrong
    check_hand(strokes, points)
    return strokes


def point(told: Any, wrong: Refusal) -> list[float]:
    if not isinstance(told, list) or len(told) != 3 or not all(type(one) in (int, float) for one in told):
        raise wrong
    x, y, when = told
    if not (0 <= x <= 1 and 0 <= y <= 1 and 0 <= when <= 3_600_000):
        raise wrong
    return [round(float(x), 4), round(float(y), 4), round(float(when))]


def check_hand(strokes: Sequence[Sequence[Sequence[float]]], points: Sequence[Sequence[float]]) -> None:
    """More than a dot or a dash, and made in the time that a hand takes."""
    length = sum(math.dist(one[:2], other[:2]) for stroke in strokes for one, other in itertools.pairwise(stroke))
    wide = max(one[0] for one in points) - min(one[0] for one in points)
    if length < 0.4 or wide < 0.1 or len(points) < LEAST_POINTS:
        raise unfit(_("Chữ ký quá ngắn. Quý khách hãy ký như trên giấy, không chỉ chấm hoặc gạch."))
    if points[-1][2] - points[0][2] < 150:
        raise unfit(_("Chữ ký phải được vẽ bằng tay trong khung. Quý khách hãy vẽ lại."))


def sign_with(application: Application, *, strokes: Any = None, typed: str = "") -> Paper:
    """The drawn signature, or the typed name of who cannot draw; from it the document that is confirmed."""
    found, now = running(application), timezone.now()
    told = application.declaration
    assert told
    if typed and writing.fold(writing.line(typed)).casefold() != writing.fold(told.full_name).casefold():
        raise unfit(_("Họ tên gõ vào phải đúng như đã khai: %(name)s.") % {"name": told.full_name})
    hand = [] if typed else drawn(strokes)
    digest = hashlib.sha256(json.dumps(told.full_name if typed else hand).encode()).hexdigest()
    evidence = {
        **found.evidence,
        "strokes": hand,
        "typed": told.full_name if typed else "",
        "drawn_at": now.isoformat(),
        "drawn_hash": digest,
    }
    evidence.pop("code_sent", None)  # no code fits this document yet
    DRAWINGS.require(str(application.pk), _("Quý khách đã vẽ lại quá nhiều lần. Vui lòng thử lại sau một giờ."))
    shown, shown_hash = keep(printed(found, evidence, now), application.data_key)
    with transaction.atomic():
        application.hold()
        fresh = Paper.of(application, Kind.CONTRACT)
        if fresh is None or fresh.pk != found.pk or fresh.state != State.OPEN:
            raise ended()
        Paper.objects.filter(pk=found.pk).update(
            shown=shown, shown_hash=shown_hash, evidence=found.sealed("evidence", evidence)
        )
        if fresh.shown:
            fresh.shown.forget()
    return Paper.of(application, Kind.CONTRACT) or found


def printed(found: Paper, evidence: dict[str, Any], at: Any) -> bytes:
    """As it is shown and confirmed: without the page of evidence, which does not exist yet."""
    fixed = printing.fixed_contract(found.version, evidence=False)
    return paper.make(TEMPLATE, fixed, printing.CONTRACT_PLACES, common(found, evidence), at, drawing_of(evidence))


def drawing_of(evidence: dict[str, Any]) -> dict[str, Strokes]:
    return {"drawing": evidence["strokes"]}


def common(found: Paper, evidence: dict[str, Any]) -> dict[str, str]:
    facts = found.facts
    return {
        **facts,
        "day": printing.day(facts["st"], found.begun_at),
        "number": f"Số: {found.number}",
        "with_contract": f"Kèm theo Hợp đồng số {found.number}",
        "of_contract": f"Hợp đồng số {found.number}",
        "typed": evidence["typed"],
        "signed_on": printing.moment(evidence["drawn_at"]),
    }


# ── Confirm ──


def code_target(found: Paper) -> str:
    """Of exactly this document: another hash is another target, and no code fits it."""
    return sealing.blind_index("contract code", f"{found.pk} {found.shown_hash}")


def send_code(application: Application, network: str = "") -> None:
    """To the phone alone; with the first letters of the document's hash, to be compared with the page."""
    running(application)
    with transaction.atomic():
        found = held(application)
        made = codes.make(CODE, code_target(found), lasts=CODE_LASTS, account=application.person_index, network=network)
        telling.tell(
            application,
            "contract_code",
            [made.digits, short(found.shown_hash), str(CODE_LASTS.seconds // 60)],
            intent=f"contract code {found.pk} {made.expires_at.timestamp()}",
            channels=(Message.Channel.SMS,),
            good_until=made.expires_at,
            app="signing",
        )
        told = {**found.evidence, "code_sent": timezone.now().isoformat()}
        Paper.objects.filter(pk=found.pk).update(evidence=found.sealed("evidence", told))


def held(application: Application) -> Paper:
    """The contract that waits for its code, read anew while nobody else can change it."""
    application.hold()
    found = Paper.of(application, Kind.CONTRACT)
    if found is None or found.state != State.OPEN or not found.shown_hash:
        raise ended()
    return found


def short(digest: str) -> str:
    return digest[:8]


def agree(application: Application, digits: str) -> Paper:
    """ "Kết thúc": the right code signs; the journey goes on while VNPT's seal is set."""
    confirmed = running(application)
    if not confirmed.shown_hash:
        raise ended()
    codes.check(CODE, code_target(confirmed), digits, account=application.person_index)
    with transaction.atomic():
        found, now = held(application), timezone.now()
        if found.pk != confirmed.pk or found.shown_hash != confirmed.shown_hash:
            raise ended()
        told = {**found.evidence, "agreed": now.isoformat(), "user": application.user_id}
        Paper.objects.filter(pk=found.pk).update(
            state=State.AGREED, agreed_at=now, due_at=now, evidence=found.sealed("evidence", told)
        )
        application.finish()
        audit.record("contract signed", application, number=found.number, hash=found.shown_hash[:16])
        transaction.on_commit(waker.wake, robust=True)
    return found


# ── Seal, in the signer ──


def seal_due() -> None:
    now = timezone.now()
    waiting = Paper.objects.filter(state=State.AGREED, kind=Kind.CONTRACT, due_at__lte=now)
    for found in waiting.select_related("application__data_key", "shown__data_key").order_by("due_at")[:20]:
        if take(found, TURN, now):
            seal(found)


def seal(found: Paper) -> None:
    """What the customer confirmed, with the page of evidence and VNPT's seal; kept, and never changed again."""
    if not is_whole(found.shown, found.shown_hash):
        log.error("contract differs from what was shown", alarm=True, paper=found.pk)
        return
    told, now = evidence([]), timezone.now()
    fixed = printing.fixed_contract(found.version, evidence=True)
    facts = {**common(found, found.evidence), "sealed_on": printing.moment(now), **proof(found)}
    pdf = paper.make(TEMPLATE, fixed, printing.SEALED_PLACES, facts, now, drawing_of(found.evidence))
    pdf = lasting(by_provider(pdf), told)
    file, digest = keep(pdf, found.data_key)
    with transaction.atomic():
        here = Paper.objects.filter(pk=found.pk, state=State.AGREED)
        if here.update(state=State.SEALED, file=file, file_hash=digest, sealed_at=now) != 1:
            return  # voided or sealed meanwhile
        audit.record("contract sealed", found.application, number=found.number, hash=digest[:16])
        address = f"{settings.SITE_URL}{reverse('signing:documents')}"
        telling.tell(
            found.application,
            "contract_ready",
            [found.number, address],
            intent=f"contract {found.pk}",
            channels=(Message.Channel.EMAIL,),
            app="signing",
        )


def proof(found: Paper) -> dict[str, str]:
    """The page of evidence: who, when, from where, by what."""
    told, application = found.evidence, found.application
    declared = application.declaration
    assert declared
    strokes = told["strokes"]
    points = sum(len(stroke) for stroke in strokes)
    how = f"Vẽ tay, {len(strokes)} nét, {points} điểm" if strokes else "Gõ họ tên thay cho vẽ"
    return {
        "reference": application.reference,
        "who": f"{declared.full_name}, tài khoản {writing.masked(declared.number)}",
        "begun": printing.moment(told["begun"]),
        "agreed": "1. Đồng ý với nội dung hợp đồng và Điều khoản pháp lý. 2. Hiểu rằng các hành động từ “Bắt đầu ký điện "
        "tử” đến “Hoàn thành ký điện tử” là việc ký hợp đồng điện tử.",
        "drawn_how": f"{how}, lúc {printing.moment(told['drawn_at'])}",
        "drawn_hash": spaced(told["drawn_hash"]),
        "code": f"Gửi qua SMS tới {writing.masked(declared.phone)} lúc {printing.moment(told['code_sent'])}; "
        f"nhập đúng lúc {printing.moment(told['agreed'])}",
        "completed": printing.moment(told["agreed"]),
        "network": told["place"] or "–",
        "device": told["device"] or "–",
        "shown_hash": spaced(found.shown_hash),
        "version": found.version,
        **{f"hash_{name}": spaced(texts.text(name, found.version, "vi").hash) for name in texts.PARTS["contract"]},
    }


def spaced(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
