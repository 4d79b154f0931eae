"""Background work: each task starts a job that may run twice or at once with itself."""

from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal import changes, jobs, outbox
from portal.audit import seals, verification
from portal.models import Allowance, Code, Failure, Heartbeat


@shared_task
def deliver_messages() -> None:
    outbox.deliver()


@shared_task
def seal_audit() -> None:
    seals.seal_all()


@shared_task(time_limit=3600)
def verify_audit() -> None:
    verification.check()


@shared_task
def beat() -> None:
    Heartbeat.heard("worker")


@shared_task
def tidy() -> None:
    jobs.run(changes.lapse_overdue, tidy_codes, tidy_allowances, tidy_sessions, tidy_failures)


def tidy_codes() -> None:
    Code.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()


def tidy_allowances() -> None:
    Allowance.objects.filter(renews_at__lt=timezone.now()).delete()


def tidy_sessions() -> None:
    Session.objects.filter(expire_date__lt=timezone.now()).delete()


def tidy_failures() -> None:
    """Of rows that no job takes up any more: whatever fails still would have failed again by now."""
    Failure.objects.filter(at__lt=timezone.now() - jobs.KEPT).delete()
