"""One's own application at any step: how it stands, leaving it, what was agreed to, carrying on with another device."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_list_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment import endings, forms, journey, steps
from enrollment.journey import Actor, Step
from enrollment.models import Application
from enrollment.orders.gateways.provider import provider
from enrollment.orders.models import Order, Payment
from enrollment.pages import (
    JOINED,
    at,
    mine,
    network,
    nowhere,
    onward,
    others_turn,
    qr_for,
    refusals_on,
    remember,
    show,
    svg,
    ticket_of,
)
from enrollment.steps.pairing import CARRY_ON, used_up
from portal import writing
from portal.refusals import Refusal

RESUMING, COMING = "resuming", "coming"  # in the session: the reference that was typed; with what a second device came


def standing(request: HttpRequest) -> HttpResponse:
    """The whole way, where one stands on it, and what can be done."""
    application = mine(request)
    if application is None:
        return nowhere(request)
    if application.turn.page != journey.STANDING:
        return onward(application)
    if application.turn.actor == Actor.AGENT:
        return others_turn(request, application)
    return show(
        request, "standing", application,
        why=endings.REASONS.get(application.reason), order=application.order,
        keeps_account=steps.leaving.keeps_account(application),
    )  # fmt: skip


def landing(request: HttpRequest) -> HttpResponse:
    """After signing in: where the application stands, which is what an SMS told to sign in for; else the account."""
    application = mine(request)
    return onward(application) if application else redirect("portal:account")


def cancel(request: HttpRequest) -> HttpResponse:
    """Asked once more before it is done; "anew" goes on to a new application."""
    application = mine(request)
    if application is None or application.is_ended:
        return redirect("enrollment:standing")
    anew = "anew" in (request.POST or request.GET)
    if request.method == "POST":
        steps.leaving.cancel(application, "anew" if anew else "cancelled")
        messages.success(request, _("Hồ sơ %(reference)s đã được hủy.") % {"reference": application.reference})
        return redirect("enrollment:opening" if anew else "enrollment:standing")
    keeps = steps.leaving.keeps_account(application)
    return show(request, "cancel", application, anew=anew, order=application.order, keeps_account=keeps)


def consents(request: HttpRequest) -> HttpResponse:
    """What was agreed to, as it was read; each may be withdrawn."""
    application = mine(request)
    if application is None:
        return nowhere(request)
    if request.method == "POST":
        purpose = writing.line(request.POST.get("purpose", ""))
        for consent in get_list_or_404(steps.opening.given_for(application), purpose=purpose):
            steps.opening.withdraw(consent)
        messages.success(request, _("Đã rút lại đồng ý."))
        return redirect("enrollment:consents")
    return show(request, "consents", application, given=steps.opening.given_for(application))


@at(*[step for step in Step if step not in journey.ENDS])
def other_device(request: HttpRequest, application: Application) -> HttpResponse:
    """A QR for the device that is to carry on, and a field for the code that it then shows."""
    if application.user:
        return show(
            request, "other_device_account", application, qr=svg(f"{settings.SITE_URL}{reverse('account_login')}")
        )
    if "new" in request.GET:
        request.session.pop(ticket_of(CARRY_ON), None)
        return redirect("enrollment:other_device")
    form = forms.JoiningForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form, "code"):
            CARRY_ON.confirm(application, form.cleaned_data["code"])
            messages.success(request, _("Máy kia đã vào hồ sơ. Không phải máy của Quý khách? Bấm “Ngắt máy khác”."))
            return redirect("enrollment:other_device")
    is_in = CARRY_ON.standing(application) == "confirmed"  # and stays, until it is sent away
    qr = "" if is_in else qr_for(request, CARRY_ON, application, "enrollment:this_device")
    return show(request, "other_device", application, form=form, qr=qr)


@require_POST
def send_away(request: HttpRequest) -> HttpResponse:
    """The first device sends the other away that came in by its QR."""
    application = mine(request)
    if application and JOINED not in request.session:
        CARRY_ON.end(application)
        messages.success(request, _("Đã ngắt. Máy kia không còn mở được hồ sơ này."))
    return redirect("enrollment:other_device")


def nobody_signed_in(request: HttpRequest) -> None:
    if request.user.is_authenticated:
        raise Refusal("signed-in", _("Máy này đang có người đăng nhập. Hãy đăng xuất trước rồi làm lại."))


def this_device(request: HttpRequest) -> HttpResponse:
    """The QR was scanned. A look alone uses nothing up."""
    nobody_signed_in(request)
    if request.method == "POST":
        request.session[COMING] = CARRY_ON.claim(request.POST.get("t", ""))
        return redirect("enrollment:this_device")
    if "t" not in request.GET and COMING in request.session:
        return coming_in(request)
    coming, present = CARRY_ON.scanned(request.GET.get("t", "")).application, mine(request)
    other = present if present and not present.is_ended and present.pk != coming.pk else None
    return show(request, "this_device", None, ticket=request.GET["t"], coming=coming, other=other)


def coming_in(request: HttpRequest) -> HttpResponse:
    """The code is shown until it has been typed on the first device; then this one is in."""
    device, digits = request.session[COMING]
    pairing = CARRY_ON.held(device)
    if pairing is None:
        raise used_up()
    if not pairing.confirmed_at:
        return show(request, "coming_in", None, digits=digits)
    del request.session[COMING]
    remember(request, pairing.application)
    request.session[JOINED] = device
    messages.success(request, _("Máy này đã vào hồ sơ. Máy thứ nhất cũng thấy điều đó."))
    return onward(pairing.application)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """A phone that others use: this browser forgets the application, which stays as it is."""
    request.session.flush()
    messages.success(request, _("Máy này đã quên hồ sơ. Quý khách làm tiếp bằng mã hồ sơ và mã gửi qua SMS."))
    return redirect("enrollment:home")


def resume(request: HttpRequest) -> HttpResponse:
    nobody_signed_in(request)
    form = forms.ReferenceForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form, "reference"):
            request.session[RESUMING] = steps.resuming.request_code(form.cleaned_data["reference"], network())
            return redirect("enrollment:resume_code")
    return show(request, "resume", None, form=form)


def resume_code(request: HttpRequest) -> HttpResponse:
    nobody_signed_in(request)
    reference = request.session.get(RESUMING)
    if not reference:
        return redirect("enrollment:resume")
    form = forms.PhoneCodeForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form, "code"):
            application = steps.resuming.check(reference, form.cleaned_data["code"])
            del request.session[RESUMING]
            remember(request, application)
            return onward(application)
    return show(request, "resume_code", None, form=form)


def receipt(request: HttpRequest) -> HttpResponse:
    application = mine(request)
    order = application.orders.filter(status=Order.Status.PAID).first() if application else None
    if order is None:
        raise Http404
    settled = order.payments.filter(status=Payment.Status.PAID).first()
    return show(
        request, "receipt", application, order=order, payment=settled,
        declared=application and application.declaration, invoices_at=provider().address,
    )  # fmt: skip
