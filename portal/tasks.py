"""Background work: each task starts a job that may run twice or at once with itself."""

from datetime import timedelta

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal import outbox
from portal.audit import seals
from portal.models import Allowance, Code, Heartbeat


@shared_task
def deliver_messages() -> None:
    outbox.deliver()


@shared_task
def seal_audit() -> None:
    seals.seal_all()


@shared_task
def beat() -> None:
    Heartbeat.heard("worker")


@shared_task
def tidy() -> None:
    """What has had its time: spent codes, renewed allowances, ended sessions."""
    now = timezone.now()
    Code.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    Allowance.objects.filter(renews_at__lt=now).delete()
    Session.objects.filter(expire_date__lt=now).delete()
