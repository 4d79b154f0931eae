"""The steps' pages: each finds, asks, answers. The rules are in the steps."""

import time
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment import consents, forms, journey, steps
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.vietqr import VietQR
from enrollment.orders.models import Order, Payment, Plan
from enrollment.orders.steps import paying
from enrollment.pages import at, language, mine, network, onward, place, png, refusals_on, remember, show
from enrollment.parts import lives
from portal.accounts import signing_in
from portal.allowances import Limit
from portal.errors import PAGES
from portal.forms import NumberForm
from portal.models import Code, User
from portal.parts import Part, parts
from portal.refusals import Refusal

OPENINGS = Limit("openings", 3000, timedelta(hours=1))  # from one network: a phone company puts thousands behind one
AT_ACTIVATION = journey.way(Channel.BROWSER, Step.ACTIVATION, Step.ACTIVATION)  # also for whoever has a code alone
OPENED = "activation opened"  # in the session: for which application a code was right, what it hung on, until when
OPEN_FOR = timedelta(minutes=10)


def home(request: HttpRequest) -> HttpResponse:
    """Whoever comes back sees first what is next for them."""
    application = mine(request)
    is_holder = application is not None and lives(application)
    is_open = application is not None and not application.is_ended
    return show(
        request, "home", application, plans=Plan.on_sale(), nine=journey.NINE,
        milestone=journey.milestone(Step(application.step)) if application else 0,
        is_holder=is_holder, is_new=not (is_holder or is_open or request.user.is_staff),
    )  # fmt: skip


def terms(request: HttpRequest) -> HttpResponse:
    return show(request, "terms", None, text=consents.text("terms", consents.PURPOSES["terms"].version, language()))


def privacy(request: HttpRequest) -> HttpResponse:
    """What is agreed to about personal data, and how long each part is kept: as the code keeps it."""
    kept = [row for part in parts(Part) for row in part.keeps]
    texts = [text for text in consents.current(language()) if text.purpose != "terms"]
    return show(request, "privacy", None, texts=texts, kept=kept)


# ── Opening ──


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
        )
        remember(request, application)
        return onward(application)
    asked = [(text, form[text.purpose]) for text in consents.current(language())]
    return show(request, "opening", None, form=form, asked=asked)


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


# ── Payment ──


@at(Step.PAYMENT)
def payment(request: HttpRequest, application: Application) -> HttpResponse:
    order = application.order
    if order is None:
        raise Http404
    if order.status == Order.Status.PAID:
        steps.payment.arrived(application)
        return onward(application)
    if order.total == 0:
        if request.method == "POST":
            steps.payment.settle_free(application)
            return redirect("enrollment:created")
        return show(request, "payment", application, order=order)
    if application.phone_confirmed_at is None:
        return redirect("enrollment:phone")
    if request.method == "POST":
        address = steps.payment.begin(application, request.POST.get("gateway", ""), place=place(), language=language())
        return redirect(address or "enrollment:transfer")
    return show(
        request, "payment", application, order=order, gateways=gateways().values(),
        last=paying.stands(order.payments.order_by("pk").last()),
    )  # fmt: skip


@at(Step.PAYMENT)
def phone(request: HttpRequest, application: Application) -> HttpResponse:
    """Before money is taken, the phone is confirmed by a code. Where none is taken there is nothing to confirm."""
    order = application.order
    if order is None or order.total == 0:
        return redirect("enrollment:payment")
    form = forms.PhoneCodeForm(request.POST if "code" in request.POST else None)
    sent = Code.objects.filter(
        purpose=steps.payment.PHONE, target=steps.payment.this_phone(application), live=True
    ).exists()
    if request.method == "POST" and not form.is_bound:
        steps.payment.send_phone_code(application, network())
        return redirect("enrollment:phone")
    if form.is_valid():
        with refusals_on(form, "code"):
            steps.payment.confirm_phone(application, form.cleaned_data["code"])
            return onward(application)
    return show(request, "phone", application, form=form, sent=sent, declared=application.declaration, order=order)


def begun(application: Application) -> tuple[VietQR, Payment] | None:
    """The transfer that was begun last, if it is still waited for."""
    gateway = gateways().get("vietqr")
    payment = Payment.objects.filter(order=application.order, gateway="vietqr", status=Payment.Status.PENDING).last()
    return (gateway, payment) if isinstance(gateway, VietQR) and payment else None


@at(Step.PAYMENT)
def transfer(request: HttpRequest, application: Application) -> HttpResponse:
    """The VietQR to be scanned with any bank's app."""
    transferring = begun(application)
    if transferring is None:
        return onward(application)
    gateway, payment = transferring
    return show(
        request, "transfer", application, payment=payment, gateway=gateway, order=application.order,
        until=paying.waited_for_until(payment),
        demo_bank=f"http://localhost:{settings.BANK_PORT}/transfer?amount={payment.amount}&content={payment.reference}&lang={language()}"
        if settings.LOCAL_BANK
        else "",
    )  # fmt: skip


@at(Step.PAYMENT)
def transfer_qr(request: HttpRequest, application: Application) -> HttpResponse:
    """The same code as a picture of its own: kept on the phone, it is read from there by the bank's app."""
    transferring = begun(application)
    if transferring is None:
        raise Http404
    gateway, payment = transferring
    return HttpResponse(png(gateway.code_for(payment)), "image/png", headers={"Cache-Control": "private, no-store"})


def paid(request: HttpRequest) -> HttpResponse:
    """Where a gateway sends the browser back to. What it brings along is not looked at: the notice decides."""
    application = mine(request)
    if application is None:
        return redirect("enrollment:opening")
    if application.step != Step.PAYMENT:
        return redirect("enrollment:created") if application.step == Step.ACTIVATION else onward(application)
    last = paying.stands(Payment.objects.filter(order=application.order).order_by("pk").last())
    if last not in (Payment.Status.PENDING, Payment.Status.PAID):
        return onward(application)
    return show(request, "paid", application, last=last)


def status(request: HttpRequest) -> HttpResponse:
    """For a page that waits."""
    application = mine(request)
    if application is None:
        raise Http404
    last = paying.stands(Payment.objects.filter(order=application.order).order_by("pk").last())
    return JsonResponse({"step": application.step, "payment": last, "moves": application.moves})


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
    form = forms.ActivationForm(request.POST or None, initial={"number": declared.number if declared else ""})
    if form.is_valid():
        with refusals_on(form, "code"):
            remember_opened(request, steps.activation.check(known=known, **form.cleaned_data))
            return redirect("enrollment:password")
    ends, wait = (steps.activation.ends(known), steps.activation.seconds_to_resend(known)) if known else (None, 0)
    return show(request, "activation", known, way=AT_ACTIVATION, form=form, declared=declared, ends=ends, wait=wait)


def password(request: HttpRequest) -> HttpResponse:
    """What a right code opened: a refused password costs no second code."""
    application = opened(request)
    if application is None:
        messages.warning(request, _("Quý khách nhập mã kích hoạt mới nhất trước, rồi chọn mật khẩu trong 10 phút."))
        return redirect("enrollment:activation")
    form = forms.PasswordForm(request.POST or None)
    if form.is_valid() and (user := activated(application, form)):
        request.session.pop(OPENED)
        signing_in.enter(request, user)
        messages.success(
            request, _("Tài khoản đã được kích hoạt. Lần sau Quý khách đăng nhập bằng số giấy tờ và mật khẩu.")
        )
        return redirect("enrollment:standing")
    own = application if application == mine(request) else None
    return show(
        request, "password", own, way=AT_ACTIVATION, form=form, declared=application.declaration,
        until=request.session[OPENED][2],
    )  # fmt: skip


def activated(application: Application, form: forms.PasswordForm) -> User | None:
    """The account, if the password will do; else the form says what is wrong."""
    try:
        return steps.activation.activate(application, form.cleaned_data["password1"])
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
    try:
        steps.activation.invite(application, network=network())
    except Refusal as no:
        messages.warning(request, no.message)
    else:
        messages.success(request, _("Mã mới đã được gửi qua SMS và email. Mã cũ không còn dùng được."))
    return redirect("enrollment:activation")


@at(Step.ACTIVATION)
def contact(request: HttpRequest, application: Application) -> HttpResponse:
    """A mistyped phone or e-mail is corrected here, as long as no code has proved it."""
    declared = application.declaration
    if declared is None or application.proved_at:
        return redirect("enrollment:activation")
    form = forms.ContactForm(request.POST or None, initial={"phone": declared.phone, "email": declared.email})
    if form.is_valid():
        with refusals_on(form, "phone"):
            steps.activation.correct_contact(application, network=network(), **form.cleaned_data)
            messages.success(request, _("Đã lưu. Mã kích hoạt mới được gửi tới số điện thoại và email vừa sửa."))
            return redirect("enrollment:activation")
    return show(request, "contact", application, form=form)
