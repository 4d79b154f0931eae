"""The review: queues, who holds a file, and every act that decides about one. RULES is the whole law of who may do what
where; `act` is the one door through which it is done, from page, key press or program alike (promises P5, P6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import dossier, journey
from enrollment.journey import Step
from enrollment.models import Application, Approval
from enrollment.steps import approving, leaving
from kyc import hours
from kyc.models import ITEMS, Case, Decision, needed
from kyc.steps import checking, facing, sampling, telling
from portal import audit
from portal.accounts.roles import check_vouched, is_vouched
from portal.models import User
from portal.refusals import Refusal

Q_ = Case.Queue
REVIEWER, APPROVER, SUPERVISOR = "reviewer", "approver", "supervisor"
OBJECTION_DAYS = 15  # in which a customer may object to a rejection; then the application ends
PATIENCE = timedelta(minutes=30)  # after which a held file may be taken over by a colleague

# Why an application is rejected: how staff read it, and what the customer is told.
REJECTIONS: dict[str, tuple[Any, Any]] = {
    "forged": (_("Giấy tờ có dấu hiệu giả mạo"), _("Giấy tờ không được chấp nhận.")),
    "not-the-person": (_("Không phải người trên giấy tờ"), _("Người đăng ký và giấy tờ không khớp nhau.")),
    "misused": (_("Giấy tờ bị dùng trái phép"), _("Có dấu hiệu giấy tờ được dùng mà chủ giấy tờ không biết.")),
    "under-age": (_("Chưa đủ điều kiện tuổi, năng lực"), _("Người đăng ký chưa đủ điều kiện theo quy định.")),
    "wrong-number": (
        _("Khai sai số giấy tờ"),
        _("Số giấy tờ đã khai không phải của giấy tờ đã chụp; số này không sửa được. Quý khách vui lòng đăng ký lại."),
    ),
    "unclear": (_("Bổ sung nhiều lần chưa đạt"), _("Hồ sơ đã bổ sung nhiều lần nhưng vẫn chưa đủ căn cứ.")),
}
HOLDS: dict[str, Any] = {
    "asking-elsewhere": _("Chờ xác minh với cơ quan khác"),
    "asking-customer": _("Chờ gọi được khách"),
    "technical": _("Chờ khắc phục kỹ thuật"),
}


@dataclass(frozen=True)
class Rule:
    queues: tuple[str, ...]
    roles: tuple[str, ...]
    held: bool = True  # only by whoever holds the file
    needs: tuple[str, ...] = ()


RULES: dict[str, Rule] = {
    "take": Rule((Q_.APPRAISAL, Q_.SECOND, Q_.APPROVAL, Q_.OBJECTION), (REVIEWER, APPROVER, SUPERVISOR), held=False),
    "take-over": Rule(
        (Q_.APPRAISAL, Q_.SECOND, Q_.APPROVAL, Q_.OBJECTION), (REVIEWER, APPROVER, SUPERVISOR), held=False
    ),
    "assign": Rule((Q_.APPRAISAL, Q_.SECOND, Q_.APPROVAL, Q_.OBJECTION), (SUPERVISOR,), held=False, needs=("to",)),
    "release": Rule((Q_.APPRAISAL, Q_.SECOND, Q_.APPROVAL, Q_.OBJECTION), (REVIEWER, APPROVER, SUPERVISOR)),
    "pass": Rule((Q_.APPRAISAL,), (REVIEWER,)),
    "ask": Rule((Q_.APPRAISAL,), (REVIEWER,)),
    "agree": Rule((Q_.SECOND,), (REVIEWER,)),
    "disagree": Rule((Q_.SECOND,), (REVIEWER,), needs=("note",)),
    "recall": Rule((Q_.APPROVAL,), (REVIEWER,), held=False),  # undone by the one who did it, while nobody looks at it
    "approve": Rule((Q_.APPROVAL,), (APPROVER,)),
    "return": Rule((Q_.APPROVAL,), (APPROVER,), needs=("note",)),
    "send-back": Rule((Q_.APPRAISAL, Q_.APPROVAL), (REVIEWER, APPROVER), needs=("items",)),
    "hold": Rule((Q_.APPRAISAL, Q_.APPROVAL), (REVIEWER, APPROVER), needs=("reason", "until")),
    "resume": Rule((Q_.HOLD,), (REVIEWER, APPROVER, SUPERVISOR), held=False),
    "reject": Rule((Q_.APPRAISAL, Q_.APPROVAL), (REVIEWER, APPROVER), needs=("reason",)),
    "uphold": Rule((Q_.OBJECTION,), (REVIEWER, APPROVER, SUPERVISOR)),
    "reopen": Rule((Q_.OBJECTION,), (REVIEWER, APPROVER, SUPERVISOR)),
}
# Which role works off which queue.
WORKS: dict[str, tuple[str, ...]] = {
    REVIEWER: (Q_.APPRAISAL, Q_.SECOND, Q_.OBJECTION),
    APPROVER: (Q_.APPROVAL, Q_.OBJECTION),
    SUPERVISOR: (Q_.OBJECTION,),
}
TAKES = ("take", "take-over", "assign", "release")
SHOWN = (
    "pass",
    "approve",
    "send-back",
    "reject",
    "agree",
    "disagree",
    "hold",
    "reopen",
    "uphold",
)  # decided as it was shown
HOLD_DAYS = 30


@dataclass(frozen=True)
class Asked:
    """What a person asks for, and what the file was when they looked at it."""

    turns: int
    file_hash: str = ""
    items: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    until: date | None = None
    note: str = ""
    to: User | None = None


# ── May they? ──


def may_send_back(application: Application) -> list[str]:
    """What this application has, and a step of its route can do again."""
    route = journey.ROUTES[journey.Channel(application.channel)]
    pictures = set(ITEMS) - set(needed(application))
    return [item for item, step in journey.ITEMS.items() if step in route and item not in pictures]


def queues_of(user: User) -> list[str]:
    return [queue for role in user.roles for queue in WORKS.get(role, ())]


def may(case: Case, verb: str, user: User) -> bool:
    """By the table alone: what to offer on a page. `act` asks further."""
    rule = RULES[verb]
    if not set(rule.roles) & set(user.roles) or case.queue not in rule.queues:
        return False
    if verb in ("take", "take-over") and case.queue not in queues_of(user) and SUPERVISOR not in user.roles:
        return False
    if verb == "recall":
        last = case.decisions.order_by("-pk").first()
        return case.holder_id is None and last is not None and last.act == "pass" and last.by_id == user.pk
    if verb == "take":
        return case.holder_id is None
    if verb == "take-over":
        return case.holder_id not in (None, user.pk) and (SUPERVISOR in user.roles or is_left_lying(case))
    if verb in ("reject", "send-back", "hold"):
        fits = {Q_.APPRAISAL: REVIEWER, Q_.APPROVAL: APPROVER}[Q_(case.queue)]
        return fits in user.roles and case.holder_id == user.pk
    return case.holder_id == user.pk if rule.held else True


def is_left_lying(case: Case) -> bool:
    return bool(case.held_at and timezone.now() - case.held_at > PATIENCE)


def check_may(case: Case, verb: str, user: User, asked: Asked) -> None:
    if verb not in RULES or not may(case, verb, user):
        raise not_allowed()
    check_vouched(user)
    if any(not getattr(asked, need) for need in RULES[verb].needs):
        raise Refusal("incomplete", _("Cần chọn mục, lý do, ngày hoặc ghi chú cho quyết định này."), status=422)
    if verb in SHOWN and asked.file_hash != dossier.digest(case.application):
        raise approving.changed()
    if set(asked.items) - set(may_send_back(case.application)):
        raise Refusal("incomplete", _("Mục này không làm lại được ở hồ sơ này."), status=422)
    if verb not in ("release", "assign", "resume"):
        approving.check_stranger(case.application, user)
    if verb in ("agree", "disagree", "approve", "uphold", "reopen") or (verb in TAKES[:2]):
        check_other_person(case, user)
    if verb == "assign" and asked.to:
        if case.queue not in queues_of(asked.to) or not is_vouched(asked.to):
            raise not_allowed()
        approving.check_stranger(case.application, asked.to)
        check_other_person(case, asked.to)


def check_other_person(case: Case, user: User) -> None:
    """A second look is somebody else's: of the approval, of an opinion, of an objection."""
    own = Decision.objects.filter(case=case, by=user)
    before = {
        Q_.APPROVAL: Approval.objects.filter(application=case.application, voided_at=None, appraised_by=user),
        Q_.SECOND: own.filter(act__in=("ask", "pass")),
        Q_.OBJECTION: own,
    }.get(Q_(case.queue))
    if before is not None and before.exists():
        raise Refusal(
            "same-person",
            _("Việc này phải do một người khác làm, không phải người đã quyết định trước đó."),
            status=403,
        )


def not_allowed() -> Refusal:
    return Refusal("not-allowed", _("Vai trò này không được làm việc đó ở trạng thái hiện tại của hồ sơ."), status=403)


def outrun(case: Case) -> Refusal:
    """Two at once: one decision won, and the other is told which."""
    last = Decision.objects.filter(case=case).order_by("-pk").first()
    if last and last.at > timezone.now() - timedelta(hours=12):
        said = _("Hồ sơ vừa được người khác quyết định: %(act)s. Quyết định của bạn chưa được ghi.") % {
            "act": last.title
        }
        return Refusal("decided-already", said)
    return Refusal("decided-already", _("Hồ sơ vừa được người khác xử lý. Hãy tải lại để xem trạng thái mới."))


# ── Acting ──


def act(case: Case, verb: str, by: User, asked: Asked) -> None:
    """One conditional update on the number of turns decides between two at once; all else is in its transaction."""
    with transaction.atomic():
        case.application.hold()
        fresh = Case.objects.select_related("application", "application__data_key", "application__plan").get(pk=case.pk)
        if fresh.turns != asked.turns:
            raise outrun(case)
        check_may(fresh, verb, by, asked)
        DOINGS[verb](fresh, by, asked)
    case.refresh_from_db()


def _turn(case: Case, **changes: Any) -> None:
    if not Case.objects.filter(pk=case.pk, turns=case.turns).update(turns=F("turns") + 1, **changes):
        raise outrun(case)
    case.turns += 1
    for name, value in changes.items():
        setattr(case, name, value)


def _note(case: Case, verb: str, by: User | None, asked: Asked) -> Decision:
    taken = round((timezone.now() - case.held_at).total_seconds()) if case.held_at else 0
    return Decision.objects.create(
        case=case,
        act=verb,
        by=by,
        file_hash=asked.file_hash,
        items=dict(asked.items),
        reason=asked.reason,
        until=asked.until,
        note=asked.note[:1000] or None,
        seconds=taken,
    )


def _take(case: Case, by: User, asked: Asked) -> None:
    _turn(case, holder=by, held_at=timezone.now())


def _take_over(case: Case, by: User, asked: Asked) -> None:
    audit.record("case taken over", case.application, holder=case.holder_id)
    _take(case, by, asked)


def _assign(case: Case, by: User, asked: Asked) -> None:
    assert asked.to
    audit.record("case assigned", case.application, to=asked.to.pk)
    _turn(case, holder=asked.to, held_at=timezone.now())


def _release(case: Case, by: User, asked: Asked) -> None:
    _turn(case, holder=None, held_at=None)


def _pass(case: Case, by: User, asked: Asked) -> None:
    _note(case, "pass", by, asked)
    if case.truth:
        return _planted(case, by, "pass")
    approving.appraise(case.application, asked.file_hash, by)
    _turn(case, queue=Q_.APPROVAL, holder=None, held_at=None)
    return None


def _approve(case: Case, by: User, asked: Asked) -> None:
    application = case.application
    if case.truth:
        _note(case, "approve", by, asked)
        return _planted(case, by, "pass")
    approving.approve(application, asked.file_hash, by)
    _note(case, "approve", by, asked)
    _close(case)
    sampling.maybe_sample(case, by)
    application.finish()
    if application.step != Step.ISSUANCE:  # else the certificate is there in a moment and says it itself
        telling.tell_result(case, "approved")
    return None


def _return(case: Case, by: User, asked: Asked) -> None:
    approving.void(case.application)
    _note(case, "return", by, asked)
    _turn(case, queue=Q_.APPRAISAL, holder=None, held_at=None)


def _recall(case: Case, by: User, asked: Asked) -> None:
    approving.void(case.application)
    _note(case, "recall", by, asked)
    _turn(case, queue=Q_.APPRAISAL, holder=by, held_at=timezone.now())


def _send_back(case: Case, by: User, asked: Asked) -> None:
    _note(case, "send-back", by, asked)
    if case.truth:
        return _planted(case, by, "fail")
    approving.void(case.application)
    if "face" in asked.items:
        facing.failures(case.application).update(counts=False)
    _rest(case, Q_.WAITING)
    case.application.send_back(asked.items)
    telling.tell_result(case, "sent_back")
    return None


def _hold(case: Case, by: User, asked: Asked) -> None:
    today = timezone.localdate()
    if asked.reason not in HOLDS or not asked.until or not today < asked.until <= today + timedelta(days=HOLD_DAYS):
        raise Refusal("incomplete", _("Tạm giữ cần lý do và một ngày trong 30 ngày tới."), status=422)
    _note(case, "hold", by, asked)
    _rest(case, Q_.HOLD, hold_until=asked.until)


def _resume(case: Case, by: User | None, asked: Asked) -> None:
    """Holding for reasons of our own stops no promise; waiting for the customer does."""
    held = case.decisions.filter(act="hold").order_by("-pk").first()
    if held is None or held.reason != "asking-customer":
        case.left -= round(hours.between(case.due_at, timezone.now()).total_seconds())
    approving.void(case.application)
    _note(case, "resume", by, asked)
    _run(case, Q_.APPRAISAL)


def _ask(case: Case, by: User, asked: Asked) -> None:
    """The other sees the file and not what the first thinks of it; then it comes back to the first."""
    _note(case, "ask", by, asked)
    _turn(case, queue=Q_.SECOND, holder=None, held_at=None)


def _opinion(verb: str) -> "Callable[[Case, User, Asked], None]":
    def give(case: Case, by: User, asked: Asked) -> None:
        asker = case.decisions.filter(act="ask").order_by("-pk").first()
        _note(case, verb, by, asked)
        _turn(case, queue=Q_.APPRAISAL, holder=asker.by if asker else None, held_at=timezone.now() if asker else None)

    return give


def _reject(case: Case, by: User, asked: Asked) -> None:
    if asked.reason not in REJECTIONS:
        raise Refusal("incomplete", _("Từ chối cần một lý do trong danh sách."), status=422)
    _note(case, "reject", by, asked)
    if case.truth:
        return _planted(case, by, "fail")
    approving.void(case.application)
    _rest(case, Q_.REJECTED)
    telling.tell_result(case, "rejected")
    return None


def _uphold(case: Case, by: User, asked: Asked) -> None:
    _note(case, "uphold", by, asked)
    telling.tell_result(case, "upheld")
    leaving.leave(case.application, "rejected")


def _reopen(case: Case, by: User, asked: Asked) -> None:
    _note(case, "reopen", by, asked)
    _run(case, Q_.APPRAISAL)
    telling.tell_result(case, "reopened")


def _planted(case: Case, by: User, verdict: str) -> None:
    """A known case tells of the reviewer, not of a person: it ends here, and nothing follows from it."""
    sampling.told_truth(case, by, verdict)
    leaving.leave(case.application, "planted")


DOINGS: dict[str, Callable[[Case, Any, Asked], None]] = {
    "take": _take,
    "take-over": _take_over,
    "assign": _assign,
    "release": _release,
    "pass": _pass,
    "approve": _approve,
    "return": _return,
    "recall": _recall,
    "send-back": _send_back,
    "hold": _hold,
    "resume": _resume,
    "ask": _ask,
    "agree": _opinion("agree"),
    "disagree": _opinion("disagree"),
    "reject": _reject,
    "uphold": _uphold,
    "reopen": _reopen,
}


# ── The clock ──


def promised(since: Any, seconds: int) -> Any:
    """A promise that has passed stays passed."""
    return hours.after(since, timedelta(seconds=seconds)) if seconds > 0 else since + timedelta(seconds=seconds)


def _rest(case: Case, queue: Case.Queue, **changes: Any) -> None:
    """The customer's turn, or somebody else's: the clock stops with what is left on it."""
    now = timezone.now()
    kept = {} if case.kept is not None or queue == Q_.HOLD else {"kept": now <= case.due_at}
    left = round(hours.between(now, case.due_at).total_seconds())
    _turn(case, queue=queue, holder=None, held_at=None, due_at=now, left=left, **kept, **changes)


def _run(case: Case, queue: Case.Queue) -> None:
    _turn(case, queue=queue, holder=None, held_at=None, due_at=promised(timezone.now(), case.left), hold_until=None)


def _close(case: Case) -> None:
    now = timezone.now()
    kept = {} if case.kept is not None else {"kept": now <= case.due_at}
    _turn(case, queue=Q_.CLOSED, holder=None, held_at=None, closed_at=now, **kept)


# ── What the journey tells us ──


def received(application: Application) -> None:
    """An application came to review, for the first time or with what was asked for."""
    now, minutes = timezone.now(), settings.REVIEW_MINUTES
    case, new = Case.objects.get_or_create(
        application=application,
        defaults={
            "received_at": now,
            "due_at": promised(now, minutes * 60),
            "branch": application.branch,
        },
    )
    if not new:
        waiting = Case.objects.filter(pk=case.pk).exclude(queue__in=Case.RUNNING)
        waiting.update(
            queue=Q_.APPRAISAL, holder=None, held_at=None, checked=False, looks=0, turns=F("turns") + 1, closed_at=None,
            due_at=promised(now, case.left or minutes * 60),
        )  # fmt: skip
    transaction.on_commit(checking.waker.wake, robust=True)


def stopped(application: Application) -> None:
    """It ended, by whatever way: nobody need look at it any more, but perhaps at a rejection that is final now."""
    now, case = timezone.now(), Case.objects.filter(application=application).first()
    Case.objects.filter(application=application).exclude(queue=Q_.CLOSED).update(
        queue=Q_.CLOSED, holder=None, held_at=None, closed_at=now, turns=F("turns") + 1
    )
    rejected = Decision.objects.filter(case=case, act="reject").order_by("-pk").first()
    if case and application.reason == "rejected" and rejected and rejected.by:
        sampling.maybe_sample(case, rejected.by, "fail")


# ── The customer's own acts ──


def object_to(application: Application, words: str) -> None:
    """To another person than the one who rejected."""
    with transaction.atomic():
        application.hold()
        case = Case.objects.select_related("application", "application__data_key").get(application=application)
        if case.queue != Q_.REJECTED or len(words) < 10:
            raise Refusal("cannot-object", _("Quý khách vui lòng viết rõ lý do khiếu nại (ít nhất 10 ký tự)."))
        _note(case, "object", None, Asked(case.turns, note=words))
        _turn(
            case,
            queue=Q_.OBJECTION,
            holder=None,
            held_at=None,
            due_at=promised(timezone.now(), settings.REVIEW_MINUTES * 60 * 8),
        )
        audit.record("rejection objected to", application)


def accept_rejection(application: Application) -> None:
    with transaction.atomic():
        application.hold()
        if not Case.objects.filter(application=application, queue=Q_.REJECTED).exists():
            raise Refusal("decided-already", _("Hồ sơ đã có thay đổi. Quý khách hãy tải lại trang."))
        leaving.leave(application, "rejected")


# ── On schedule ──


def wake() -> None:
    """Holds whose day has come go back into the queue; rejections nobody objected to end."""
    today, now = timezone.localdate(), timezone.now()
    for case in Case.objects.filter(queue=Q_.HOLD, hold_until__lte=today).select_related(
        "application", "application__data_key"
    )[:500]:
        with transaction.atomic():
            case.application.hold()
            if Case.objects.filter(pk=case.pk, turns=case.turns).exists():
                _resume(case, None, Asked(case.turns))
    over = Case.objects.filter(queue=Q_.REJECTED, due_at__lt=now - timedelta(days=OBJECTION_DAYS))
    for case in over.select_related("application")[:500]:
        with transaction.atomic():
            case.application.hold()
            if Case.objects.filter(pk=case.pk, turns=case.turns).exists():
                leaving.leave(case.application, "rejected")


# ── Queues ──


def in_queue(user: User) -> "QuerySet[Case]":
    """What is free for this person, the next promise first; without what the own hand has decided already."""
    free = Case.objects.filter(queue__in=queues_of(user), holder=None)
    mine = Decision.objects.filter(by=user, case=OuterRef("pk"))
    first = Exists(mine.filter(act__in=("pass", "ask")))
    second = Q(queue__in=(Q_.APPROVAL, Q_.SECOND)) & first | Q(queue=Q_.OBJECTION) & Exists(mine)
    return free.exclude(second).order_by("due_at", "pk")


def next_for(user: User) -> Case | None:
    """Take the next: of two who ask at once each gets another one. What is already mine comes first."""
    check_vouched(user)
    mine = Case.objects.filter(holder=user).exclude(queue=Q_.CLOSED).order_by("due_at").first()
    if mine:
        return mine
    passed_over: list[int] = []
    for _try in range(200):
        case = in_queue(user).exclude(pk__in=passed_over).select_related("application").first()
        if case is None:
            return None
        try:
            act(case, "take", user, Asked(case.turns))
        except Refusal:
            passed_over.append(case.pk)
        else:
            return case
    return None


def ahead_of(case: Case) -> int:
    """How many are before this one, for whoever waits."""
    before = Q(due_at__lt=case.due_at) | Q(due_at=case.due_at, pk__lt=case.pk)
    return Case.objects.filter(before, queue__in=Case.RUNNING).count()
