"""Background work: each task starts a job that may run twice or at once with itself."""

from celery import shared_task

from kyc.steps import capture, checking
from kyc.steps.review import deadlines


@shared_task
def check_evidence() -> None:
    checking.check_due()


@shared_task
def keep_deadlines() -> None:
    deadlines.keep()


@shared_task
def tidy() -> None:
    capture.tidy()
