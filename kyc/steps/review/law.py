"""May they? Choice of each act before it is done (promises P5, P6)."""

from django.utils.translation import gettext_lazy as _

from enrollment import dossier, journey
from enrollment.models import Application, Approval
from enrollment.steps import approving
from kyc.models import ITEMS, Case, Decision, needed
from kyc.steps.review.queues import APPROVER, REVIEWER, SUPERVISOR, is_left_lying, queues_of
from kyc.steps.review.turns import Choice
from kyc.steps.review.verbs import RULES, SHOWN, TAKES
from portal.accounts.roles import check_vouched, is_vouched
from portal.models import User
from portal.refusals import Refusal

Queue = Case.Queue


def may_send_back(application: Application) -> list[str]:
    """What this application has, and a step of its route can do again."""
    route = journey.ROUTES[journey.Channel(application.channel)]
    pictures = set(ITEMS) - set(needed(application))
    return [item for item, step in journey.ITEMS.items() if step in route and item not in pictures]


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
        fits = {Queue.APPRAISAL: REVIEWER, Queue.APPROVAL: APPROVER}[Queue(case.queue)]
        return fits in user.roles and case.holder_id == user.pk
    return case.holder_id == user.pk if rule.held else True


def check(case: Case, verb: str, user: User, choice: Choice) -> None:
    if verb not in RULES or not may(case, verb, user):
        raise not_allowed()
    check_vouched(user)
    if any(not getattr(choice, need) for need in RULES[verb].needs):
        raise Refusal("incomplete", _("Cần chọn mục, lý do, ngày hoặc ghi chú cho quyết định này."), status=422)
    if verb in SHOWN and choice.file_hash != dossier.digest(case.application):
        raise approving.changed()
    if set(choice.items) - set(may_send_back(case.application)):
        raise Refusal("incomplete", _("Mục này không làm lại được ở hồ sơ này."), status=422)
    if verb not in ("release", "assign", "resume"):
        approving.check_stranger(case.application, user)
    if verb in ("agree", "disagree", "approve", "uphold", "reopen") or (verb in TAKES[:2]):
        check_other_person(case, user)
    if verb == "assign" and choice.to:
        if case.queue not in queues_of(choice.to) or not is_vouched(choice.to):
            raise not_allowed()
        approving.check_stranger(case.application, choice.to)
        check_other_person(case, choice.to)


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
