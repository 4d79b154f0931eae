"""Background work: each task starts a job that may run twice or at once with itself."""

from celery import shared_task

from enrollment.steps import invoicing, leaving, payment


@shared_task
def ask_about_payments() -> None:
    payment.ask_about_open_ones()


@shared_task
def issue_invoices() -> None:
    invoicing.issue_due()


@shared_task
def tidy() -> None:
    leaving.remind()
    leaving.expire()
    leaving.erase()
