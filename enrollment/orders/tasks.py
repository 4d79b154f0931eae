"""Background work: each task starts a job that may run twice or at once with itself."""

from celery import shared_task

from enrollment.orders.steps import invoicing, paying


@shared_task
def ask_about_payments() -> None:
    paying.ask_about_open_ones()


@shared_task
def read_statements() -> None:
    paying.read_statements()


@shared_task
def issue_invoices() -> None:
    invoicing.issue_due()
