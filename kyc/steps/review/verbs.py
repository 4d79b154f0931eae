"""Everything that can be done with a file, a row for each verb: where, by whom, on what condition, how it is asked for on
the desk, and what it does. They stand in the order in which people reach for them; pages, form and keys follow it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from kyc.models import Case
from kyc.steps.review import acts, asking
from kyc.steps.review.queues import APPROVER, REVIEWER, SUPERVISOR, is_free, may_be_taken_back, may_be_taken_over
from kyc.steps.review.turns import Choice
from portal.models import User

APPRAISAL, SECOND, APPROVAL = Case.Queue.APPRAISAL, Case.Queue.SECOND, Case.Queue.APPROVAL
OBJECTION, HOLD = Case.Queue.OBJECTION, Case.Queue.HOLD
PASSES: dict[str, Any] = {"shown": True, "answers": True}  # of the file as it was shown, with every flag answered
RUNNING, ANYBODY, BOTH = Case.RUNNING, (REVIEWER, APPROVER, SUPERVISOR), (REVIEWER, APPROVER)


@dataclass(frozen=True)
class Verb:
    name: str
    label: Any
    key: str
    queues: tuple[str, ...]
    roles: tuple[str, ...]
    act: Callable[[Case, User, Choice], None]

    # On what condition.
    held: bool = True  # only by whoever holds the file
    when: Callable[[Case, User], bool] | None = None
    own_queue: bool = False  # by a role that works off the queue in which the file lies; a supervisor sees to all
    strangers: bool = True  # by none but those who had no hand in the file
    second: bool = False  # a second look: somebody else's than the first
    shown: bool = False  # decided of the file as it was shown, and of no other
    answers: bool = False  # lets the file pass: by a written reason for each of its flags

    # How it is asked for.
    fields: tuple[str, ...] = ()  # of the form that opens; without one it is a button
    needs: tuple[str, ...] = ()  # of these fields
    reasons: Mapping[str, Any] = field(default_factory=dict)
    light: bool = False  # a single press of its key does it
    colour: str = ""
    then: str = "next"  # what opens afterwards: the next file, the same file, the queue


ROWS = (
    Verb("pass", _("Đạt thẩm định"), "d", (APPRAISAL,), (REVIEWER,), acts.pass_on, **PASSES, colour="default"),
    Verb("approve", _("Duyệt"), "d", (APPROVAL,), (APPROVER,), acts.approve, **PASSES, second=True, colour="default"),
    Verb("agree", _("Ý kiến: đạt"), "d", (SECOND,), (REVIEWER,), acts.agree, **PASSES, second=True),
    Verb("reopen", _("Chấp nhận khiếu nại"), "d", (OBJECTION,), ANYBODY, acts.reopen, second=True, shown=True),
    Verb(
        "take", _("Nhận"), "n", RUNNING, ANYBODY, acts.take,
        held=False, when=is_free, own_queue=True, second=True, light=True, then="file",
    ),
    Verb(
        "take-over", _("Lấy lại để xử lý"), "n", RUNNING, ANYBODY, acts.take_over,
        held=False, when=may_be_taken_over, own_queue=True, second=True, light=True, then="file",
    ),
    Verb(
        "resume", _("Tiếp tục xử lý"), "n", (HOLD,), ANYBODY, acts.resume,
        held=False, strangers=False, light=True, then="queue",
    ),
    Verb(
        "send-back", _("Yêu cầu bổ sung"), "b", (APPRAISAL, APPROVAL), BOTH, acts.send_back,
        own_queue=True, shown=True, fields=("items", "note"), needs=("items",),
    ),
    Verb(
        "question", _("Hỏi khách"), "h", (APPRAISAL, APPROVAL), BOTH, asking.ask_customer, when=asking.is_unasked,
        own_queue=True, fields=("reason", "words"), needs=("reason",),
        reasons={code: name for code, (name, _asked) in asking.TOPICS.items()},
    ),
    Verb("ask", _("Xin ý kiến thứ hai"), "y", (APPRAISAL,), (REVIEWER,), acts.ask),
    Verb(
        "hold", _("Tạm giữ"), "t", (APPRAISAL, APPROVAL), BOTH, acts.hold, own_queue=True, shown=True,
        fields=("reason", "until", "note"), needs=("reason", "until"), reasons=acts.HOLDS,
    ),
    Verb(
        "return", _("Trả lại thẩm định"), "l", (APPROVAL,), (APPROVER,), acts.return_to_appraisal,
        fields=("note",), needs=("note",),
    ),
    Verb(
        "reject", _("Từ chối"), "x", (APPRAISAL, APPROVAL), BOTH, acts.reject, own_queue=True, shown=True,
        fields=("reason", "note"), needs=("reason",),
        reasons={code: name for code, (name, _answer) in acts.REJECTIONS.items()},
    ),
    Verb(
        "disagree", _("Ý kiến: không đạt"), "x", (SECOND,), (REVIEWER,), acts.disagree,
        second=True, shown=True, fields=("note",), needs=("note",),
    ),
    Verb(
        "uphold", _("Giữ nguyên từ chối"), "x", (OBJECTION,), ANYBODY, acts.uphold,
        second=True, shown=True, fields=("note",),
    ),
    Verb(
        "recall", _("Rút lại thẩm định"), "l", (APPROVAL,), (REVIEWER,), acts.recall,
        held=False, when=may_be_taken_back, then="file",
    ),
    Verb(
        "note", _("Ghi chú"), "g", RUNNING, ANYBODY, asking.note, fields=("words",), needs=("words",), then="file",
    ),
    Verb(
        "release", _("Trả về hàng đợi"), "o", RUNNING, ANYBODY, acts.release,
        strangers=False, light=True, then="queue",
    ),
    Verb(
        "assign", _("Giao cho"), "", RUNNING, (SUPERVISOR,), acts.assign,
        held=False, strangers=False, fields=("to",), needs=("to",), then="queue",
    ),
)  # fmt: skip
VERBS = {verb.name: verb for verb in ROWS}
