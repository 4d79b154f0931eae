"""What is said about a file beside its decisions: notes among staff, and one question at a time to the customer.

A question keeps the file where it lies and with whoever holds it; the clock stands until the answer, as it does whenever
the customer is waited for. An answer is part of the file: an appraisal that was made without it holds no more."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from enrollment.steps import approving
from kyc import hours
from kyc.models import Case, Remark
from kyc.steps import notifying
from kyc.steps.review.turns import Asking, Choice, Queue, due, turn
from portal import audit
from portal.allowances import Limit
from portal.models import User
from portal.refusals import Refusal

ANSWER_DAYS = 3  # after which a question that nobody answered is asked no more
QUESTIONS = Limit("questions to a customer", 5, timedelta(days=1))
OTHER = "other"
# What is asked: how staff choose it, and how the customer reads it.
TOPICS: dict[str, tuple[Any, Any]] = {
    "own-will": (
        _("Khách tự đăng ký, để làm gì"),
        _("Quý khách có tự mình đăng ký chứng thư số này không, và định dùng vào việc gì?"),
    ),
    "helped": (
        _("Có ai đề nghị, giúp đăng ký"),
        _("Có ai đề nghị hoặc giúp Quý khách đăng ký không? Nếu có, người đó là ai?"),
    ),
    "own-contact": (
        _("Điện thoại, email của riêng khách"),
        _("Số điện thoại và email đã khai có phải của riêng Quý khách không? Nếu dùng chung, với ai?"),
    ),
    "name": (
        _("Họ tên khác giấy tờ"),
        _("Họ tên đã khai khác với trên giấy tờ. Tên nào đúng, và vì sao khác?"),
    ),
    "address": (
        _("Địa chỉ chưa rõ"),
        _("Địa chỉ đã khai chưa đủ rõ. Quý khách ghi giúp số nhà, đường (thôn, xóm) và xã, phường hiện nay."),
    ),
    "old-card": (
        _("Giấy tờ đã đổi"),
        _("Quý khách đã đổi sang thẻ hoặc số giấy tờ khác chưa? Nếu rồi, đổi khi nào?"),
    ),
    OTHER: (_("Câu hỏi khác"), _("Người thẩm định muốn hỏi Quý khách:")),
}  # fmt: skip


def note(case: Case, by: User, choice: Choice) -> None:
    """For whoever looks at the file next. It decides nothing, so a page that is open stays good."""
    remark = Remark.objects.create(case=case, kind=Remark.Kind.NOTE, by=by, words=choice.words)
    audit.record("note written", case.application, remark=remark.pk)


def is_unasked(case: Case, _user: User) -> bool:
    return case.asking != Asking.ASKED


def ask_customer(case: Case, by: User, choice: Choice) -> None:
    if choice.reason not in TOPICS or (choice.reason == OTHER and len(choice.words) < 10):
        raise Refusal("incomplete", _("Hãy chọn câu hỏi, hoặc viết rõ điều muốn hỏi (ít nhất 10 ký tự)."), status=422)
    QUESTIONS.require(str(case.pk), _("Hồ sơ này đã được hỏi năm lần trong một ngày. Hãy quyết định, hoặc gọi khách."))
    question = Remark.objects.create(
        case=case, kind=Remark.Kind.QUESTION, by=by, topic=choice.reason, words=choice.words or None
    )
    left = round(hours.between(timezone.now(), case.due_at).total_seconds())
    turn(case, asking=Asking.ASKED, left=left)
    audit.record("customer asked", case.application, topic=choice.reason, remark=question.pk)
    notifying.notify_result(case, "question")


def open_question(case: Case | None) -> Remark | None:
    """What the customer is asked now."""
    if case is None or case.asking != Asking.ASKED:
        return None
    question = case.remarks.filter(kind=Remark.Kind.QUESTION).order_by("-pk").first()
    if question:
        question.case = case
    return question


def last_day(question: Remark) -> date:
    """Until whose end the answer is waited for."""
    return timezone.localdate(question.at) + timedelta(days=ANSWER_DAYS)


def since() -> datetime:
    """Questions asked before are asked no more."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=ANSWER_DAYS)


@transaction.atomic
def answer(application: Application, words: str) -> None:
    """The customer's. Whoever approves at this very moment waits for it, or was first and closed the question."""
    application.hold()
    rows = Case.objects.select_related("application", "application__data_key")
    case = rows.filter(application=application).first()
    question = open_question(case)
    if case is None or question is None:
        raise Refusal("not-asked", _("Câu hỏi này đã khép lại; Quý khách không cần trả lời nữa."), status=409)
    if len(words) < 2:
        raise Refusal("incomplete", _("Quý khách vui lòng viết câu trả lời."), status=422)
    Remark.objects.create(case=case, kind=Remark.Kind.ANSWER, to=question, words=words)
    again: dict[str, Any] = {}
    if case.queue == Queue.APPROVAL:
        approving.void(case.application)
        again = {"queue": Queue.APPRAISAL, "holder": None, "held_at": None}
    turn(case, **again, asking=Asking.ANSWERED, due_at=due(case))
    audit.record("question answered", case.application, remark=question.pk)


@transaction.atomic
def lapse(case: Case) -> None:
    """Nobody answered in time: the file is judged by what is there."""
    case.application.hold()
    if Case.objects.filter(pk=case.pk, turns=case.turns).exists():
        turn(case, asking="", due_at=due(case))
        audit.record("question lapsed", case.application)


def answers(application: Application) -> list[tuple[str, str | None, str | None]]:
    """For the file's hash: what was asked and answered, in order."""
    rows = Remark.objects.filter(case__application=application, kind=Remark.Kind.ANSWER).select_related("to")
    said = []
    for remark in rows.order_by("pk"):
        assert remark.to
        for each in (remark, remark.to):
            each.case = Case(application=application)
        said.append((remark.to.topic, remark.to.words, remark.words))
    return said
