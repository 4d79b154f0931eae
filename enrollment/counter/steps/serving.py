"""A counter's applications: opened for whoever stands there, taken over by a colleague, ended when a guest has left."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment import journey
from enrollment.counter.rights import LEAD, SERVE
from enrollment.counter.steps.rehearsing import check_enabled, is_enabled
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.steps import activation, declaration, leaving, recognition
from enrollment.steps.inviting import INVITE
from enrollment.steps.notifying import notify
from enrollment.steps.opening import open_application
from portal import audit
from portal.accounts.roles import check_vouched, is_vouched
from portal.allowances import Limit
from portal.models import Branch, User
from portal.refusals import Refusal, out_of_step

log = structlog.get_logger(__name__)
OPENINGS = Limit("counter openings", 200, timedelta(days=1))  # by one agent: more than anybody can serve
BEFORE_ACCOUNT = (Step.DECLARATION, Step.CONSENT, Step.PLAN, Step.PAYMENT, Step.CAPTURE, Step.HANDOVER)


def serves(user: User, branch: int | None) -> bool:
    """At this branch; somebody else's counter is nobody's business."""
    return user.has_perm(SERVE) and branch in user.branch_ids


def agents(branch: Branch | None) -> list[User]:
    """Who may help people at this counter."""
    if branch is None:
        return []
    people = User.objects.filter(Q(branch=branch) | Q(further_branches=branch), groups__name="agent").distinct()
    return [user for user in people.order_by("pk") if is_vouched(user) and serves(user, branch.pk) and is_enabled(user)]


def is_given(application: Application) -> bool:
    """To this counter, by us."""
    if not application.is_ours:
        log.error("an application was changed by other means", application=application.pk, alarm=True)
    return application.is_ours


def check_serves(application: Application, user: User) -> None:
    check_vouched(user)
    if application.channel != Channel.COUNTER or not serves(user, application.branch_id) or not is_given(application):
        raise Refusal("not-served-here", _("Hồ sơ này không thuộc quầy của bạn."), status=404)
    check_enabled(user)


@transaction.atomic
def open_for(branch: Branch, agent: User, *, language: str) -> Application:
    """Pressed twice it is one: an application into which nothing was typed yet is gone on with."""
    check_vouched(agent)
    if not serves(agent, branch.pk):
        raise Refusal("not-served-here", _("Bạn không phục vụ tại quầy này."), status=403)
    check_enabled(agent)
    User.objects.select_for_update().get(pk=agent.pk)
    untouched = Application.objects.filter(
        agent=agent, branch=branch, channel=Channel.COUNTER, step=Step.DECLARATION, moves=0, draft=None
    )
    if application := untouched.select_related("data_key", "branch").order_by("-pk").first():
        return application
    OPENINGS.require(str(agent.pk), _("Hôm nay bạn đã mở quá nhiều hồ sơ. Báo trưởng quầy."))
    return open_application((), channel=Channel.COUNTER, branch=branch, agent=agent, language=language)


@transaction.atomic
def correct(application: Application, by: User) -> None:
    """Back to what was typed, while its owner has no account yet; what was changed is agreed to and vouched for anew."""
    check_serves(application, by)
    application.move(Step.DECLARATION)


def resend(application: Application, by: User) -> None:
    """The code to activate, once more to the customer's own phone and mailbox; the agent sees none of it."""
    check_serves(application, by)
    if application.step != Step.ACTIVATION:
        raise out_of_step()
    activation.invite(application)
    audit.record("code resent", application, user=by)


@transaction.atomic
def take_over(application: Application, by: User, agent: User) -> None:
    """A colleague is away: somebody else of the same counter has it from here on, by themselves or by its head."""
    check_vouched(by)
    may = agent == by or (by.has_perm(LEAD) and application.branch_id in by.branch_ids)
    if not may or application.branch is None:
        raise Refusal("not-served-here", _("Hồ sơ này không thuộc quầy của bạn."), status=404)
    check_serves(application, agent)
    if application.step not in journey.CANCELLABLE or agent.pk == application.agent_id:
        raise out_of_step()
    before = application.agent_id
    application.pass_to(agent, application.branch)
    audit.record("file taken over", application, user=by, origin=before, agent=agent.pk)


@transaction.atomic
def end(application: Application, by: User) -> None:
    """A guest left, or an agent found what must not go on. What was typed is erased on schedule; money goes back."""
    check_serves(application, by)
    if application.step not in BEFORE_ACCOUNT or application.user_id:
        raise Refusal(
            "not-endable",
            _("Khách đã có tài khoản nên chỉ khách tự hủy được, hoặc khách gọi 18001260."),
        )
    INVITE.end(application)
    leaving.leave(application, "left")
    audit.record("guest left", application, user=by)


# ── Whoever stands there is a customer already: enrollment/steps/recognition.py ──


@transaction.atomic
def move_here(waiting: Application, by: User) -> Application:
    """What the same customer has open at a counter is carried on at this one, by this agent; what was just begun ends."""
    check_serves(waiting, by)
    known = recognition.known_to(waiting, by)
    if known is None or known.application is None or not known.is_at_counter:
        raise out_of_step()
    held, branch = known.application, waiting.branch
    assert branch
    held.hold()
    held.refresh_from_db()
    if held.is_ended:
        raise out_of_step()
    before = held.branch_id
    if (before, held.agent_id) != (branch.pk, by.pk):
        held.pass_to(by, branch)
        audit.record("moved to counter", held, user=by, origin=before, branch=branch.pk)
    if before != branch.pk:
        tell_moved(held)
    INVITE.end(waiting)
    leaving.leave(waiting, "moved-here")
    return held


def tell_moved(application: Application) -> None:
    """Its owner hears of it, whoever showed the card."""
    notify(
        application,
        "moved_here",
        [application.reference, str(application.branch)],
        intent=f"moved here {application.pk} {application.moves}",
    )


def go_on(waiting: Application, by: User) -> None:
    """The customer says that what is open is not theirs: a second, as if the number had only been typed."""
    check_serves(waiting, by)
    known = recognition.known_to(waiting, by)
    if known is None or not known.may_be_anothers:
        raise out_of_step()
    draft = {**(waiting.draft or {}), recognition.SECOND: recognition.read_from_card(waiting)}
    if not declaration.keep_draft(waiting, draft):
        raise out_of_step()
    audit.record("known customer goes on", waiting, user=by)
