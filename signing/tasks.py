"""The signer's work, on its own queue: each task starts a job that may run twice or at once with itself."""

from celery import shared_task

from portal import jobs
from portal.models import Heartbeat
from signing import printing
from signing.steps import acts, issuance, performing, pin, restamping, sealing, standing, verifying


@shared_task
def act() -> None:
    performing.perform_due()


@shared_task
def seal() -> None:
    sealing.seal_due()


@shared_task
def issue() -> None:
    issuance.issue_due()


@shared_task
def beat() -> None:
    Heartbeat.heard("signer")


@shared_task
def fill_pool() -> None:
    if pin.fill_pool():
        fill_pool.delay()  # behind what came meanwhile
    printing.warm()  # once in each process; afterwards it costs nothing


@shared_task
def tidy() -> None:
    jobs.run(standing.expire, acts.tidy)


@shared_task
def examine() -> None:
    """The worker's: strangers' files stay away from the signer."""
    jobs.run(verifying.examine_due, verifying.forget)


@shared_task
def restamp() -> None:
    restamping.restamp_due()


@shared_task
def recheck() -> None:
    issuance.recheck()
