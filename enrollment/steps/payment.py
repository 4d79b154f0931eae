"""The step of payment: who comes here has an order, whose phone is confirmed before money is taken; who paid goes on."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Channel, Step, after
from enrollment.models import ORDERED, Application, Ward
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.port import PaymentGateway
from enrollment.orders.gateways.provider import provider
from enrollment.orders.models import Invoice, Order, Payment
from enrollment.orders.parts import Buyer
from enrollment.orders.steps import ordering, paying
from enrollment.steps import budgets, holding, leaving
from enrollment.steps.notifying import notify
from portal import codes, sealing, writing
from portal.models import Message
from portal.refusals import Refusal

PHONE = "phone"  # the purpose of the code that confirms it before money is taken
PHONE_LASTS = timedelta(minutes=10)


# ── The order ──


def arrived(application: Application) -> None:
    """Whoever comes to this step has an order, and is not asked twice for money that came meanwhile."""
    order = application.order
    if order is None:
        assert application.plan
        ordering.place(ORDERED, application.pk, application.plan, application.user)
    elif order.status == Order.Status.PAID:
        application.finish()


def is_paid(application: Application) -> bool:
    return application.orders.filter(status=Order.Status.PAID, total__gt=0).exists()


def give_up_order(application: Application) -> None:
    """Another plan was chosen."""
    if order := application.order:
        ordering.give_up(order)


# ── Before money is taken the phone is confirmed ──


def this_phone(application: Application) -> str:
    """A code sent to the number before a correction confirms nothing of the one after it."""
    return sealing.blind_index("phone of application", f"{application.pk} {application.phone_index}")


def send_phone_code(application: Application, network: str) -> None:
    target = this_phone(application)
    with transaction.atomic():
        budgets.count_number(application)
        budgets.count_code(application)
        sent = codes.make(PHONE, target, lasts=PHONE_LASTS, account=application.phone_index, network=network)
        notify(
            application,
            "phone_code",
            [sent.digits, str(int(PHONE_LASTS.total_seconds() // 60))],
            intent=f"{PHONE} {application.pk} {sent.expires_at.timestamp()}",
            channels=[Message.Channel.SMS],
            good_until=sent.expires_at,
        )


def confirm_phone(application: Application, digits: str) -> None:
    codes.check(PHONE, this_phone(application), digits)
    holding.prove(application, phone_confirmed_at=timezone.now())
    try:
        holding.take(application)
    except Refusal as no:
        if no.code != "account-exists":
            raise
        # No money is taken from somebody whom we cannot serve. Who holds the number learns the way on.
        holding.notify_holder(application)
        leaving.leave(application, "known")


# ── Paying ──


def settle_free(application: Application) -> None:
    """A plan without a price settles at once."""
    ordering.settle_free(ORDERED, application.pk)
    application.refresh_from_db()


def offered(application: Application) -> dict[str, PaymentGateway]:
    """At a counter only what the customer pays on a phone of their own: nobody types a card into an agent's machine."""
    at_counter = application.channel == Channel.COUNTER
    return {code: gateway for code, gateway in gateways().items() if gateway.is_ours or not at_counter}


def payable(application: Application) -> Order:
    """Its order, when money may be taken for it: whichever way."""
    order = application.order
    if order is None or order.status != Order.Status.OPEN or application.step != Step.PAYMENT:
        raise ordering.not_payable()
    if application.phone_confirmed_at is None:
        raise Refusal("phone-unconfirmed", _("Quý khách cần xác nhận số điện thoại trước khi thanh toán."))
    holding.take(application)  # who had to wait for the number asks again by paying
    return order


def begin(application: Application, code: str, *, place: str, language: str) -> str:
    """A payment at this gateway. Return where to send the browser; empty if the customer pays from our own page."""
    if code not in offered(application):
        raise ordering.not_payable()
    order = payable(application)
    address = paying.begin(order, code, place=place, language=language)
    Application.objects.filter(pk=application.pk, step=Step.PAYMENT).update(touched_at=timezone.now())
    return address


class Seller:
    """Told by the orders when what was ordered with an application is paid."""

    def hold(self, subject: int) -> None:
        Application.hold_row(subject)

    def paid(self, order: Order, payment: Payment | None) -> None:
        application = Application.objects.select_related("data_key", "plan", "user").get(pk=order.subject)
        if payment:
            receipt(application, order, payment)
        if application.step == Step.PAYMENT:  # who is correcting something just now comes by here again
            application.finish()

    def buyer(self, order: Order) -> Buyer:
        declaration = Application.objects.select_related("data_key").get(pk=order.subject).declaration
        if declaration is None:
            return Buyer()
        ward = Ward.objects.select_related("province").get(code=declaration.ward)
        return Buyer(declaration.full_name, f"{declaration.address}, {ward.name}, {ward.province.name}")

    def invoiced(self, order: Order, invoice: Invoice) -> None:
        """By e-mail, for that is what the receipt promises."""
        application = Application.objects.select_related("data_key", "user").get(pk=order.subject)
        adjusted = invoice.status == Invoice.Status.ADJUSTED
        notify(
            application,
            "invoice_adjusted" if adjusted else "invoice",
            [order.reference, invoice.number, invoice.series, invoice.lookup, provider().address, invoice.adjustment],
            intent=f"invoice {'adjusted ' * adjusted}{order.pk}",
            channels=[Message.Channel.EMAIL],
        )


def receipt(application: Application, order: Order, payment: Payment) -> None:
    notify(
        application,
        "receipt",
        [
            order.reference,
            order.name if application.language == "vi" else order.name_en,
            writing.money(order.total, application.language),
            payment.reference,
            "activates" * (after(Channel(application.channel), Step.PAYMENT) == Step.ACTIVATION),
        ],
        intent=f"receipt {order.pk}",
        channels=[Message.Channel.EMAIL],
    )
