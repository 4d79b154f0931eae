"""Who works at a counter, at which, and on whose application: everything else is nobody's business there."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from enrollment import endings, journey
from enrollment.counter.rights import LEAD, OVERSEE, SERVE
from enrollment.counter.steps import attesting, money, serving
from enrollment.journey import Actor, Channel, Step
from enrollment.models import Application
from enrollment.pages import svg, ticket_of, way_of
from enrollment.steps import activation, inviting, leaving
from enrollment.steps.inviting import INVITE, errand_of
from enrollment.steps.pairing import Errand
from portal import sealing
from portal.accounts.roles import check_vouched
from portal.models import Branch, User
from portal.parts import Place

BRANCH = "branch"  # in the session: at which of one's counters one works today
COUNTER = Place(_("Quầy"), "counter:list", "place-desk")
FIGURES = Place(_("Số liệu quầy"), "counter:figures", "place-desk")
Page = Callable[..., HttpResponse]
# What an agent says of the step at which the customer is, and what helps where they are stuck.
CUSTOMER_IS: dict[str, tuple[Any, Any]] = {
    Step.CONSENT: (
        _("đang xem lại và đồng ý"),
        _("Mời khách đọc từng mục. Chưa đúng chỗ nào, khách bấm “Có chỗ chưa đúng” rồi nói cho bạn biết."),
    ),
    Step.ACTIVATION: (
        _("đang kích hoạt tài khoản"),
        _("Tên đăng nhập và mã nằm trong SMS và email vừa gửi cho khách. Chưa thấy: khách bấm “Gửi lại mã”."),
    ),
    Step.CONTRACT: (
        _("đang đọc hợp đồng"),
        _("Khách cuộn xem hết, vẽ chữ ký bằng ngón tay, rồi nhập mã vừa gửi qua SMS. Đừng cầm máy vẽ thay."),
    ),
    Step.PIN: (
        _("đang tạo mã PIN"),
        _("Sáu chữ số chỉ khách biết, không phải ngày sinh hay dãy liền. Quay mặt đi khi khách nhập."),
    ),
    Step.REVIEW: (_("đã xong, VNPT đang thẩm định"), _("Khách có thể về. Kết quả được báo qua SMS và email.")),
    Step.ISSUANCE: (_("đang được cấp chứng thư số"), _("Thường trong một phút.")),
    Step.ACCEPTANCE: (
        _("đang ký biên bản nghiệm thu"),
        _("Khách đăng nhập trên máy của mình, đọc biên bản và nhập mã PIN."),
    ),
    Step.COMPLETE: (_("đã xong"), _("Chứng thư số đang hoạt động.")),
}


def worker(request: HttpRequest) -> User | None:
    """Somebody whose right to be here two people gave."""
    user = request.user
    if isinstance(user, User) and user.is_staff and (user.has_perm(SERVE) or user.has_perm(LEAD)):
        return user
    return None


def keeping(request: HttpRequest) -> str:
    """Seals what this agent's browser keeps while the line is away (counter/keeping.js). Told within the living session alone,
    of whose secret it is made: once that has ended, nobody is told it again."""
    return sealing.blind_index("kept at a counter", f"{request.session.session_key} {request.user.pk}")


def at_work(page: Page) -> Page:
    """A page of those who work at a counter, told who it is; for all others it is not there."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = worker(request)
        if user is None:
            raise Http404
        check_vouched(user)
        request.keeping = keeping(request)  # type: ignore[attr-defined]
        return page(request, user, *args, **kwargs)

    return guarded


def leading(page: Page) -> Page:
    """A page of the head of a counter."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = worker(request)
        if user is None or not user.has_perm(LEAD):
            raise Http404
        check_vouched(user)
        return page(request, user, *args, **kwargs)

    return guarded


def branch_of(request: HttpRequest, user: User) -> Branch | None:
    """Where somebody works today: what they chose, else the home unit; never one that is not theirs."""
    own = Branch.objects.filter(pk__in=user.branch_ids)
    chosen: int = request.session.get(BRANCH) or user.branch_id or 0
    return own.filter(pk=chosen).first() or own.first()


def files(user: User) -> "QuerySet[Application]":
    """The applications of one's own counters."""
    rows = Application.objects.filter(channel=Channel.COUNTER, branch__in=user.branch_ids)
    return rows.select_related("data_key", "plan", "user", "branch", "agent")


def own_file(user: User, reference: str) -> Application | None:
    """By its reference, if it is of one's own counter; else there is none."""
    application = files(user).filter(reference=reference).first()
    return application if application and serving.is_given(application) else None


def file_of(user: User, reference: str) -> Application:
    application = own_file(user, reference)
    if application is None:
        raise Http404
    return application


def served(user: User, reference: str) -> Application:
    """Likewise, of whoever helps people there; to its head it shows, and no more."""
    application = file_of(user, reference)
    serving.check_serves(application, user)
    return application


def in_hand(application: Application) -> str:
    """The customer's own page of this step, in an agent's hands."""
    page = application.turn.page if application.turn.actor == Actor.AGENT else ""
    if not page or application.step == Step.HANDOVER:
        return reverse("counter:file", args=[application.reference])
    return f"/counter/at/{application.reference}{reverse(page)}"


def now_of(application: Application, device: str | None = None) -> str:
    """What a page that follows compares; how the device stands is asked unless it is known."""
    state = errand_of(application).standing(application) if device is None else device
    return f"{application.step} {application.moves} {state}"


def ticket_name(errand: Errand, application: Application) -> str:
    """In the agent's session, who has many in hand."""
    return f"{ticket_of(errand)} {application.pk}"


def ticket_for(request: HttpRequest, application: Application, *, anew: bool = False) -> str:
    """What the QR carries, kept in the agent's session while it is good."""
    errand = errand_of(application)
    name = ticket_name(errand, application)
    ticket = errand.offer(application, "" if anew else request.session.get(name, ""))
    request.session[name] = ticket
    return ticket


def is_fresh(application: Application) -> bool:
    """Just declared, with nobody invited yet: the QR is there without asking."""
    fresh = application.touched_at > timezone.now() - INVITE.within
    return fresh and application.step == Step.CONSENT and not application.user_id and not INVITE.standing(application)


def known_of(request: HttpRequest, application: Application) -> dict[str, Any]:
    """For its page. The QR is there while a device is waited for. To its head it shows, and offers nothing that serves."""
    serves = request.user.has_perm(SERVE)
    if serves and is_fresh(application):
        ticket_for(request, application)
    errand = errand_of(application)
    device, ticket = errand.current(application), request.session.get(ticket_name(errand, application), "")
    is_offered = bool(device and ticket and not device.holder and device.ticket == errand.blind(ticket))
    step, declaration, state = Step(application.step), application.declaration, errand.state_of(device)
    way_in = "enrollment:invited" if errand is INVITE else "screen:back"
    public = settings.SITE_URL if settings.DOORS else ""  # the customer's pages, which a desk apart does not serve
    return {
        "application": application,
        "declared": declaration,
        "way": way_of(application),
        "device": state,
        "is_offered": is_offered,
        "qr": svg(inviting.link(ticket)) if is_offered and errand is INVITE else "",
        "second_screen": f"{public}/screen{reverse(way_in)}?{urlencode({'t': ticket})}",
        "until": device.made_at + errand.within if device and is_offered else None,
        "serves": serves,
        "may_invite": serves and declaration is not None and not application.is_ended,
        "may_end": serves and application.step in serving.BEFORE_ACCOUNT and not application.user_id,
        "mine": serves and application.turn.actor == Actor.AGENT,
        "in_hand": in_hand(application),
        "customer": CUSTOMER_IS.get(step),
        "why": endings.REASONS.get(application.reason),
        "now": now_of(application, state),
        "attestation": attesting.latest(application),
        **troubles(request, application),
        "owes": money.owed(application).exists(),
    }


def troubles(request: HttpRequest, application: Application) -> dict[str, Any]:
    """What may be done where it does not go straight on."""
    step, user = application.step, request.user
    before_account = application.user_id is None and not application.is_ended
    may_pass = step in journey.CANCELLABLE and application.channel == Channel.COUNTER
    leads = may_pass and user.has_perm(LEAD)
    colleagues = serving.agents(application.branch) if leads else []
    return {
        "may_correct": before_account and journey.may_go_back(Channel.COUNTER, Step(step), Step.DECLARATION),
        "may_resend": step == Step.ACTIVATION,
        "seconds_to_resend": activation.seconds_to_resend(application) if step == Step.ACTIVATION else 0,
        "before_account": before_account,
        "may_take": may_pass and user.has_perm(SERVE) and application.agent_id != user.pk,
        "colleagues": [each for each in colleagues if each.pk not in (application.agent_id, user.pk)],
        "ends_after": leaving.PATIENCE[
            2 if application.reached in (Step.DECLARATION, Step.CONSENT) else 0
        ].expires.days,
    }


def places(user: User) -> list[Place]:
    if user.has_perm(SERVE) or user.has_perm(LEAD):
        return [COUNTER]
    return [FIGURES] if user.has_perm(OVERSEE) else []


def lands(user: User) -> str:
    return COUNTER.address if user.has_perm(SERVE) else ""
