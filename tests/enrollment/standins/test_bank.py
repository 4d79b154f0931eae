"""The local bank over HTTP, as a process of its own would be: what the gateways say to it and it to us."""

import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from enrollment.journey import Step
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.models import Payment, Refund
from enrollment.orders.steps import paying
from enrollment.standins import bank
from tests.enrollment.conftest import Customer, at_payment
from tests.postgresql import free_port

pytestmark = pytest.mark.django_db(transaction=True)
Customers = Callable[..., Customer]


@pytest.fixture
def origin(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The bank at work beside a portal at work."""
    port = free_port()
    monkeypatch.setattr(settings, "SITE_URL", live_server.url)
    urls = {name: re.sub(r"localhost:\d+", f"localhost:{port}", url) for name, url in settings.PAYMENT_URLS.items()}
    monkeypatch.setattr(settings, "PAYMENT_URLS", urls)
    monkeypatch.setattr(bank, "RETRIES", (0.0, 0.1, 0.1))
    gateways.cache_clear()
    server = bank.counter("127.0.0.1", port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{port}"
    server.shutdown()
    server.server_close()
    gateways.cache_clear()


def pays(walker: Customer, gateway: str, origin: str, ending: str) -> requests.Response:
    """The browser goes to the gateway, and the person decides there."""
    address = walker.post("/register/payment/", {"gateway": gateway}).headers["Location"]
    if gateway == "vietqr":
        page = walker.client.get(address).content.decode()
        begun = Payment.objects.latest("pk")
        assert begun.reference in page
        address = f"{origin}/transfer?amount={begun.amount}&content={begun.reference}"
    page = requests.get(address, timeout=10).text
    deal = re.findall(r'name="deal" value="([^"]+)"', page)[0]
    return requests.post(f"{origin}/decide", {"deal": deal, "ending": ending}, timeout=10, allow_redirects=False)


def until(come: Callable[[], bool]) -> None:
    for _moment in range(100):
        if come():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come")


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
