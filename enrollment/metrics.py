"""What the operator watches of enrollment: what VNeID was not told."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from enrollment.models import Report


def gauges() -> Iterator[GaugeMetricFamily]:
    dead = Report.objects.filter(status=Report.Status.DEAD).count()
    yield GaugeMetricFamily(
        "portal_vneid_reports_dead", "What VNeID was told in vain, until it was given up", value=dead
    )
    oldest = Report.objects.filter(status=Report.Status.DUE).order_by("at").values_list("at", flat=True).first()
    yield GaugeMetricFamily(
        "portal_vneid_report_age_seconds",
        "Since the oldest state that VNeID has not heard yet",
        value=(timezone.now() - oldest).total_seconds() if oldest else 0,
    )
