"""What the operator watches of the review."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily

from kyc.models import Case
from kyc.steps.review import queues


def standing() -> Iterator[GaugeMetricFamily]:
    running = Case.objects.filter(queue__in=Case.RUNNING)
    yield GaugeMetricFamily("portal_cases_waiting", "Files that wait for a person", value=running.count())
    late = Case.objects.filter(queues.is_late()).count()
    yield GaugeMetricFamily("portal_cases_late", "Files whose promised time has passed", value=late)
    unseen = Case.objects.filter(checked=False).exclude(queue=Case.Queue.CLOSED).count()
    yield GaugeMetricFamily("portal_cases_unchecked", "Files that no machine has looked at yet", value=unseen)
