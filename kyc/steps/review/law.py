"""May they? By the rows of verbs.py, asked of each act before it is done (promises P5, P6); that appraiser and approver are
two, the approval itself asks once more (enrollment/steps/approving.py)."""

from django.utils.translation import gettext_lazy as _

from enrollment import dossier, journey
from enrollment.models import Application, Approval
from enrollment.steps import approving
from kyc.models import ITEMS, Case, Decision
from kyc.steps import checking, flags, sparing
from kyc.steps.review.queues import queues_of, works_off
from kyc.steps.review.turns import Choice
from kyc.steps.review.verbs import Verb
from portal.accounts.roles import check_vouched, is_vouched
from portal.looks import says_something
from portal.models import User
from portal.refusals import Refusal

Queue = Case.Queue


def may_send_back(application: Application) -> list[str]:
    """What this application has or owes, and a step of its route can do again."""
    route = journey.ROUTES[journey.Channel(application.channel)]
    pictures = set(ITEMS) - sparing.sources(application)
    return [item for item, step in journey.ITEMS.items() if step in route and item not in pictures]


def may(case: Case, verb: Verb, user: User) -> bool:
    """By the table alone: what to offer on a page. `check` asks further."""
    roles = set(verb.roles) & set(user.roles)
    if not roles or case.queue not in verb.queues:
        return False
    if verb.own_queue and not works_off(roles, case.queue):
        return False
    if verb.held and case.holder_id != user.pk:
        return False
    return verb.when is None or verb.when(case, user)


def check(case: Case, verb: Verb, user: User, choice: Choice) -> None:
    if not may(case, verb, user):
        raise not_allowed()
    check_vouched(user)
    if any(not getattr(choice, need) for need in verb.needs):
        raise Refusal("incomplete", _("Cần chọn mục, lý do, ngày hoặc ghi chú cho quyết định này."), status=422)
    if verb.shown and choice.file_hash != dossier.digest(case.application):
        raise approving.changed()
    if verb.answers:
        check_answered(case.application, choice)
    if set(choice.items) - set(may_send_back(case.application)):
        raise Refusal("incomplete", _("Mục này không làm lại được ở hồ sơ này."), status=422)
    if verb.strangers:
        approving.check_stranger(case.application, user)
    if verb.second:
        check_other_person(case, user)
    if choice.to and "to" in verb.fields:
        check_may_be_given(case, choice.to)


def check_answered(application: Application, choice: Choice) -> None:
    """No flag passes unread: why each one stands in nobody's way is written down, and read by whoever decides next."""
    standing = {flag.name: flag.title for flag in flags.of(application, checking.findings(application))}
    unanswered = [str(title) for name, title in standing.items() if not says_something(choice.answers.get(name, ""))]
    if unanswered:
        raise Refusal(
            "unanswered",
            _("Hãy viết lý do cho từng cảnh báo trước khi cho đạt, ít nhất ba từ, không ghi số. Còn thiếu: %(flags)s.")
            % {"flags": "; ".join(unanswered)},
            status=422,
        )
    if set(choice.answers) - set(standing):
        raise Refusal("incomplete", _("Cảnh báo của hồ sơ vừa thay đổi. Hãy tải lại trang."), status=422)


def check_may_be_given(case: Case, user: User) -> None:
    if case.queue not in queues_of(user) or not is_vouched(user):
        raise not_allowed()
    approving.check_stranger(case.application, user)
    check_other_person(case, user)


def check_other_person(case: Case, user: User) -> None:
    """A second look is somebody else's: of the approval, of an opinion, of an objection."""
    own = Decision.objects.filter(case=case, by=user)
    before = {
        Queue.APPROVAL: Approval.objects.filter(application=case.application, voided_at=None, appraised_by=user),
        Queue.SECOND: own.filter(act__in=("ask", "pass")),
        Queue.OBJECTION: own,
    }.get(Queue(case.queue))
    if before is not None and before.exists():
        raise Refusal(
            "same-person",
            _("Việc này phải do một người khác làm, không phải người đã quyết định trước đó."),
            status=403,
        )


def not_allowed() -> Refusal:
    return Refusal("not-allowed", _("Vai trò này không được làm việc đó ở trạng thái hiện tại của hồ sơ."), status=403)
