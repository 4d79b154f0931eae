"""What the operator watches of orders: money that waits for a person or a gateway."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from enrollment.orders.models import Invoice, Payment, Plan, Refund


def gauges() -> Iterator[GaugeMetricFamily]:
    due = Refund.objects.filter(status=Refund.Status.DUE).count()
    yield GaugeMetricFamily("portal_refunds_due", "Money to be returned by a person", value=due)
    failed = Invoice.objects.filter(status=Invoice.Status.FAILED).count()
    yield GaugeMetricFamily("portal_invoices_failed", "Invoices that their provider did not take", value=failed)
    altered = GaugeMetricFamily("portal_plans_altered", "Plans changed by other means than two people", labels=["plan"])
    for plan in Plan.objects.all():
        altered.add_metric([plan.code], 0 if plan.is_ours else 1)
    yield altered
    wrong = Invoice.objects.filter(status=Invoice.Status.WRONG).count()
    yield GaugeMetricFamily("portal_invoices_to_adjust", "Issued invoices whose money was returned", value=wrong)
    waiting = Payment.objects.filter(status=Payment.Status.PENDING).order_by("created_at")
    oldest = waiting.values_list("created_at", flat=True).first()
    yield GaugeMetricFamily(
        "portal_payment_open_seconds",
        "Since the oldest payment without an outcome began",
        value=(timezone.now() - oldest).total_seconds() if oldest else 0,
    )
