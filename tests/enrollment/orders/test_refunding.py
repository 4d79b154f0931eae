"""Money without a right to it: to whom it is owed, once."""

from collections.abc import Callable

import pytest

from enrollment.journey import Step
from enrollment.orders.models import Payment, Refund
from enrollment.standins.bank import Bank
from tests.conftest import at_once
from tests.enrollment.conftest import Customer, at_payment, deliver, messages_of, notice_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_ways_of_paying_at_once_settle_once_and_the_other_is_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notices = [
        notice_of(bank, walker.begins_to_pay(gateway), transaction=str(place))
        for place, gateway in enumerate(("vnpay", "vietqr"), 1)
    ]
    at_once(2, lambda place: deliver(notices[place]))
    assert walker.application.step == Step.ACTIVATION
    assert Refund.objects.get().reason == "twice"
    assert messages_of("activation_code") == 1


def test_money_for_an_order_given_up_is_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "plan"})
    walker.chooses("khong-gioi-han-36")
    assert deliver(notice).json()["RspCode"] == "00"
    assert walker.application.step == Step.PAYMENT
    assert Refund.objects.get().reason == "late"


def test_the_wrong_amount_goes_to_the_queue_once(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay("vietqr"), amount=219_000)
    for _time in range(3):
        deliver(notice)
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount, refund.status) == ("amount", 219_000, "due")
    assert walker.application.step == Step.PAYMENT


def test_a_transfer_that_names_no_order_goes_to_the_queue(bank: Bank) -> None:
    stray = Payment(gateway="vietqr", reference="ung ho", amount=50_000)
    assert deliver(notice_of(bank, stray)).status_code == 200
    assert Refund.objects.get().reason == "unknown"


def test_cancelling_a_paid_application_returns_the_money(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    deliver(notice_of(bank, walker.begins_to_pay()))
    walker.post("/application/cancel/")
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount) == ("cancelled", 220_000)


def test_money_that_comes_after_cancelling_is_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    walker.post("/application/cancel/")
    deliver(notice)
    assert Refund.objects.get().reason == "late"
    assert walker.application.step == Step.STOPPED
