"""Orders and money: who says that it was paid, how often it counts, and what happens to money without a right to it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.gateways import invoice as invoice_gateways
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.port import digest
from enrollment.orders.gateways.vietqr import crc16, feed_text, vietqr
from enrollment.orders.gateways.vnpay import vnpay_hash
from enrollment.orders.models import Invoice, Order, Payment, Plan, Refund
from enrollment.orders.steps import invoicing, paying, refunding
from enrollment.standins.bank import Bank, Deal
from enrollment.steps import leaving, payment
from portal import wording
from portal.models import Event, Message
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.enrollment.conftest import PAID, Customer, code_sent, messages_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


@pytest.fixture
def bank() -> Bank:
    gateways.cache_clear()
    return Bank()


def notice(bank: Bank, begun: Payment, result: str = "00", *, amount: int = 0, transaction: str = "1234567") -> Any:
    """Signed as the gateway signs; sent by `tells`."""
    deal = Deal(begun.gateway, begun.reference, amount or begun.amount, {}, transaction=transaction, result=result)
    return bank.notice(deal)


def tells(told: Any, client: Client | None = None) -> Any:
    path = told.url.partition("/api/")[2]
    client = client or Client()
    if told.method == "GET":
        return client.get(f"/api/{path}", told.params)
    return client.post(f"/api/{path}", told.json, "application/json")


def at_payment(customer: Customers) -> Customer:
    return customer().opens().chooses(PAID).declares().confirms_phone()


def test_a_free_plan_settles_at_once_without_receipt_or_invoice(customer: Customers) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    assert walker.application.step == Step.ACTIVATION
    assert Order.objects.get().status == "paid"
    assert not Invoice.objects.exists()
    assert "Khởi tạo dịch vụ thành công" in walker.client.get("/register/created/").content.decode()


def test_a_paid_plan_is_not_settled_by_pressing_the_free_button(customer: Customers) -> None:
    walker = at_payment(customer)
    with pytest.raises(Refusal, match="not-payable"):
        payment.settle_free(walker.application)
    assert walker.application.step == Step.PAYMENT


def test_the_phone_is_confirmed_before_money_is_taken(customer: Customers) -> None:
    walker = customer().opens().chooses(PAID).declares()
    assert walker.client.get("/register/payment/").headers["Location"] == "/register/payment/phone/"
    with pytest.raises(Refusal, match="phone-unconfirmed"):
        payment.begin(walker.application, "vnpay", place="", language="vi")
    walker.confirms_phone()
    assert walker.client.get("/register/payment/").status_code == 200


def test_a_code_for_another_phone_confirms_nothing(customer: Customers) -> None:
    walker = customer().opens().chooses(PAID).declares()
    walker.post("/register/payment/phone/")
    code = code_sent("phone_code")
    walker.post("/register/back/", {"to": "declaration"})
    walker.told = type(walker.told)(**{**walker.told.__dict__, "phone": "0988777666"})
    walker.declares()
    walker.post("/register/payment/phone/", {"code": code})
    assert walker.application.phone_confirmed_at is None


@pytest.mark.parametrize("gateway", ["vnpay", "momo", "vietqr"])
def test_a_notice_settles_moves_on_and_sends_code_and_receipt(bank: Bank, customer: Customers, gateway: str) -> None:
    walker = at_payment(customer)
    if gateway == "momo":  # its start is a call to the bank; see test_bank
        begun = Payment.objects.create(
            order=Order.objects.get(), gateway="momo", amount=220_000, reference=f"SC{'A' * 10}"
        )
    else:
        begun = walker.begins_to_pay(gateway)
    answer = tells(notice(bank, begun))
    assert answer.status_code == {"vnpay": 200, "momo": 204, "vietqr": 200}[gateway]
    assert walker.application.step == Step.ACTIVATION
    assert messages_of("activation") == 1
    assert Message.objects.filter(template="enrollment/messages/receipt").count() == 1
    assert Invoice.objects.get().status == "pending"
    assert "220.000 đ" in walker.client.get("/application/receipt/").content.decode()


def test_the_checks_of_vnpay_come_in_the_documented_order(bank: Bank, customer: Customers) -> None:
    begun = at_payment(customer).begins_to_pay()
    right = notice(bank, begun).params

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


@pytest.mark.parametrize(("response", "status"), [("00", "02"), ("24", "02"), ("00", "")])
def test_both_codes_must_say_that_it_was_paid(bank: Bank, customer: Customers, response: str, status: str) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    facts = {**told.params, "vnp_ResponseCode": response, "vnp_TransactionStatus": status}
    told.params = {**facts, "vnp_SecureHash": vnpay_hash(bank.vnpay.party.secret, facts)}
    assert tells(told).json()["RspCode"] == "00"
    assert walker.application.step == Step.PAYMENT
    assert "không thành công" in walker.client.get("/register/payment/").content.decode()


def test_the_return_page_decides_nothing(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    page = walker.client.get("/register/paid/", told.params)
    assert "Đang chờ kết quả" in page.content.decode()
    assert walker.application.step == Step.PAYMENT
    tells(told)
    assert walker.client.get("/register/paid/").headers["Location"] == "/register/created/"


def test_a_forged_notice_changes_nothing(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    told.params["vnp_SecureHash"] = "0" * 128
    assert tells(told).json() == {"RspCode": "97", "Message": "Fail checksum"}
    begun = walker.begins_to_pay("vietqr")
    told = notice(bank, begun)
    told.json["amount"] = begun.amount + 1
    assert tells(told).status_code == 400
    assert walker.application.step == Step.PAYMENT
    assert not Refund.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b'{"signature": {"a": 1}}'])
def test_nonsense_at_the_door_is_refused_quietly(body: bytes) -> None:
    for gateway in ("momo", "vietqr", "vnpay"):
        assert Client().post(f"/api/payments/{gateway}/", b'{"vnp_A": "\\ud800"}', "application/json").status_code < 500
        answer = Client().post(f"/api/payments/{gateway}/", body, "application/json")
        assert answer.status_code in (200, 400)
    assert Client().get("/api/payments/unknown/").status_code == 404


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("gateway", ["vnpay", "vietqr"])
def test_thirty_notices_at_once_and_a_hundred_later_settle_once(bank: Bank, customer: Customers, gateway: str) -> None:
    """Promise P8, as far as payments: one settlement, one code, one message."""
    begun = at_payment(customer).begins_to_pay(gateway)
    told = notice(bank, begun)
    found = [answer.json() for answer in at_once(30, lambda _place: tells(told))]  # type: ignore[union-attr]
    if gateway == "vnpay":
        assert sorted(one["RspCode"] for one in found) == ["00"] + ["02"] * 29
    for _time in range(100):
        tells(told)
    assert Event.objects.filter(verb="payment received").count() == 1
    assert messages_of("activation") == messages_of("receipt") == 1
    assert Invoice.objects.count() == 1
    assert not Refund.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_ways_of_paying_at_once_settle_once_and_the_other_is_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = [
        notice(bank, walker.begins_to_pay(gateway), transaction=str(place))
        for place, gateway in enumerate(("vnpay", "vietqr"), 1)
    ]
    at_once(2, lambda place: tells(told[place]))
    assert walker.application.step == Step.ACTIVATION
    assert Refund.objects.get().reason == "twice"
    assert messages_of("activation") == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_notice_and_the_customers_back_button_at_once_lose_nothing(bank: Bank, customer: Customers) -> None:
    for _round in range(5):
        walker = at_payment(customer)
        told = notice(bank, walker.begins_to_pay(), transaction=str(_round))
        at_once(2, lambda place: tells(told) if place else walker.post("/register/back/", {"to": "declaration"}))  # noqa: B023
        if walker.application.step == Step.DECLARATION:
            walker.declares()
        assert walker.application.step == Step.ACTIVATION
        assert Order.objects.get(subject=walker.application.pk).status == "paid"


def test_money_that_comes_while_correcting_is_kept_for_the_way_back(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "declaration"})
    tells(told)
    assert walker.application.step == Step.DECLARATION
    walker.declares()
    assert walker.application.step == Step.ACTIVATION
    assert messages_of("activation") == 1


def test_a_paid_plan_is_not_changed_any_more(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "plan"})
    tells(told)
    Plan.objects.update(sold_until="2026-01-02")  # nor does it matter that it is sold no more
    walker.post("/register/plan/", {"plan": "theo-luot-12"})
    assert walker.application.step == Step.PLAN
    walker.post("/register/plan/", {"plan": PAID})
    assert walker.application.step == Step.ACTIVATION


def test_money_held_by_the_bank_is_neither_paid_nor_failed(bank: Bank, customer: Customers) -> None:
    """Code 07: taken from the customer, looked at by the bank."""
    walker = at_payment(customer)
    begun = walker.begins_to_pay()
    told = notice(bank, begun)
    facts = {**told.params, "vnp_ResponseCode": "07", "vnp_TransactionStatus": "07"}
    told.params = {**facts, "vnp_SecureHash": vnpay_hash(bank.vnpay.party.secret, facts)}
    assert tells(told).json()["RspCode"] == "00"
    page = walker.client.get("/register/payment/").content.decode()
    assert "Xin đừng trả lần nữa" in page
    assert "chưa bị trừ tiền" not in page
    tells(notice(bank, begun))
    assert walker.application.step == Step.ACTIVATION


def test_paying_the_wrong_amount_is_said_and_no_longer_waited_for(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    tells(notice(bank, walker.begins_to_pay("vietqr"), amount=219_000))
    assert walker.client.get("/register/paid/").headers["Location"] == "/register/payment/"
    assert "không đúng với đơn hàng" in walker.client.get("/register/payment/").content.decode()


def test_who_has_paid_keeps_number_and_phone(bank: Bank, customer: Customers) -> None:
    """Else a paid application could end as the duplicate of another, and its money with it."""
    holder = customer().opens().chooses().declares().pays_nothing()
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "declaration"})
    tells(told)
    mine, walker.told = walker.told, type(walker.told)(**{**walker.told.__dict__, "number": holder.told.number})
    walker.declares()
    assert walker.application.step == Step.DECLARATION
    walker.told = mine
    walker.declares()
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
        patch.setattr(paying, "ask", lambda one: asked.append(one.pk))
        paying.ask_about_open_ones()
    assert asked == [third.pk, second.pk, first.pk]


def test_an_order_given_up_shows_no_code_to_pay_it(customer: Customers) -> None:
    walker = at_payment(customer)
    walker.begins_to_pay("vietqr")
    assert walker.client.get("/register/payment/transfer/").status_code == 200
    walker.post("/register/back/", {"to": "plan"})
    walker.chooses("khong-gioi-han-36")
    assert walker.client.get("/register/payment/transfer/").status_code == 302
    assert walker.client.get("/register/paid/").status_code == 302


def test_no_invoice_is_issued_for_money_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    tells(notice(bank, walker.begins_to_pay()))
    walker.post("/application/cancel/")
    invoicing.issue_due()
    assert Invoice.objects.get().status == "void"


@pytest.mark.parametrize(
    "odd", [{"transaction": ""}, {"amount": "-1"}, {"amount": "x"}, {"amount": "٢٢٠"}, {"signature": "\ud800"}]
)
def test_a_transfer_that_cannot_be_read_is_refused_and_tried_again(bank: Bank, odd: dict[str, str]) -> None:
    told = {"amount": "1", "content": "x", "time": "1", "transaction": "9", **odd}
    signature = digest("sha256", bank.vietqr.party.secret, feed_text(told))
    answer = Client().post("/api/payments/vietqr/", {"signature": signature, **told}, "application/json")
    assert answer.status_code == 400
    assert not Refund.objects.exists()


def test_a_transfer_of_whole_dong_with_decimals_counts(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    told = {"amount": f"{begun.amount}.00", "content": f"SCB CK {begun.reference}", "time": "1", "transaction": "9"}
    signature = digest("sha256", bank.vietqr.party.secret, feed_text(told))
    Client().post("/api/payments/vietqr/", {"signature": signature, **told}, "application/json")
    assert walker.application.step == Step.ACTIVATION


def test_money_for_an_order_given_up_is_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "plan"})
    walker.chooses("khong-gioi-han-36")
    assert tells(told).json()["RspCode"] == "00"
    assert walker.application.step == Step.PAYMENT
    assert Refund.objects.get().reason == "late"


def test_the_wrong_amount_goes_to_the_queue_once(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay("vietqr"), amount=219_000)
    for _time in range(3):
        tells(told)
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount, refund.status) == ("amount", 219_000, "due")
    assert walker.application.step == Step.PAYMENT


def test_a_transfer_that_names_no_order_goes_to_the_queue(bank: Bank) -> None:
    stray = Payment(gateway="vietqr", reference="ung ho", amount=50_000)
    assert tells(notice(bank, stray)).status_code == 200
    assert Refund.objects.get().reason == "unknown"


def test_a_transfer_is_matched_however_banks_write_its_text(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    written = f"MBVCB.123 {begun.reference.lower()[:5]} {begun.reference.lower()[5:]} CHUYEN TIEN"
    tells(notice(bank, Payment(gateway="vietqr", reference=written, amount=begun.amount)))
    assert walker.application.step == Step.ACTIVATION


def test_cancelling_a_paid_application_returns_the_money(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    tells(notice(bank, walker.begins_to_pay()))
    walker.post("/application/cancel/")
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount) == ("cancelled", 220_000)
    assert refunding.returned(refund)
    assert not refunding.returned(refund)


def test_money_that_comes_after_cancelling_is_returned(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    told = notice(bank, walker.begins_to_pay())
    walker.post("/application/cancel/")
    tells(told)
    assert Refund.objects.get().reason == "late"
    assert walker.application.step == Step.STOPPED


def test_pressed_twice_it_is_the_same_payment(customer: Customers) -> None:
    walker = at_payment(customer)
    assert walker.begins_to_pay("vietqr").pk == walker.begins_to_pay("vietqr").pk
    assert walker.begins_to_pay().pk != walker.begins_to_pay().pk  # VNPAY takes a reference once


def test_a_gateway_that_is_away_says_so_and_nothing_is_lost(customer: Customers) -> None:
    walker = at_payment(customer)
    answer = walker.post("/register/payment/", {"gateway": "momo"})
    assert answer.status_code == 503
    assert "chưa bị trừ tiền" in answer.content.decode()


def test_a_payment_that_nobody_tells_of_is_given_up_and_still_settles_if_money_comes(
    bank: Bank, customer: Customers
) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    Payment.objects.update(created_at=timezone.now() - timedelta(days=2))
    paying.ask_about_open_ones()
    begun.refresh_from_db()
    assert begun.status == "expired"
    tells(notice(bank, begun))
    assert walker.application.step == Step.ACTIVATION


def test_the_order_page_adds_up(customer: Customers) -> None:
    page = at_payment(customer).client.get("/register/payment/").content.decode()
    for amount in ("200.000 đ", "20.000 đ", "220.000 đ"):
        assert amount in page


def test_the_vietqr_is_the_documented_one() -> None:
    text = vietqr("970403", "0011012345678", 180_000, "thanh toan don hang")
    assert text.startswith("000201010212" + "38")
    assert "0010A000000727" in text
    assert "5303704" in text
    assert "5406180000" in text
    assert text[-8:-4] == "6304"
    assert text[-4:] == f"{crc16(text[:-4]):04X}"
    assert crc16("123456789") == 0x29B1  # the check value of CRC-16/CCITT-FALSE


def test_invoices_are_issued_once(bank: Bank, customer: Customers) -> None:
    tells(notice(bank, at_payment(customer).begins_to_pay()))
    invoicing.issue_due()
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.attempts) == ("issued", 1)
    invoicing.issue_due()
    assert Invoice.objects.get().number == invoice.number


def test_an_invoice_that_fails_is_tried_again_and_then_waits_for_a_person(
    bank: Bank, customer: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    tells(notice(bank, at_payment(customer).begins_to_pay()))

    class Down:
        def issue(self, invoice: Invoice) -> str:
            raise invoice_gateways.NotIssued("down")

    monkeypatch.setattr(invoicing, "gateway", Down)
    for _time in range(invoicing.MAX_ATTEMPTS):
        Invoice.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        invoicing.issue_due()
    assert Invoice.objects.get().status == "failed"


def test_the_receipt_goes_by_mail_with_the_orders_number(bank: Bank, customer: Customers) -> None:
    tells(notice(bank, at_payment(customer).begins_to_pay()))
    message = Message.objects.get(template="enrollment/messages/receipt")
    subject, text, html = wording.email_parts(message)
    order = Order.objects.get()
    assert order.reference in subject
    assert "220.000 đ" in text
    assert "220.000 đ" in html


def test_an_application_paid_but_not_advanced_is_advanced_by_its_page(customer: Customers) -> None:
    walker = at_payment(customer)
    Order.objects.update(status="paid", paid_at=timezone.now())
    payment.arrived(Application.objects.get(pk=walker.application.pk))
    assert walker.application.step == Step.ACTIVATION
