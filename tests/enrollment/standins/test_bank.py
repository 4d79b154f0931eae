"""The local bank over HTTP, as a process of its own would be: what the gateways say to it and it to us."""

import time
from collections.abc import Callable

import pytest
import requests
from django.conf import settings

from enrollment.journey import Step
from enrollment.orders.models import Payment, Refund
from enrollment.orders.steps import paying
from tests.enrollment.conftest import Customer, at_payment
from tests.enrollment.standins.conftest import pays, until

pytestmark = pytest.mark.django_db(transaction=True)
Customers = Callable[..., Customer]


@pytest.mark.parametrize("gateway", ["vnpay", "momo", "vietqr"])
def test_paying_calls_back_and_moves_the_application(gateway: str, origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    answer = pays(walker, gateway, origin, "pay")
    assert answer.headers["Location"].startswith(f"{settings.SITE_URL}/register/paid/")
    until(lambda: walker.application.step == Step.ACTIVATION)


@pytest.mark.parametrize("gateway", ["vnpay", "momo"])
@pytest.mark.parametrize("ending", ["poor", "cancel"])
def test_not_paying_leaves_the_order_open(gateway: str, ending: str, origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    pays(walker, gateway, origin, ending)
    until(lambda: Payment.objects.get().status == "failed")
    assert walker.application.step == Step.PAYMENT
    pays(walker, gateway, origin, "pay")
    until(lambda: walker.application.step == Step.ACTIVATION)


@pytest.mark.parametrize("gateway", ["vnpay", "momo", "vietqr"])
def test_paying_too_little_becomes_a_refund(gateway: str, origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    pays(walker, gateway, origin, "short")
    until(lambda: Refund.objects.filter(reason="amount", amount=219_000).exists())
    assert walker.application.step == Step.PAYMENT


def test_told_twice_it_counts_once(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    pays(walker, "momo", origin, "twice")
    until(lambda: walker.application.step == Step.ACTIVATION)
    time.sleep(0.5)
    assert not Refund.objects.exists()
    assert Payment.objects.get().status == "paid"


@pytest.mark.parametrize("gateway", ["vnpay", "momo"])
def test_a_bank_that_forgets_to_tell_is_asked(gateway: str, origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    pays(walker, gateway, origin, "silent")
    assert walker.application.step == Step.PAYMENT
    paying.ask(Payment.objects.get())
    assert walker.application.step == Step.ACTIVATION


@pytest.mark.parametrize("gateway", ["vnpay", "momo"])
def test_asked_about_what_is_open_or_unknown_it_settles_nothing(gateway: str, origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    walker.post("/register/payment/", {"gateway": gateway})
    paying.ask(Payment.objects.get())
    Payment.objects.update(reference="SCNEVERBEGUN")
    paying.ask(Payment.objects.get())
    assert Payment.objects.get().status == "pending"


def test_the_bank_takes_no_order_that_is_not_signed(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    address = walker.post("/register/payment/", {"gateway": "vnpay"}).headers["Location"]
    assert requests.get(address.replace("vnp_Amount=22000000", "vnp_Amount=100"), timeout=10).status_code == 400
