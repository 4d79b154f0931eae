"""Invoices of paid orders."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from enrollment.orders.gateways.invoice import Issued, NotIssued
from enrollment.orders.models import Invoice
from enrollment.orders.parts import Buyer
from enrollment.orders.steps import invoicing
from enrollment.standins.bank import Bank
from tests.enrollment.conftest import Customer, at_payment, deliver, notice_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_no_invoice_is_issued_for_money_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    deliver(notice_of(bank, walker.begins_to_pay()))
    walker.post("/application/cancel/")
    invoicing.issue_due()
    assert Invoice.objects.get().status == "void"


def test_invoices_are_issued_once(bank: Bank, customer: Customers) -> None:
    deliver(notice_of(bank, at_payment(customer).begins_to_pay()))
    invoicing.issue_due()
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.attempts) == ("issued", 1)
    invoicing.issue_due()
    assert Invoice.objects.get().number == invoice.number


def test_an_invoice_that_fails_is_tried_again_and_then_waits_for_a_person(
    bank: Bank, customer: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(notice_of(bank, at_payment(customer).begins_to_pay()))

    class Down:
        def issue(self, invoice: Invoice, buyer: Buyer) -> Issued:
            raise NotIssued("down")

    monkeypatch.setattr(invoicing, "provider", Down)
    for _time in range(invoicing.MAX_ATTEMPTS):
        Invoice.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        invoicing.issue_due()
    assert Invoice.objects.get().status == "failed"
