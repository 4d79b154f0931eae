"""What gateways say to us and we to them: signatures, codes, order of checks, nonsense."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.journey import Step
from enrollment.orders.gateways.feed import feed_text
from enrollment.orders.gateways.port import digest
from enrollment.orders.gateways.vietqr import crc16, vietqr
from enrollment.orders.gateways.vnpay import vnpay_hash
from enrollment.orders.models import Payment, Refund
from enrollment.standins.bank import Bank
from tests.enrollment.conftest import Customer, at_payment, deliver, notice_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_the_checks_of_vnpay_come_in_the_documented_order(bank: Bank, customer: Customers) -> None:
    begun = at_payment(customer).begins_to_pay()
    right = notice_of(bank, begun).params

    def answered(**changed: str) -> str:
        """With its right signature, unless that is what is changed."""
        facts = {**{name: value for name, value in right.items() if name != "vnp_SecureHash"}, **changed}
        signed = {"vnp_SecureHash": vnpay_hash(bank.vnpay.party.secret, facts), **facts}
        return str(Client().get("/api/payments/vnpay/", signed).json()["RspCode"])

    unknown = {"vnp_TxnRef": "SCNOBODY"}
    assert answered(**unknown, vnp_Amount="1", vnp_SecureHash="0" * 128) == "97"
    assert answered(**unknown, vnp_Amount="1") == "01"
    assert answered(vnp_Amount="1") == "04"
    assert answered(vnp_Amount="21999999") == "04"
    assert answered(vnp_CurrCode="USD") == "04"
    assert Payment.objects.get().status == "wrong"
    Payment.objects.update(status="pending")
    assert answered(vnp_ResponseCode="24", vnp_TransactionStatus="02") == "00"
    assert answered(vnp_ResponseCode="24", vnp_TransactionStatus="02") == "02"
    assert Payment.objects.get().status == "failed"
    assert answered() == "00"
    assert answered() == "02"
    assert answered(vnp_Amount="1") == "04"


@pytest.mark.parametrize(("response", "status"), [("00", "02"), ("24", "02"), ("24", "00")])
def test_both_codes_must_say_that_it_was_paid(bank: Bank, customer: Customers, response: str, status: str) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    facts = {**notice.params, "vnp_ResponseCode": response, "vnp_TransactionStatus": status}
    notice.params = {**facts, "vnp_SecureHash": vnpay_hash(bank.vnpay.party.secret, facts)}
    assert deliver(notice).json()["RspCode"] == "00"
    assert walker.application.step == Step.PAYMENT
    assert "không thành công" in walker.client.get("/register/payment/").content.decode()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b'{"signature": {"a": 1}}'])
def test_nonsense_at_the_door_is_refused_quietly(body: bytes) -> None:
    for gateway in ("momo", "vietqr", "vnpay"):
        assert Client().post(f"/api/payments/{gateway}/", b'{"vnp_A": "\\ud800"}', "application/json").status_code < 500
        answer = Client().post(f"/api/payments/{gateway}/", body, "application/json")
        assert answer.status_code in (200, 400)
    assert Client().get("/api/payments/unknown/").status_code == 404


@pytest.mark.parametrize(
    "odd", [{"transaction": ""}, {"amount": "-1"}, {"amount": "x"}, {"amount": "٢٢٠"}, {"signature": "\ud800"}]
)
def test_a_transfer_that_cannot_be_read_is_refused_and_tried_again(bank: Bank, odd: dict[str, str]) -> None:
    transfer = {"amount": "1", "content": "x", "time": "1", "transaction": "9", **odd}
    signature = digest("sha256", bank.vietqr.party.secret, feed_text(transfer))
    answer = Client().post("/api/payments/vietqr/", {"signature": signature, **transfer}, "application/json")
    assert answer.status_code == 400
    assert not Refund.objects.exists()


def test_a_transfer_of_whole_dong_with_decimals_counts(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    transfer = {"amount": f"{begun.amount}.00", "content": f"SCB CK {begun.reference}", "time": "1", "transaction": "9"}
    signature = digest("sha256", bank.vietqr.party.secret, feed_text(transfer))
    Client().post("/api/payments/vietqr/", {"signature": signature, **transfer}, "application/json")
    assert walker.application.step == Step.ACTIVATION


def test_a_transfer_is_matched_however_banks_write_its_text(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    written = f"MBVCB.123 {begun.reference.lower()[:5]} {begun.reference.lower()[5:]} CHUYEN TIEN"
    deliver(notice_of(bank, Payment(gateway="vietqr", reference=written, amount=begun.amount)))
    assert walker.application.step == Step.ACTIVATION


def test_the_vietqr_is_the_documented_one() -> None:
    text = vietqr("970403", "0011012345678", 180_000, "thanh toan don hang")
    assert text.startswith("000201010212" + "38")
    assert "0010A000000727" in text
    assert "5303704" in text
    assert "5406180000" in text
    assert text[-8:-4] == "6304"
    assert text[-4:] == f"{crc16(text[:-4]):04X}"
    assert crc16("123456789") == 0x29B1  # the check value of CRC-16/CCITT-FALSE
