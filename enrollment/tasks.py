"""Background work: each task starts a job that may run twice or at once with itself."""

from celery import shared_task

from enrollment.steps import activation, introducing, leaving, linking
from portal import jobs


@shared_task
def tidy() -> None:
    jobs.run(
        leaving.remind, leaving.expire, activation.pass_on, leaving.erase, leaving.erase_accounts, introducing.tidy
    )


@shared_task
def report() -> None:
    jobs.run(linking.deliver)
