"""The steps' pages: each finds, asks, answers. The rules are in the steps."""

import re
import time
from datetime import timedelta
from functools import wraps

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment import consents, forms, nine, steps
from enrollment.gateways.vneid_dialects import vneid
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.orders.models import Plan
from enrollment.pages import (
    Page,
    at,
    introduction_of,
    language,
    messages_of,
    mine,
    network,
    onward,
    place,
    refusals_on,
    remember,
    show,
    way_of,
)
from enrollment.parts import lives
from portal import writing
from portal.accounts import signing_in
from portal.allowances import Limit
from portal.errors import PAGES
from portal.forms import NumberForm
from portal.models import User
from portal.parts import Part, parts
from portal.refusals import Refusal

OPENINGS = Limit("openings", 3000, timedelta(hours=1))  # from one network: a phone company puts thousands behind one
AT_ACTIVATION = nine.way(Channel.BROWSER, Step.ACTIVATION, Step.ACTIVATION)  # also for whoever has a code alone
OPENED = "activation opened"  # in the session: for which application a code was right, what it hung on, until when
OPEN_FOR = timedelta(minutes=10)
REFERRAL = "referral"  # in the session: the code in the address by which somebody came, until they open an application
CODE = re.compile("[0-9A-Z]{4,12}")
REFERRALS = Limit("referrals kept", 3000, timedelta(hours=1))  # from one network: each may be a new session


def with_referral(page: Page) -> Page:
    """What an agent's poster or link says is not for the customer to type."""

    @wraps(page)
    def kept(request: HttpRequest) -> HttpResponse:
        code = writing.document_number(request.GET.get("ref", ""))
        is_new = code != request.session.get(REFERRAL) and CODE.fullmatch(code)
        if is_new and REFERRALS.spend(network()) is not None:
            request.session[REFERRAL] = code
        return page(request)

    return kept


@with_referral
def home(request: HttpRequest) -> HttpResponse:
    """Whoever comes back sees first what is next for them."""
    application = mine(request)
    is_holder = application is not None and lives(application)
    is_open = application is not None and not application.is_ended
    return show(
        request, "home", application, plans=Plan.on_sale(), nine=nine.NINE,
        milestone=nine.milestone(Step(application.step)) if application else 0,
        vneid=vneid(), is_holder=is_holder, is_new=not (is_holder or is_open or request.user.is_staff),
    )  # fmt: skip


def terms(request: HttpRequest) -> HttpResponse:
    return show(request, "terms", None, text=consents.text("terms", consents.PURPOSES["terms"].version, language()))


def privacy(request: HttpRequest) -> HttpResponse:
    """What is agreed to about personal data, and how long each part is kept: as the code keeps it."""
    kept = [row for part in parts(Part) for row in part.keeps]
    texts = [text for text in consents.every(language()) if text.purpose != "terms"]
    return show(request, "privacy", None, texts=texts, kept=kept)


# ── Opening ──


@with_referral
def opening(request: HttpRequest) -> HttpResponse:
    application = mine(request)
    if application and not application.is_ended:
        return show(request, "continue", application)
    form = forms.ConsentForm(request.POST or None)
    if form.is_valid():
        OPENINGS.require(network(), PAGES[429][2])
        user = request.user if isinstance(request.user, User) else None
        application = steps.opening.open_application(
            form.agreed,
            channel=Channel.ANOTHER if user else Channel.BROWSER,
            user=user,
            language=language(),
            place=place(),
            referral=request.session.pop(REFERRAL, ""),
        )
        steps.welcoming.begin_with(application, introduction_of(request))
        remember(request, application)
        return onward(application)
    asked = [(text, form[text.purpose]) for text in consents.current(language())]
    return show(request, "opening", None, form=form, asked=asked, vneid=vneid())


@at(Step.PLAN)
def plan(request: HttpRequest, application: Application) -> HttpResponse:
    form = forms.PlanForm(
        request.POST or None,
        plans=steps.plan.offered(application),
        initial={"plan": steps.plan.likely(application)},
    )
    if form.is_valid():
        with refusals_on(form, "plan"):
            steps.plan.choose(application, form.cleaned_data["plan"])
            return onward(application)
    kinds = [(kind, [plan for plan in form.plans if plan.kind == kind]) for kind in Plan.Kind]
    return show(request, "plan", application, form=form, kinds=kinds)


@at(Step.ACTIVATION)
def created(request: HttpRequest, application: Application) -> HttpResponse:
    """ "Khởi tạo dịch vụ thành công": what was bought, and that a code is under way."""
    return show(request, "created", application, order=application.order, declared=application.declaration)


# ── Activation ──


def activation(request: HttpRequest) -> HttpResponse:
    """The code, and nothing else yet: a wrong one costs nothing typed. For whoever has one, in this browser or another."""
    application = mine(request)
    if application and application.user:
        return onward(application)
    if request.method == "GET" and "another" not in request.GET and opened(request):
        return redirect("enrollment:password")
    known = application if application and application.step == Step.ACTIVATION else None
    declared = known.declaration if known else None
    form = forms.ActivationForm(
        request.POST or None,
        initial={"number": declared.number if declared else ""},
        by_phone=bool(known and known.later),
    )
    if form.is_valid():
        with refusals_on(form, "code"):
            remember_opened(request, steps.activation.check(known=known, **form.cleaned_data))
            return redirect("enrollment:password")
    ends, wait = (steps.activation.ends(known), steps.activation.seconds_to_resend(known)) if known else (None, 0)
    way = way_of(known) if known else AT_ACTIVATION
    return show(request, "activation", known, way=way, form=form, declared=declared, ends=ends, wait=wait)


def password(request: HttpRequest) -> HttpResponse:
    """What a right code opened: a refused password costs no second code."""
    application = opened(request)
    if application is None:
        messages.warning(request, _("Quý khách nhập mã kích hoạt mới nhất trước, rồi chọn mật khẩu trong 10 phút."))
        return redirect("enrollment:activation")
    form = forms.PasswordForm(request.POST or None, later=application.later)
    if form.is_valid() and (user := activated(application, form)):
        request.session.pop(OPENED)
        signing_in.enter(request, user)
        messages.success(
            request, _("Tài khoản đã được kích hoạt. Lần sau Quý khách đăng nhập bằng số giấy tờ và mật khẩu.")
        )
        return redirect("enrollment:standing")
    own = application if application == mine(request) else None
    return show(
        request, "password", own, way=way_of(application), form=form, declared=application.declaration,
        until=request.session[OPENED][2],
    )  # fmt: skip


def activated(application: Application, form: forms.PasswordForm) -> User | None:
    """The account, if the password will do; else the form says what is wrong."""
    later = {name: form.cleaned_data[name] for name in application.later}
    try:
        return steps.activation.activate(application, form.cleaned_data["password1"], **later)
    except Refusal as no:
        form.add_error(None, no.message)
    except ValidationError as no:
        form.add_error("password1", no)
    return None


def remember_opened(request: HttpRequest, application: Application) -> None:
    """In this browser alone, under a session that nobody knew before."""
    request.session.cycle_key()
    until = time.time() + OPEN_FOR.total_seconds()
    request.session[OPENED] = (application.pk, steps.activation.code_of(application), until)


def opened(request: HttpRequest) -> Application | None:
    """The application for which a code was right in this browser, not too long ago: for this person and phone, and as long
    as no newer code went out, which ends what the older one opened."""
    pk, proof, until = request.session.get(OPENED, (0, "", 0))
    waiting = Application.objects.filter(pk=pk, step=Step.ACTIVATION).select_related("data_key").first()
    if waiting is None or until < time.time() or steps.activation.code_of(waiting) != proof:
        return None
    return None if steps.activation.ends(waiting) else waiting


def again(request: HttpRequest) -> HttpResponse:
    """ "Kích hoạt lại tài khoản?": another code for whoever waits for one, and no word of whether anybody does."""
    application = mine(request)
    known = application if application and application.step == Step.ACTIVATION else None
    declared = known.declaration if known else None
    form = NumberForm(request.POST or None, initial={"number": declared.number if declared else ""})
    if form.is_valid():
        with refusals_on(form, "number"):
            steps.activation.request_code(form.cleaned_data["number"], network(), known)
            messages.success(
                request,
                _("Nếu số giấy tờ đang chờ kích hoạt, mã mới đã được gửi qua SMS và email. Mã cũ không còn dùng được."),
            )
            return redirect("enrollment:activation")
    return show(request, "again", known, form=form)


@require_POST
@at(Step.ACTIVATION)
def resend(request: HttpRequest, application: Application) -> HttpResponse:
    """One press on the page that waits for the code."""
    with messages_of(request, _("Mã mới đã được gửi qua SMS và email. Mã cũ không còn dùng được.")):
        steps.activation.invite(application, network=network())
    return redirect("enrollment:activation")


@at(Step.ACTIVATION)
def contact(request: HttpRequest, application: Application) -> HttpResponse:
    """A mistyped phone or e-mail is corrected here, as long as no code has proved it."""
    declared = application.declaration
    if declared is None or application.proved_at:
        return redirect("enrollment:activation")
    known = {"phone": declared.phone, "email": declared.email}
    form = forms.ContactForm(request.POST or None, initial=known, later=application.later)
    if form.is_valid():
        with refusals_on(form, "phone"):
            steps.activation.correct_contact(application, network=network(), **form.cleaned_data)
            messages.success(request, _("Đã lưu. Mã kích hoạt mới được gửi tới số điện thoại và email vừa sửa."))
            return redirect("enrollment:activation")
    return show(request, "contact", application, form=form)
