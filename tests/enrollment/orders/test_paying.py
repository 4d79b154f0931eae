"""Paying an order: who says that it was paid, and how often it counts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.gateways.vnpay import vnpay_hash
from enrollment.orders.models import Invoice, Order, Payment, Refund
from enrollment.orders.steps import paying
from enrollment.standins.bank import Bank
from enrollment.steps import leaving
from portal.models import Event
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.enrollment.conftest import Customer, at_payment, deliver, messages_of, notice_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_a_forged_notice_changes_nothing(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    notice.params["vnp_SecureHash"] = "0" * 128
    assert deliver(notice).json() == {"RspCode": "97", "Message": "Fail checksum"}
    begun = walker.begins_to_pay("vietqr")
    notice = notice_of(bank, begun)
    notice.json["amount"] = begun.amount + 1
    assert deliver(notice).status_code == 400
    assert walker.application.step == Step.PAYMENT
    assert not Refund.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("gateway", ["vnpay", "vietqr"])
def test_thirty_notices_at_once_and_a_hundred_later_settle_once(bank: Bank, customer: Customers, gateway: str) -> None:
    """Promise P8, as far as payments: one settlement, one code, one message."""
    begun = at_payment(customer).begins_to_pay(gateway)
    notice = notice_of(bank, begun)
    codes = at_once(30, lambda _place: deliver(notice).json().get("RspCode"))
    if gateway == "vnpay":
        assert sorted(map(str, codes)) == ["00"] + ["02"] * 29
    for _time in range(100):
        deliver(notice)
    assert Event.objects.filter(verb="payment received").count() == 1
    assert messages_of("activation_code") == messages_of("receipt") == 1
    assert Invoice.objects.count() == 1
    assert not Refund.objects.exists()


ALTERED = {"months": 36, "signings": 9, "total": 1, "vat_percent": 0, "kind": "per-signing", "name": "Khác", "plan": 1}


@pytest.mark.parametrize("field", ALTERED)
def test_an_order_changed_by_other_means_is_neither_begun_nor_settled(
    bank: Bank, customer: Customers, field: str
) -> None:
    """Promise P24: what was ordered is what is paid; the row's word alone buys nothing."""
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    Order.objects.update(**{field: ALTERED[field]})
    order = walker.application.order
    assert order
    with pytest.raises(Refusal, match="not-payable"):
        paying.begin(order, "vnpay", place="", language="vi")
    deliver(notice_of(bank, begun))
    assert walker.application.step == Step.PAYMENT
    assert Refund.objects.get().reason == "altered"
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(("field", "other"), [("reference", "AAAAAAAAAA"), ("purpose", "another"), ("subject", 0)])
def test_an_order_does_not_pass_for_somebody_elses(customer: Customers, field: str, other: object) -> None:
    order = at_payment(customer).application.order
    assert order
    assert order.is_ours
    setattr(order, field, other)
    assert not order.is_ours


def test_an_order_made_free_by_other_means_is_not_settled(customer: Customers) -> None:
    walker = at_payment(customer)
    Order.objects.update(total=0)
    walker.post("/register/payment/")
    assert walker.application.step == Step.PAYMENT


def test_a_payment_made_smaller_by_other_means_settles_nothing(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    Payment.objects.update(amount=1)
    deliver(notice_of(bank, begun, amount=1))
    assert walker.application.step == Step.PAYMENT
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount) == ("altered", 1)


@pytest.mark.parametrize("gateway", ["vnpay", "vietqr"])
def test_the_same_transaction_again_owes_nothing_and_another_is_returned(
    bank: Bank, customer: Customers, gateway: str
) -> None:
    begun = at_payment(customer).begins_to_pay(gateway)
    for _time in range(3):
        deliver(notice_of(bank, begun, transaction="1"))
    assert not Refund.objects.exists()
    deliver(notice_of(bank, begun, transaction="2"))
    assert (Refund.objects.get().reason, Refund.objects.get().provider_id) == ("twice", "2")


def test_money_held_by_the_bank_is_neither_paid_nor_failed(bank: Bank, customer: Customers) -> None:
    """Code 07: taken from the customer, looked at by the bank."""
    walker = at_payment(customer)
    begun = walker.begins_to_pay()
    notice = notice_of(bank, begun)
    facts = {**notice.params, "vnp_ResponseCode": "07", "vnp_TransactionStatus": "07"}
    notice.params = {**facts, "vnp_SecureHash": vnpay_hash(bank.vnpay.party.secret, facts)}
    assert deliver(notice).json()["RspCode"] == "00"
    page = walker.client.get("/register/payment/").content.decode()
    assert "Xin đừng trả lần nữa" in page
    assert "chưa bị trừ tiền" not in page
    deliver(notice_of(bank, begun))
    assert walker.application.step == Step.ACTIVATION


def test_money_held_is_asked_about_and_keeps_its_application(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay()
    long_ago = timezone.now() - timedelta(days=9)
    Payment.objects.update(status="held", created_at=long_ago)
    Application.objects.update(touched_at=long_ago, reminded_at=long_ago)
    leaving.expire()
    assert walker.application.step == Step.PAYMENT
    paying.ask_about_open_ones()
    begun.refresh_from_db()
    assert begun.asked_at


def test_the_sweep_comes_round_to_every_payment(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    for _press in range(3):
        walker.begins_to_pay("vnpay")
    now = timezone.now()
    Payment.objects.update(created_at=now - timedelta(minutes=9))
    first, second, third = Payment.objects.order_by("pk")
    Payment.objects.filter(pk=first.pk).update(asked_at=now - timedelta(minutes=3))
    Payment.objects.filter(pk=second.pk).update(asked_at=now - timedelta(minutes=8))
    asked: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paying, "ask", lambda payment: asked.append(payment.pk))
        paying.ask_about_open_ones()
    assert asked == [third.pk, second.pk, first.pk]


def test_pressed_twice_it_is_the_same_payment(customer: Customers) -> None:
    walker = at_payment(customer)
    assert walker.begins_to_pay("vietqr").pk == walker.begins_to_pay("vietqr").pk
    assert walker.begins_to_pay().pk != walker.begins_to_pay().pk  # VNPAY takes a reference once


def test_a_payment_that_nobody_tells_of_is_given_up_and_still_settles_if_money_comes(
    bank: Bank, customer: Customers
) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    Payment.objects.update(created_at=timezone.now() - timedelta(days=2))
    paying.ask_about_open_ones()
    begun.refresh_from_db()
    assert begun.status == "expired"
    deliver(notice_of(bank, begun))
    assert walker.application.step == Step.ACTIVATION
