"""Paying an order. What a gateway says, signed, settles an order once; everything else only shows how things stand."""

from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.port import LASTS, Away, Forged, Notice, PaymentGateway, Sent, Verdict
from enrollment.orders.models import Invoice, Order, Payment, Refund
from enrollment.orders.parts import seller
from enrollment.orders.steps.ordering import is_as_ordered, not_payable
from enrollment.orders.steps.refunding import owe
from portal import audit, jobs
from portal.allowances import Limit
from portal.references import new_reference
from portal.refusals import Refusal, out_of_step

log = structlog.get_logger(__name__)
FORGOTTEN = timedelta(days=1)  # after which a payment that no gateway knows of is given up
ASK_AFTER = timedelta(minutes=2)
STATEMENT = timedelta(days=2)  # how far back a feed's list is read
BEGUN = Limit("payments begun", 20, timedelta(days=1))  # of one order
OPEN = (Payment.Status.PENDING, Payment.Status.HELD)
PAID_OR_HELD = (Payment.Status.PAID, Payment.Status.HELD)


def begin(order: Order, code: str, *, place: str, language: str) -> str:
    """A payment at this gateway. Return where to send the browser; empty if the customer pays from our own page."""
    gateway = gateways().get(code)
    if gateway is None:
        raise not_payable()
    with transaction.atomic():
        still_open = Order.objects.select_for_update().filter(pk=order.pk, status=Order.Status.OPEN).first()
        if still_open is None:
            raise out_of_step()  # given up or paid this very moment
        if not is_as_ordered(order := still_open):
            raise not_payable()
        fresh = timezone.now() - LASTS / 2
        again = order.payments.filter(gateway=code, status=Payment.Status.PENDING, created_at__gt=fresh)
        payment = again.first() if gateway.is_ours else None  # the others take a reference once
        if payment is None:
            if BEGUN.spend(str(order.pk)) is None:
                raise Refusal(
                    "too-many", _("Quý khách đã thử nhiều lần trong ngày. Vui lòng thử lại vào ngày mai."), status=429
                )
            payment = Payment.objects.create(
                order=order, gateway=code, amount=order.total, reference=f"SC{new_reference(10)}"
            )
    try:
        return gateway.start(payment, place, language)
    except Away as away:
        log.warning("payment gateway away", gateway=code, reason=str(away))
        raise Refusal(
            "gateway-away",
            _("Cổng thanh toán này đang bận. Quý khách chưa bị trừ tiền; hãy thử lại hoặc chọn cách khác."),
            status=503,
        ) from away


def receive(code: str, sent: Sent) -> tuple[PaymentGateway, Verdict]:
    """A notice at our door: is it theirs, whose is it, does the amount fit, is it news. In this order (DOMAIN §6)."""
    gateway = gateways()[code]
    try:
        notice = gateway.read(sent)
    except Forged:
        log.warning("payment notice forged", gateway=code, alarm=True)
        return gateway, Verdict.FORGED
    if notice and notice.paid and not notice.provider_id:
        log.error("payment notice without a transaction", gateway=code, alarm=True)
        return gateway, Verdict.FORGED
    return gateway, settle(gateway, notice) if notice else Verdict.CONFIRMED


def settle(gateway: PaymentGateway, notice: Notice) -> Verdict:
    payment = Payment.objects.filter(gateway=gateway.code, reference=notice.reference).select_related("order").first()
    if payment is None:
        if gateway.keeps_strays and notice.paid:
            owe(gateway.code, notice.provider_id, notice.amount, Refund.Reason.UNKNOWN)
        return Verdict.UNKNOWN
    if notice.amount != payment.amount or notice.currency != "VND":
        if notice.paid and notice.amount <= 0:
            log.error("payment notice with an amount that cannot be", gateway=gateway.code, alarm=True)
        elif notice.paid:
            owe(gateway.code, notice.provider_id, notice.amount, Refund.Reason.AMOUNT, payment)
            pending = Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING)
            pending.update(status=Payment.Status.WRONG, code=notice.code, settled_at=timezone.now())
        return Verdict.WRONG_AMOUNT
    try:
        with transaction.atomic():
            return _settle(payment, notice)
    except IntegrityError:  # this transaction of theirs has paid another payment of ours already
        return Verdict.ALREADY


def _settle(payment: Payment, notice: Notice) -> Verdict:
    now, row = timezone.now(), Payment.objects.filter(pk=payment.pk)
    seller(payment.order).hold(payment.order.subject)
    if not notice.paid:
        ended = Payment.Status.EXPIRED if notice.lapsed else Payment.Status.FAILED
        outcome = Payment.Status.HELD if notice.held else ended
        news = row.exclude(status__in=PAID_OR_HELD) if notice.held else row.filter(status__in=OPEN)
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
            owe(payment.gateway, notice.provider_id, notice.amount, Refund.Reason.TWICE, payment)
        return Verdict.ALREADY
    audit.record("payment received", payment, gateway=payment.gateway, amount=payment.amount)
    order = Order.objects.get(pk=payment.order_id)
    is_right = is_as_ordered(order) and payment.amount == order.total
    still_open = Order.objects.filter(pk=order.pk, status=Order.Status.OPEN)
    if is_right and still_open.update(status=Order.Status.PAID, paid_at=now):
        Invoice.objects.create(order=order)
        seller(order).paid(order, payment)
    else:
        settled = Refund.Reason.LATE if order.status == Order.Status.CANCELLED else Refund.Reason.TWICE
        reason = settled if is_right else Refund.Reason.ALTERED
        owe(payment.gateway, notice.provider_id, notice.amount, reason, payment)
    return Verdict.CONFIRMED


def stands(payment: Payment | None) -> str:
    """How it stands, for whoever waits: one whose time at the gateway is past is no longer waited for, although a word
    about it still counts. A transfer has no such time."""
    if payment is None:
        return ""
    gateway = gateways().get(payment.gateway)
    is_past = payment.created_at < timezone.now() - LASTS and not (gateway and gateway.is_ours)
    return Payment.Status.EXPIRED if is_past and payment.status == Payment.Status.PENDING else payment.status


def waited_for_until(payment: Payment) -> datetime:
    """After that it is given up; money that comes later still counts."""
    return timezone.localtime(payment.created_at + FORGOTTEN)


# ── The sweep: what no notice has told us ──


def ask_about_open_ones() -> None:
    now = timezone.now()
    waiting = Payment.objects.filter(status__in=OPEN, created_at__lt=now - ASK_AFTER)
    due = waiting.filter(Q(asked_at=None) | Q(asked_at__lt=now - ASK_AFTER))
    due = due.order_by(F("asked_at").asc(nulls_first=True), "created_at")  # whoever was asked about longest ago
    jobs.each(due.select_related("order")[:200], take)


def take(payment: Payment) -> None:
    """Of several workers one asks."""
    if Payment.objects.filter(pk=payment.pk, asked_at=payment.asked_at).update(asked_at=timezone.now()):
        ask(payment)


def ask(payment: Payment) -> None:
    gateway = gateways().get(payment.gateway)
    try:
        notice = gateway.ask(payment) if gateway else None
    except (Away, Forged) as wrong:
        log.warning("payment gateway away", gateway=payment.gateway, reason=type(wrong).__name__)
        return
    if gateway and notice and notice.reference == payment.reference:
        settle(gateway, notice)
    elif waited_for_until(payment) < timezone.now():
        Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING).update(status=Payment.Status.EXPIRED)


def read_statements() -> None:
    """What a feed did not tell of, or told while we were away: each transfer counts once, named or not."""
    for gateway in gateways().values():
        try:
            notices = gateway.statement(timezone.now() - STATEMENT)
        except Away as away:
            log.warning("statement not read", gateway=gateway.code, reason=str(away))
            continue
        numbers = [notice.provider_id for notice in notices]
        known: set[str] = set()
        for rows in (Payment.objects, Refund.objects):
            known |= set(
                rows.filter(gateway=gateway.code, provider_id__in=numbers).values_list("provider_id", flat=True)
            )
        jobs.run(*(partial(settle, gateway, notice) for notice in notices if notice.provider_id not in known))
