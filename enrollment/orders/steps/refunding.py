"""Money without a right to it (late, twice, wrong amount, nobody's): a row for a person, who sends
it back. That it came so, paying.py finds."""

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from enrollment.orders.models import Invoice, Order, Payment, Refund
from portal import audit

log = structlog.get_logger(__name__)


def owe(gateway: str, provider_id: str, amount: int, reason: Refund.Reason, payment: Payment | None = None) -> None:
    """Once for each of their transactions, however often they tell of it."""
    refund, is_new = Refund.objects.get_or_create(
        gateway=gateway,
        provider_id=provider_id,
        defaults={"amount": amount, "reason": reason, "payment": payment},
    )
    if is_new:
        audit.record("refund due", refund, reason=reason, amount=amount)
        log.warning("refund due", reason=reason, gateway=gateway)


def close(orders: "QuerySet[Order]") -> None:
    """What they were for came to nothing: an open order ends, a paid one is returned."""
    orders.filter(status=Order.Status.OPEN).update(status=Order.Status.CANCELLED)
    paid = orders.filter(status=Order.Status.PAID)
    unissued = Invoice.objects.filter(order__in=paid, status__in=(Invoice.Status.PENDING, Invoice.Status.FAILED))
    unissued.update(status=Invoice.Status.VOID)
    issued = Invoice.objects.filter(order__in=paid, status=Invoice.Status.ISSUED)
    issued.update(status=Invoice.Status.WRONG, attempts=0, due_at=timezone.now())
    for order in paid.filter(total__gt=0):
        for payment in order.payments.filter(status=Payment.Status.PAID):
            owe(payment.gateway, payment.provider_id, payment.amount, Refund.Reason.CANCELLED, payment)


@transaction.atomic
def returned(refund: Refund) -> bool:
    """A person has sent the money back."""
    now = timezone.now()
    row = Refund.objects.filter(pk=refund.pk, status=Refund.Status.DUE)
    if not row.update(status=Refund.Status.DONE, done_at=now, done_by=audit.actor.get().user):
        return False
    audit.record("refund done", refund, amount=refund.amount)
    return True
