"""Background work: each task starts a job that may run twice or at once with itself."""

from celery import shared_task

from enrollment.steps import leaving
from portal import jobs


@shared_task
def tidy() -> None:
    jobs.run(leaving.remind, leaving.expire, leaving.erase)
