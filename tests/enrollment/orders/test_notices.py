"""What is no notice although its signature is right: our own words, another shop's, half of one."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlparse

import pytest
from django.test import Client

from enrollment.journey import Step
from enrollment.orders.gateways import momo
from enrollment.orders.gateways.momo import MOMO_NOTICE
from enrollment.orders.gateways.port import Away
from enrollment.orders.gateways.vnpay import VNPAY_SAID, vnpay_hash
from enrollment.orders.models import Order, Payment, Refund
from enrollment.standins.bank import Bank
from tests.enrollment.conftest import Customer, at_payment, deliver, notice_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def refused(walker: Customer) -> bool:
    """Nothing came of it: the payment waits as before, and nobody is owed anything."""
    waits = Payment.objects.get().status == "pending" and walker.application.step == Step.PAYMENT
    return waits and not Refund.objects.exists()


def begun_at_momo(walker: Customer) -> Payment:
    order = walker.application.order
    assert order
    return Payment.objects.create(order=order, gateway="momo", amount=order.total, reference=f"SC{'A' * 10}")


def test_a_signed_order_of_ours_replayed_is_no_notice_of_vnpay(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    address = walker.post("/register/payment/", {"gateway": "vnpay"}).headers["Location"]
    order = dict(parse_qsl(urlparse(address).query))
    assert Client().get("/api/payments/vnpay/", order).json()["RspCode"] == "97"
    assert refused(walker)


def test_a_signed_order_of_ours_replayed_is_no_notice_of_momo(
    bank: Bank, customer: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Created and asked about: both are signed with the key by which MoMo signs."""
    walker = at_payment(customer)
    begun, sent = begun_at_momo(walker), []

    def kept(url: str, order: dict[str, Any]) -> dict[str, Any]:
        sent.append(order)
        return {"resultCode": 0, "payUrl": f"{bank.momo.party.origin}/pay", "orderId": begun.reference}

    monkeypatch.setattr(momo, "post", kept)
    bank.momo.start(begun, "", "vi")
    with pytest.raises(Away):
        bank.momo.ask(begun)  # answered without a partner
    assert len(sent) == 2
    for order in sent:
        for claim in ({}, {"resultCode": 0, "transId": 1}):
            assert Client().post("/api/payments/momo/", {**order, **claim}, "application/json").status_code == 400
    assert refused(walker)


@pytest.mark.parametrize("changed", [{"vnp_TmnCode": "OTHERSHP"}, *({name: ""} for name in VNPAY_SAID)])
def test_another_shops_notice_or_half_a_one_is_none_of_vnpay(
    bank: Bank, customer: Customers, changed: dict[str, str]
) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    facts = {**notice.params, **changed}
    notice.params = {**facts, "vnp_SecureHash": vnpay_hash(bank.vnpay.party.secret, facts)}
    assert deliver(notice).json()["RspCode"] == "97"
    assert refused(walker)


@pytest.mark.parametrize("left_out", ["message", "payType", "responseTime"])
def test_a_signed_notice_of_momo_with_fields_left_out_is_none(bank: Bank, customer: Customers, left_out: str) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, begun_at_momo(walker))
    facts = {name: value for name, value in notice.json.items() if name != left_out}
    notice.json = bank.momo.signed(facts, MOMO_NOTICE)
    assert deliver(notice).status_code == 400
    assert refused(walker)


def test_another_partners_notice_is_none_of_momo(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, begun_at_momo(walker))
    notice.json = bank.momo.signed({**notice.json, "partnerCode": "OTHER"}, MOMO_NOTICE)
    assert deliver(notice).status_code == 400
    assert refused(walker)


def test_a_payment_of_one_gateway_is_not_settled_by_another(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay()
    begun.gateway = "momo"
    assert deliver(notice_of(bank, begun)).status_code == 204  # heard; not theirs
    assert refused(walker)
    assert Order.objects.get().status == "open"
