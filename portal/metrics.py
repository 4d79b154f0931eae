"""What the operator watches. Counters of all web processes meet in a folder; the rest is asked of the database at scrape."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

from portal import looks
from portal.models import Event, Failure, Heartbeat, Message
from portal.parts import Part, parts

REQUESTS = Counter("portal_requests", "Requests answered", ["view", "method", "status"])
SECONDS = Histogram(
    "portal_request_seconds", "Time to answer", ["view"], buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10)
)


class Standing:
    """How things stand now, whoever brought them there."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for part in parts(Part):
            yield from part.gauges()


def gauges() -> Iterator[GaugeMetricFamily]:
    """The ground floor's own."""
    now = timezone.now()
    messages = GaugeMetricFamily("portal_messages", "Messages by status", labels=["channel", "status"])
    open_ones = Message.objects.filter(status__in=("due", "sending", "dead"))
    for row in open_ones.values("channel", "status").annotate(number=Count("pk")).order_by():
        messages.add_metric([row["channel"], row["status"]], row["number"])
    yield messages
    oldest = Message.objects.filter(status="due").order_by("due_at").values_list("due_at", flat=True).first()
    yield GaugeMetricFamily(
        "portal_message_overdue_seconds",
        "How late the oldest due message is",
        value=max(0.0, (now - oldest).total_seconds()) if oldest else 0,
    )
    yield GaugeMetricFamily(
        "portal_audit_unsealed", "Audit entries not sealed yet", value=Event.objects.filter(seal=None).count()
    )
    failures = GaugeMetricFamily("portal_jobs_failing", "Rows that a job on schedule cannot do", labels=["job"])
    for failing in Failure.objects.values("job").annotate(number=Count("pk")).order_by():
        failures.add_metric([failing["job"]], failing["number"])
    yield failures
    yield GaugeMetricFamily(
        "portal_people_looking_much", "Staff who look at more personal data than work explains", value=looks.many()
    )
    silence = Heartbeat.silence("worker")
    yield GaugeMetricFamily(
        "portal_worker_silent_seconds",
        "Since the worker last spoke",
        value=-1 if silence is None else silence.total_seconds(),
    )


def exposition() -> bytes:
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    registry.register(Standing())
    return generate_latest(registry)
