"""Invoices of paid orders: a row with the payment, issued afterwards, tried again for two days."""

from datetime import timedelta

import structlog
from django.db.models import F
from django.utils import timezone

from enrollment.orders.gateways.invoice import NotIssued, gateway
from enrollment.orders.models import Invoice
from portal import jobs

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 12


def issue_due() -> None:
    now = timezone.now()
    due = Invoice.objects.filter(status=Invoice.Status.PENDING, due_at__lte=now)
    jobs.each(due.select_related("order").order_by("due_at")[:100], take)


def take(invoice: Invoice) -> None:
    """Of several workers one has it, for a while."""
    row = Invoice.objects.filter(pk=invoice.pk, due_at=invoice.due_at, status=Invoice.Status.PENDING)
    if row.update(due_at=timezone.now() + LEASE, attempts=F("attempts") + 1):
        issue(invoice)


def issue(invoice: Invoice) -> None:
    row = Invoice.objects.filter(pk=invoice.pk, status=Invoice.Status.PENDING)
    try:
        number = gateway().issue(invoice)
    except NotIssued as no:
        dead = no.final or invoice.attempts + 1 >= MAX_ATTEMPTS
        pause = timedelta(minutes=2 ** min(invoice.attempts, 8))
        row.update(
            status=Invoice.Status.FAILED if dead else Invoice.Status.PENDING,
            error=str(no)[:200],
            due_at=timezone.now() + pause,
        )
        log.warning("invoice not issued", reason=str(no), alarm=dead)
    else:
        if not row.update(status=Invoice.Status.ISSUED, number=number, issued_at=timezone.now(), error=""):
            log.error("invoice issued for an order given up", number=number, alarm=True)
