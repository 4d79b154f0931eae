"""What is no notice although its signature is right: our own words, another shop's, half of one."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlparse

import pytest
from django.test import Client

from enrollment.journey import Step
from enrollment.orders.gateways import momo, vnpay
from enrollment.orders.gateways.momo import MOMO_NOTICE
from enrollment.orders.gateways.port import Away, digest
from enrollment.orders.gateways.vnpay import VNPAY_ANSWERED, VNPAY_SAID, barred, vnpay_hash
from enrollment.orders.models import Order, Payment, Refund
from enrollment.orders.steps import paying
from enrollment.standins.bank import Bank, Deal
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


def test_money_without_a_transaction_of_theirs_is_no_notice(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, begun_at_momo(walker), transaction="")
    assert deliver(notice).status_code == 400
    assert refused(walker)


def answer_about(bank: Bank, reference: str, **otherwise: str) -> dict[str, str]:
    """To a question, signed by VNPAY."""
    deal = Deal("vnpay", reference, 220_000, {}, result="00")
    facts = {**bank.vnpay_facts(deal), "vnp_Command": "querydr", "vnp_ResponseCode": "00", **otherwise}
    return {**facts, "vnp_SecureHash": digest("sha512", bank.vnpay.party.secret, barred(facts, VNPAY_ANSWERED))}


@pytest.mark.parametrize("wrong", ["another payment", "another shop", "unsigned"])
def test_an_answer_about_another_payment_settles_neither(
    bank: Bank, customer: Customers, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    walker = at_payment(customer)
    begun, other = walker.begins_to_pay(), walker.begins_to_pay()
    answer = answer_about(bank, begun.reference)
    if wrong == "another payment":
        answer = answer_about(bank, other.reference)
    elif wrong == "another shop":
        answer = answer_about(bank, begun.reference, vnp_TmnCode="OTHERSHP")
    else:
        answer["vnp_SecureHash"] = "0" * 128
    monkeypatch.setattr(vnpay, "post", lambda _url, _order: answer)
    paying.ask(begun)
    assert walker.application.step == Step.PAYMENT
    monkeypatch.setattr(vnpay, "post", lambda _url, _order: answer_about(bank, begun.reference))
    paying.ask(begun)
    assert walker.application.step == Step.ACTIVATION


def test_a_payment_of_one_gateway_is_not_settled_by_another(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay()
    begun.gateway = "momo"
    assert deliver(notice_of(bank, begun)).status_code == 204  # heard; not theirs
    assert refused(walker)
    assert Order.objects.get().status == "open"
