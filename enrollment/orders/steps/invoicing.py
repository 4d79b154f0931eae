"""Invoices of paid orders: a row with the payment, issued afterwards, tried again for two days; taken back by a second one
where the money was returned."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from enrollment.orders.gateways.invoice import Issued, NotIssued
from enrollment.orders.gateways.provider import provider
from enrollment.orders.models import Invoice
from enrollment.orders.parts import seller
from portal import audit, jobs

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 12
Status = Invoice.Status
TO_ISSUE = Q(status=Status.PENDING) | Q(status=Status.WRONG, attempts__lt=MAX_ATTEMPTS)


def issue_due() -> None:
    now = timezone.now()
    due = Invoice.objects.filter(TO_ISSUE, due_at__lte=now)
    jobs.each(due.select_related("order__plan").order_by("due_at")[:100], take)


def take(invoice: Invoice) -> None:
    """Of several workers one has it, for a while."""
    row = Invoice.objects.filter(pk=invoice.pk, due_at=invoice.due_at, status=invoice.status)
    if row.update(due_at=timezone.now() + LEASE, attempts=F("attempts") + 1):
        issue(invoice)


@transaction.atomic
def again(invoices: "QuerySet[Invoice]") -> int:
    """Another round for those that were left to a person."""
    anew = {"attempts": 0, "due_at": timezone.now()}
    count = invoices.filter(status=Status.FAILED).update(status=Status.PENDING, **anew)
    count += invoices.filter(status=Status.WRONG, attempts__gte=MAX_ATTEMPTS).update(**anew)
    audit.record("invoices tried again", count=count)
    return count


def issue(invoice: Invoice) -> None:
    buyer = seller(invoice.order).buyer(invoice.order)
    try:
        if invoice.status == Status.WRONG:
            adjusted(invoice, provider().adjust(invoice, buyer))
        else:
            issued(invoice, provider().issue(invoice, buyer))
    except NotIssued as no:
        put_off(invoice, no)


def put_off(invoice: Invoice, no: NotIssued) -> None:
    """Tried again later, or left to a person. One that waits to be adjusted goes on waiting: it is issued all the same."""
    dead = no.final or invoice.attempts + 1 >= MAX_ATTEMPTS
    failed = Status.FAILED if invoice.status == Status.PENDING else invoice.status
    Invoice.objects.filter(pk=invoice.pk, status=invoice.status).update(
        status=failed if dead else invoice.status,
        attempts=MAX_ATTEMPTS if dead else F("attempts"),
        error=str(no)[:200],
        due_at=timezone.now() + timedelta(minutes=2 ** min(invoice.attempts, 8)),
    )
    log.warning("invoice not issued", reason=str(no), alarm=dead)


@transaction.atomic
def issued(invoice: Invoice, paper: Issued) -> None:
    """Where the order was given up meanwhile it is issued all the same, and has to be adjusted."""
    now, row = timezone.now(), Invoice.objects.filter(pk=invoice.pk)
    paper_of = {"number": paper.number, "series": paper.series, "lookup": paper.lookup, "issued_at": now, "error": ""}
    if not row.filter(status__in=(Status.PENDING, Status.FAILED)).update(status=Status.ISSUED, **paper_of):
        if not row.filter(status=Status.VOID).update(status=Status.WRONG, attempts=0, due_at=now, **paper_of):
            return
        log.warning("invoice issued for an order given up")
    invoice.refresh_from_db()
    seller(invoice.order).invoiced(invoice.order, invoice)


@transaction.atomic
def adjusted(invoice: Invoice, paper: Issued) -> None:
    mine = Invoice.objects.filter(pk=invoice.pk, status=Status.WRONG)
    if mine.update(status=Status.ADJUSTED, adjustment=paper.number, error=""):
        invoice.refresh_from_db()
        seller(invoice.order).invoiced(invoice.order, invoice)
