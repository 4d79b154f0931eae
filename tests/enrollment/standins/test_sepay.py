"""Transfers told by SePay: the local bank speaks as it documents, over HTTP, late, twice, wrong or not at all."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.port import Away, callback
from enrollment.orders.gateways.sepay import DRIFT, SePay, signature
from enrollment.orders.gateways.vietqr import VietQR
from enrollment.orders.models import Payment, Refund
from enrollment.orders.steps import paying
from enrollment.standins import transfers
from enrollment.standins.bank import Deal
from tests.conftest import at_once
from tests.enrollment.conftest import Customer, at_payment
from tests.enrollment.standins.conftest import pays, until

pytestmark = pytest.mark.django_db(transaction=True)
Customers = Callable[..., Customer]


@pytest.fixture
def feed() -> str:
    return "sepay+"


def sepay() -> SePay:
    gateway = gateways()["vietqr"]
    assert isinstance(gateway, VietQR)
    assert isinstance(gateway.feed, SePay)
    return gateway.feed


def telling(
    begun: Payment, number: int = 92704, otherwise: Mapping[str, Any] | None = None
) -> tuple[bytes, dict[str, str]]:
    """A notice of this transfer as SePay sends it: body and headers."""
    deal = Deal("vietqr", begun.reference, begun.amount, {}, transaction=str(number), result="00")
    notice = transfers.notice(sepay(), deal, callback("vietqr"), **(otherwise or {}))
    return notice.data, dict(notice.headers)


def brought(body: bytes, headers: dict[str, str]) -> Any:
    return Client().post("/api/payments/vietqr/", body, "application/json", headers=headers)


@pytest.mark.parametrize("feed", ["sepay+", "sepay+&auth=apikey"])
def test_a_transfer_told_by_signature_or_by_key_settles(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    pays(walker, "vietqr", origin, "pay")
    until(lambda: walker.application.step == Step.ACTIVATION)


def test_told_twice_and_listed_it_counts_once(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    pays(walker, "vietqr", origin, "twice")
    until(lambda: walker.application.step == Step.ACTIVATION)
    paying.read_statements()
    time.sleep(0.5)
    assert not Refund.objects.exists()
    assert Payment.objects.get().status == "paid"


def test_too_little_becomes_a_refund_once(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    pays(walker, "vietqr", origin, "short")
    until(lambda: Refund.objects.filter(reason="amount", amount=219_000).exists())
    paying.read_statements()
    assert Refund.objects.count() == 1
    assert walker.application.step == Step.PAYMENT


def test_what_no_notice_told_stands_in_the_list(origin: str, customer: Customers) -> None:
    """Also for a payment that was given up meanwhile."""
    walker = at_payment(customer)
    pays(walker, "vietqr", origin, "silent")
    Payment.objects.update(status="expired")
    assert walker.application.step == Step.PAYMENT
    paying.read_statements()
    assert walker.application.step == Step.ACTIVATION
    paying.read_statements()
    assert not Refund.objects.exists()


def test_a_second_transfer_for_the_same_order_is_returned(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    for number in (1, 2, 2):
        assert brought(*telling(begun, number)).json() == {"success": True}
    refund = Refund.objects.get()
    assert (refund.reason, refund.provider_id) == ("twice", "sepay 2")


@pytest.mark.postgresql
def test_thirty_notices_and_lists_at_once_settle_once(origin: str, customer: Customers) -> None:
    begun = at_payment(customer).begins_to_pay("vietqr")
    body, headers = telling(begun)
    at_once(30, lambda place: brought(body, headers) if place % 3 else paying.read_statements())
    assert Payment.objects.get().status == "paid"
    assert not Refund.objects.exists()


def forgeries(body: bytes, headers: dict[str, str]) -> list[tuple[bytes, dict[str, str]]]:
    moment, later = headers["X-SePay-Timestamp"], str(int(time.time()) - DRIFT - 5)
    secret = sepay().party.secret
    return [
        (body, {}),
        (body.replace(b"220000", b"220001"), headers),
        (body, {**headers, "X-SePay-Signature": signature(b"another", moment, body)}),
        (body, {**headers, "X-SePay-Timestamp": str(int(moment) + 1)}),
        (body, {"X-SePay-Timestamp": later, "X-SePay-Signature": signature(secret, later, body)}),
        (body, {"X-SePay-Timestamp": "x", "X-SePay-Signature": signature(secret, "x", body)}),
        (body, {"X-SePay-Timestamp": "٣", "X-SePay-Signature": signature(secret, "٣", body)}),
        (body, {"Authorization": f"Apikey {secret.decode()}"}),
    ]


def test_a_notice_that_is_not_theirs_or_is_old_changes_nothing(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = telling(walker.begins_to_pay("vietqr"))
    for forged in forgeries(*notice):
        assert brought(*forged).status_code == 401
    assert walker.application.step == Step.PAYMENT
    assert not Refund.objects.exists()
    assert brought(*notice).status_code == 200
    assert walker.application.step == Step.ACTIVATION


@pytest.mark.parametrize("feed", ["sepay+&auth=apikey"])
def test_a_wrong_key_changes_nothing(origin: str, customer: Customers) -> None:
    walker = at_payment(customer)
    body, _headers = telling(walker.begins_to_pay("vietqr"))
    moment = str(int(time.time()))
    signed = {"X-SePay-Timestamp": moment, "X-SePay-Signature": signature(sepay().party.secret, moment, body)}
    for wrong in ({}, {"Authorization": "Apikey"}, {"Authorization": "Bearer demo"}, signed):
        assert brought(body, {**wrong}).status_code == 401
    assert walker.application.step == Step.PAYMENT


@pytest.mark.parametrize("otherwise", [{"transferType": "out"}, {"accountNumber": "0000999999"}])
def test_money_that_went_out_or_elsewhere_is_heard_and_pays_nothing(
    origin: str, customer: Customers, otherwise: dict[str, str]
) -> None:
    walker = at_payment(customer)
    assert brought(*telling(walker.begins_to_pay("vietqr"), otherwise=otherwise)).status_code == 200
    assert walker.application.step == Step.PAYMENT
    assert not Refund.objects.exists()


@pytest.mark.parametrize("odd", [{"id": ""}, {"id": "x"}, {"transferAmount": -1}, {"transferAmount": 0.5}])
def test_a_signed_notice_that_cannot_be_read_is_refused(
    origin: str, customer: Customers, odd: dict[str, object]
) -> None:
    walker = at_payment(customer)
    assert brought(*telling(walker.begins_to_pay("vietqr"), otherwise=odd)).status_code == 401
    assert not Refund.objects.exists()


def test_money_that_names_no_order_is_returned_once_whoever_tells_of_it(origin: str) -> None:
    stray = Payment(gateway="vietqr", reference="ung ho", amount=50_000)
    assert brought(*telling(stray)).status_code == 200
    assert Refund.objects.get().reason == "unknown"


def test_a_list_that_is_away_or_refuses_us_holds_up_nothing(
    origin: str, customer: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = at_payment(customer)
    pays(walker, "vietqr", origin, "silent")
    gateways.cache_clear()  # what we hold is apart from what the bank holds
    feed, token, address = sepay(), sepay().token, sepay().party.url
    feed.token = "another"
    with pytest.raises(Away):
        feed.since(timezone.now() - timedelta(days=1))
    paying.read_statements()
    assert walker.application.step == Step.PAYMENT
    feed.token, feed.party.url = token, "http://localhost:9/userapi"
    paying.read_statements()
    assert walker.application.step == Step.PAYMENT
    feed.party.url = address
    paying.read_statements()
    assert walker.application.step == Step.ACTIVATION


def test_a_row_of_the_list_that_cannot_be_read_holds_up_no_other(
    origin: str, customer: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = at_payment(customer)
    pays(walker, "vietqr", origin, "silent")
    listed = transfers.listed

    def with_others(*asked: Any) -> bytes:
        answer = json.loads(listed(*asked))
        first = answer["transactions"][0]
        odd = [
            {**first, "id": ""},
            {**first, "account_number": "0000999999", "id": "7"},
            {**first, "amount_in": "0.00"},
        ]
        return json.dumps({**answer, "transactions": [*odd, first]}).encode()

    monkeypatch.setattr(transfers, "listed", with_others)
    paying.read_statements()
    assert walker.application.step == Step.ACTIVATION
    assert not Refund.objects.exists()
