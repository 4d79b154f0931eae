"""The authority's work in the signer, on its queue: each task starts a job that may run twice or at once with itself."""

from celery import shared_task

from portal import jobs
from signing.authority import ceremony, lists, ocsp, questions


@shared_task
def publish() -> None:
    jobs.run(lists.publish_due, ocsp.sign_answers)


@shared_task
def answer(what: str, question: str, place: str) -> None:
    questions.reply(what, question, place)


@shared_task
def turn() -> None:
    ceremony.turn_due()
