"""The pages of the step of payment: the rules are in steps/payment.py and with the orders."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from enrollment import forms, steps
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.vietqr import VietQR
from enrollment.orders.models import Order, Payment
from enrollment.orders.steps import paying
from enrollment.pages import (
    at,
    at_counter,
    language,
    mine,
    network,
    now_of,
    onward,
    place,
    png,
    refusals_on,
    show,
)
from portal.models import Code


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
            return onward(application) if at_counter(request) else redirect("enrollment:created")
        return show(request, "payment", application, order=order)
    if application.phone_confirmed_at is None:
        return redirect("enrollment:phone")
    if request.method == "POST":
        address = steps.payment.begin(application, request.POST.get("gateway", ""), place=place(), language=language())
        return redirect(address or "enrollment:transfer")
    return show(
        request, "payment", application, order=order, gateways=steps.payment.offered(application).values(),
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
    now = now_of(application)
    return JsonResponse({"step": application.step, "payment": last, "moves": application.moves, "now": now})
