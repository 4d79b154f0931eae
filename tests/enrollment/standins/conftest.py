"""The bank at work beside a portal at work, and a person who pays there."""

import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from enrollment.orders.gateways.payment import gateways
from enrollment.orders.models import Payment
from enrollment.standins import bank
from tests.enrollment.conftest import Customer
from tests.postgresql import free_port


@pytest.fixture
def feed() -> str:
    """Of the address by which transfers are told: its scheme, and what is added to it."""
    return "vietqr+"


@pytest.fixture
def origin(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, feed: str) -> Iterator[str]:
    port = free_port()
    monkeypatch.setattr(settings, "SITE_URL", live_server.url)
    urls = {name: re.sub(r"localhost:\d+", f"localhost:{port}", url) for name, url in settings.PAYMENT_URLS.items()}
    scheme, _and, more = feed.partition("&")
    urls["vietqr"] = urls["vietqr"].replace("vietqr+", scheme) + f"&{more}" * bool(more)
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
