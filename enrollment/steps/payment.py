"""Orders and money. What a gateway says, signed, settles an order once; everything else only shows how things stand.

Money without a right to it (late, twice, wrong amount, nobody's) becomes a refund that a person has to make."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.gateways import payment as gateways
from enrollment.gateways.payment import Notice, PaymentGateway, Verdict
from enrollment.journey import Step
from enrollment.models import Application, Invoice, Order, Payment, Refund, new_reference, out_of_step
from enrollment.steps import activation
from enrollment.steps.telling import tell
from portal import audit, codes, sealing, writing
from portal.allowances import Limit
from portal.models import Message, User
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
PHONE = "phone"  # the purpose of the code that confirms it before money is taken
PHONE_LASTS = timedelta(minutes=10)
FORGOTTEN = timedelta(days=1)  # after which a payment that no gateway knows of is given up
ASK_AFTER = timedelta(minutes=2)
BEGUN = Limit("payments begun", 20, timedelta(days=1))  # of one order
OPEN = (Payment.Status.PENDING, Payment.Status.HELD)
PAID_OR_HELD = (Payment.Status.PAID, Payment.Status.HELD)


# ── The order ──


def arrived(application: Application) -> None:
    """Whoever comes to this step has an order, and is not asked twice for money that came meanwhile."""
    order = application.order
    if order is None:
        plan = application.plan
        assert plan
        Order.objects.create(
            application=application,
            reference=new_reference(10),
            plan=plan,
            name=plan.name,
            name_en=plan.name_en,
            kind=plan.kind,
            months=plan.months,
            signings=plan.signings,
            total=plan.price,
        )
    elif order.status == Order.Status.PAID:
        application.finish()


def is_paid(application: Application) -> bool:
    return application.orders.filter(status=Order.Status.PAID, total__gt=0).exists()


def give_up_order(application: Application) -> None:
    """Another plan was chosen. What was paid for stays bought; what comes for the old order later is returned."""
    order = application.order
    if order is None:
        return
    open_one = Order.objects.filter(pk=order.pk, status=Order.Status.OPEN)
    if not open_one.update(status=Order.Status.CANCELLED):
        raise Refusal("already-paid", _("Đơn hàng đã được thanh toán nên không đổi gói được nữa."))


# ── Before money is taken the phone is confirmed ──


def this_phone(application: Application) -> str:
    """A code sent to the number before a correction confirms nothing of the one after it."""
    return sealing.blind_index("phone of application", f"{application.pk} {application.phone_index}")


def send_phone_code(application: Application, network: str) -> None:
    target = this_phone(application)
    with transaction.atomic():
        made = codes.make(PHONE, target, lasts=PHONE_LASTS, account=application.phone_index, network=network)
        tell(
            application,
            "phone_code",
            [made.digits, str(int(PHONE_LASTS.total_seconds() // 60))],
            intent=f"{PHONE} {application.pk} {made.expires_at.timestamp()}",
            channels=[Message.Channel.SMS],
            good_until=made.expires_at,
        )


def confirm_phone(application: Application, digits: str) -> None:
    codes.check(PHONE, this_phone(application), digits)
    with transaction.atomic():
        confirmed = {"phone_confirmed_at": timezone.now()}
        if not Application.objects.filter(pk=application.pk, phone_index=application.phone_index).update(**confirmed):
            raise out_of_step()
        if application.is_twin and not activation.claim(application) and not displace(application):
            # No money is taken from somebody whom we cannot serve. Who holds the number learns the way on.
            activation.tell_holder(application)
            application.stop("known")
            close_orders(application)


def displace(application: Application) -> bool:
    """Whoever has proved a phone goes before a draft that has proved nothing: nobody keeps a number by typing it. One
    that waits for its code stays, for the code will prove it."""
    if User.objects.filter(username=application.person_index).exists():
        return False
    drafts = Application.objects.filter(step__in=(Step.PLAN, Step.DECLARATION, Step.PAYMENT), user=None)
    holder = drafts.filter(person_index=application.person_index, is_twin=False, phone_confirmed_at=None).first()
    if holder is None or is_paid(holder):
        return False
    tell(holder, "displaced", [holder.reference], intent=f"displaced {holder.pk}")
    holder.stop("displaced")
    close_orders(holder)
    return activation.claim(application)


# ── Paying ──


@transaction.atomic
def settle_free(application: Application) -> None:
    """A plan without a price settles at once."""
    application.hold()
    free = Order.objects.filter(application=application, status=Order.Status.OPEN, total=0)
    if not free.update(status=Order.Status.PAID, paid_at=timezone.now()):
        raise Refusal("not-payable", _("Đơn hàng này không chờ thanh toán. Quý khách hãy tải lại trang."))
    if application.step == Step.PAYMENT:
        application.finish()


def begin(application: Application, code: str, *, place: str, language: str) -> str:
    """A payment at this gateway. Return where to send the browser; empty if the customer pays from our own page."""
    gateway, order = gateways.gateways().get(code), application.order
    if gateway is None or order is None or order.status != Order.Status.OPEN or application.step != Step.PAYMENT:
        raise Refusal("not-payable", _("Đơn hàng này không chờ thanh toán. Quý khách hãy tải lại trang."))
    if application.phone_confirmed_at is None or application.is_twin:
        raise Refusal("phone-unconfirmed", _("Quý khách cần xác nhận số điện thoại trước khi thanh toán."))
    with transaction.atomic():
        if not Order.objects.select_for_update().filter(pk=order.pk, status=Order.Status.OPEN).exists():
            raise out_of_step()  # given up or paid this very moment
        fresh = timezone.now() - gateways.LASTS / 2
        again = order.payments.filter(gateway=code, status=Payment.Status.PENDING, created_at__gt=fresh)
        payment = again.first() if gateway.is_ours else None  # the others take a reference once
        if payment is None:
            if BEGUN.spend(str(order.pk)) is None:
                raise Refusal(
                    "too-many", _("Quý khách đã thử nhiều lần trong ngày. Vui lòng thử lại vào ngày mai."), status=429
                )
            Application.objects.filter(pk=application.pk).update(touched_at=timezone.now())
            payment = Payment.objects.create(
                order=order, gateway=code, amount=order.total, reference=f"SC{new_reference(10)}"
            )
    try:
        return gateway.start(payment, place, language)
    except gateways.Away as away:
        log.warning("payment gateway away", gateway=code, reason=str(away))
        raise Refusal(
            "gateway-away",
            _("Cổng thanh toán này đang bận. Quý khách chưa bị trừ tiền; hãy thử lại hoặc chọn cách khác."),
            status=503,
        ) from away


def hear(code: str, told: Mapping[str, Any]) -> tuple[PaymentGateway, Verdict]:
    """A notice at our door: is it theirs, whose is it, does the amount fit, is it news. In this order (DOMAIN §6)."""
    gateway = gateways.gateways()[code]
    try:
        notice = gateway.read(told)
    except gateways.Forged:
        log.warning("payment notice forged", gateway=code, alarm=True)
        return gateway, Verdict.FORGED
    if notice and notice.paid and not notice.provider_id:
        log.error("payment notice without a transaction", gateway=code, alarm=True)
        return gateway, Verdict.FORGED
    return gateway, settle(gateway, notice) if notice else Verdict.CONFIRMED


def settle(gateway: PaymentGateway, notice: Notice) -> Verdict:
    payment = (
        Payment.objects.filter(gateway=gateway.code, reference=notice.reference)
        .select_related("order__application")
        .first()
    )
    if payment is None:
        if gateway.keeps_strays and notice.paid:
            _owe(gateway.code, notice, Refund.Reason.UNKNOWN)
        return Verdict.UNKNOWN
    if notice.amount != payment.amount or notice.currency != "VND":
        if notice.paid and notice.amount <= 0:
            log.error("payment notice with an amount that cannot be", gateway=gateway.code, alarm=True)
        elif notice.paid:
            _owe(gateway.code, notice, Refund.Reason.AMOUNT, payment)
            open_one = Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING)
            open_one.update(status=Payment.Status.WRONG, code=notice.code, settled_at=timezone.now())
        return Verdict.WRONG_AMOUNT
    try:
        with transaction.atomic():
            return _settle(payment, notice)
    except IntegrityError:  # this transaction of theirs has paid another payment of ours already
        return Verdict.ALREADY


def _settle(payment: Payment, notice: Notice) -> Verdict:
    now, row = timezone.now(), Payment.objects.filter(pk=payment.pk)
    payment.order.application.hold()
    if not notice.paid:
        outcome = Payment.Status.HELD if notice.held else Payment.Status.FAILED
        news = row.filter(status__in=OPEN) if outcome == Payment.Status.FAILED else row.exclude(status__in=PAID_OR_HELD)
        if not news.update(status=outcome, code=notice.code, settled_at=now):
            return Verdict.ALREADY
        if notice.held:
            log.warning("payment held by the gateway", gateway=payment.gateway, alarm=True)
        return Verdict.CONFIRMED
    paid = row.exclude(status=Payment.Status.PAID).update(
        status=Payment.Status.PAID, provider_id=notice.provider_id, code=notice.code, settled_at=now
    )
    if not paid:
        if not row.filter(provider_id=notice.provider_id).exists():
            _owe(payment.gateway, notice, Refund.Reason.TWICE, payment)
        return Verdict.ALREADY
    audit.record("payment received", payment, gateway=payment.gateway, amount=payment.amount)
    order = Order.objects.get(pk=payment.order_id)
    if Order.objects.filter(pk=order.pk, status=Order.Status.OPEN).update(status=Order.Status.PAID, paid_at=now):
        _receipt(order, payment)
        application = Application.objects.get(pk=order.application_id)
        if (
            application.step == Step.PAYMENT
        ):  # if the customer is correcting something just now, they come by here again
            application.finish()
    else:
        late = order.status == Order.Status.CANCELLED
        _owe(payment.gateway, notice, Refund.Reason.LATE if late else Refund.Reason.TWICE, payment)
    return Verdict.CONFIRMED


def _receipt(order: Order, payment: Payment) -> None:
    Invoice.objects.create(order=order)
    tell(
        order.application,
        "receipt",
        [
            order.reference,
            order.name if order.application.language == "vi" else order.name_en,
            writing.money(order.total),
            payment.reference,
        ],
        intent=f"receipt {order.pk}",
        channels=[Message.Channel.EMAIL],
    )


# ── Money to return ──


def _owe(code: str, notice: Notice, reason: Refund.Reason, payment: Payment | None = None) -> None:
    _due(code, notice.provider_id, notice.amount, reason, payment)


def _due(code: str, provider_id: str, amount: int, reason: Refund.Reason, payment: Payment | None) -> None:
    refund, created = Refund.objects.get_or_create(
        gateway=code,
        provider_id=provider_id,
        defaults={"amount": amount, "reason": reason, "payment": payment},
    )
    if created:
        audit.record("refund due", refund, reason=reason, amount=amount)
        log.warning("refund due", reason=reason, gateway=code)


def close_orders(application: Application) -> None:
    """The application stops: an open order ends, a paid one is returned."""
    Order.objects.filter(application=application, status=Order.Status.OPEN).update(status=Order.Status.CANCELLED)
    paid = Order.objects.filter(application=application, status=Order.Status.PAID)
    unissued = Invoice.objects.filter(order__in=paid, status__in=(Invoice.Status.PENDING, Invoice.Status.FAILED))
    unissued.update(status=Invoice.Status.VOID)
    for order in paid.filter(total__gt=0):
        for payment in order.payments.filter(status=Payment.Status.PAID):
            _due(payment.gateway, payment.provider_id, payment.amount, Refund.Reason.CANCELLED, payment)


@transaction.atomic
def returned(refund: Refund) -> bool:
    """A person has sent the money back."""
    now = timezone.now()
    row = Refund.objects.filter(pk=refund.pk, status=Refund.Status.DUE)
    if not row.update(status=Refund.Status.DONE, done_at=now, done_by=audit.actor.get().user):
        return False
    audit.record("refund done", refund, amount=refund.amount)
    return True


# ── The sweep: what no notice has told us ──


def ask_about_open_ones() -> None:
    now = timezone.now()
    waiting = Payment.objects.filter(status__in=OPEN, created_at__lt=now - ASK_AFTER)
    due = waiting.filter(Q(asked_at=None) | Q(asked_at__lt=now - ASK_AFTER))
    due = due.order_by(F("asked_at").asc(nulls_first=True), "created_at")  # whoever was asked about longest ago
    for payment in due.select_related("order")[:200]:
        if Payment.objects.filter(pk=payment.pk, asked_at=payment.asked_at).update(asked_at=now):
            ask(payment)


def ask(payment: Payment) -> None:
    gateway = gateways.gateways().get(payment.gateway)
    try:
        notice = gateway.ask(payment) if gateway else None
    except (gateways.Away, gateways.Forged) as wrong:
        log.warning("payment gateway away", gateway=payment.gateway, reason=type(wrong).__name__)
        return
    if gateway and notice and notice.reference == payment.reference:
        settle(gateway, notice)
    elif payment.created_at < timezone.now() - FORGOTTEN:
        Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING).update(status=Payment.Status.EXPIRED)
