"""What each verb of the desk does to a file; may it be done, the law was asked before."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.steps import approving, leaving
from kyc import hours
from kyc.models import Case
from kyc.steps import facing, notifying, sampling
from kyc.steps.review.turns import Choice, close, rest, run, turn, write_decision
from portal import audit
from portal.models import User
from portal.refusals import Refusal

Queue = Case.Queue
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
HOLD_DAYS = 30


def take(case: Case, by: User, choice: Choice) -> None:
    turn(case, holder=by, held_at=timezone.now())


def take_over(case: Case, by: User, choice: Choice) -> None:
    audit.record("case taken over", case.application, holder=case.holder_id)
    take(case, by, choice)


def assign(case: Case, by: User, choice: Choice) -> None:
    assert choice.to
    audit.record("case assigned", case.application, to=choice.to.pk)
    turn(case, holder=choice.to, held_at=timezone.now())


def release(case: Case, by: User, choice: Choice) -> None:
    turn(case, holder=None, held_at=None)


def pass_on(case: Case, by: User, choice: Choice) -> None:
    write_decision(case, "pass", by, choice)
    approving.appraise(case.application, choice.file_hash, by)
    turn(case, queue=Queue.APPROVAL, holder=None, held_at=None)


def approve(case: Case, by: User, choice: Choice) -> None:
    application = case.application
    approving.approve(application, choice.file_hash, by)
    write_decision(case, "approve", by, choice)
    close(case)
    sampling.maybe_sample(case, by)
    application.finish()
    if application.step != Step.ISSUANCE:  # else the certificate is there in a moment and says it itself
        notifying.notify_result(case, "approved")


def return_to_appraisal(case: Case, by: User, choice: Choice) -> None:
    approving.void(case.application)
    write_decision(case, "return", by, choice)
    turn(case, queue=Queue.APPRAISAL, holder=None, held_at=None)


def recall(case: Case, by: User, choice: Choice) -> None:
    approving.void(case.application)
    write_decision(case, "recall", by, choice)
    turn(case, queue=Queue.APPRAISAL, holder=by, held_at=timezone.now())


def send_back(case: Case, by: User, choice: Choice) -> None:
    write_decision(case, "send-back", by, choice)
    approving.void(case.application)
    if "face" in choice.items:
        facing.failures(case.application).update(counts=False)
    rest(case, Queue.WAITING)
    case.application.send_back(choice.items)
    notifying.notify_result(case, "sent_back")


def hold(case: Case, by: User, choice: Choice) -> None:
    today = timezone.localdate()
    if choice.reason not in HOLDS or not choice.until or not today < choice.until <= today + timedelta(days=HOLD_DAYS):
        raise Refusal("incomplete", _("Tạm giữ cần lý do và một ngày trong 30 ngày tới."), status=422)
    write_decision(case, "hold", by, choice)
    rest(case, Queue.HOLD, hold_until=choice.until)


def resume(case: Case, by: User | None, choice: Choice) -> None:
    """Holding for reasons of our own stops no promise; waiting for the customer does."""
    held = case.decisions.filter(act="hold").order_by("-pk").first()
    if held is None or held.reason != "asking-customer":
        case.left -= round(hours.between(case.due_at, timezone.now()).total_seconds())
    approving.void(case.application)
    write_decision(case, "resume", by, choice)
    run(case, Queue.APPRAISAL)


def ask(case: Case, by: User, choice: Choice) -> None:
    """The other sees the file and not what the first thinks of it; then it comes back to the first."""
    write_decision(case, "ask", by, choice)
    turn(case, queue=Queue.SECOND, holder=None, held_at=None)


def agree(case: Case, by: User, choice: Choice) -> None:
    _give_opinion(case, "agree", by, choice)


def disagree(case: Case, by: User, choice: Choice) -> None:
    _give_opinion(case, "disagree", by, choice)


def _give_opinion(case: Case, verb: str, by: User, choice: Choice) -> None:
    asker = case.decisions.filter(act="ask").order_by("-pk").first()
    write_decision(case, verb, by, choice)
    turn(case, queue=Queue.APPRAISAL, holder=asker.by if asker else None, held_at=timezone.now() if asker else None)


def reject(case: Case, by: User, choice: Choice) -> None:
    if choice.reason not in REJECTIONS:
        raise Refusal("incomplete", _("Từ chối cần một lý do trong danh sách."), status=422)
    write_decision(case, "reject", by, choice)
    approving.void(case.application)
    rest(case, Queue.REJECTED)
    notifying.notify_result(case, "rejected")


def uphold(case: Case, by: User, choice: Choice) -> None:
    write_decision(case, "uphold", by, choice)
    notifying.notify_result(case, "upheld")
    leaving.leave(case.application, "rejected")


def reopen(case: Case, by: User, choice: Choice) -> None:
    write_decision(case, "reopen", by, choice)
    run(case, Queue.APPRAISAL)
    notifying.notify_result(case, "reopened")
