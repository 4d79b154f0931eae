"""The step of payment: the phone confirmed, the order paid, the way on; orders alone are tried in orders/."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.gateways.momo import MOMO_NOTICE
from enrollment.orders.gateways.vnpay import vnpay_hash
from enrollment.orders.models import Invoice, Order, Payment, Plan
from enrollment.orders.parts import seller
from enrollment.orders.steps import paying
from enrollment.standins.bank import Bank
from enrollment.steps import payment
from portal import pictures, wording
from portal.models import Message
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.enrollment.conftest import PAID, Customer, at_payment, code_sent, deliver, messages_of, notice_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


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
    walker.declaration = replace(walker.declaration, phone="0988777666")
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
    answer = deliver(notice_of(bank, begun))
    assert answer.status_code == {"vnpay": 200, "momo": 204, "vietqr": 200}[gateway]
    assert walker.application.step == Step.ACTIVATION
    assert messages_of("activation_code") == 1
    assert Message.objects.filter(template="enrollment/messages/receipt").count() == 1
    assert Invoice.objects.get().status == "pending"
    assert "220.000 đ" in walker.client.get("/application/receipt/").content.decode()


def test_the_return_page_decides_nothing(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    page = walker.client.get("/register/paid/", notice.params)
    assert "Đang chờ kết quả" in page.content.decode()
    assert walker.application.step == Step.PAYMENT
    deliver(notice)
    assert walker.client.get("/register/paid/").headers["Location"] == "/register/created/"


def pays_and_goes_back(walker: Customer, notice: Any) -> None:
    """At the same moment."""
    at_once(2, lambda place: deliver(notice) if place else walker.post("/register/back/", {"to": "declaration"}))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_notice_and_the_customers_back_button_at_once_lose_nothing(bank: Bank, customer: Customers) -> None:
    for _round in range(5):
        walker = at_payment(customer)
        pays_and_goes_back(walker, notice_of(bank, walker.begins_to_pay(), transaction=str(_round)))
        if walker.application.step == Step.DECLARATION:
            walker.declares()
        assert walker.application.step == Step.ACTIVATION
        assert Order.objects.get(subject=walker.application.pk).status == "paid"


def test_money_that_comes_while_correcting_is_kept_for_the_way_back(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "declaration"})
    deliver(notice)
    assert walker.application.step == Step.DECLARATION
    walker.declares()
    assert walker.application.step == Step.ACTIVATION
    assert messages_of("activation_code") == 1


def test_a_paid_plan_is_not_changed_any_more(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "plan"})
    deliver(notice)
    Plan.objects.update(sold_until="2026-01-02")  # nor does it matter that it is sold no more
    walker.post("/register/plan/", {"plan": "theo-luot-12"})
    assert walker.application.step == Step.PLAN
    walker.post("/register/plan/", {"plan": PAID})
    assert walker.application.step == Step.ACTIVATION


def test_paying_the_wrong_amount_is_said_and_no_longer_waited_for(bank: Bank, customer: Customers) -> None:
    walker = at_payment(customer)
    deliver(notice_of(bank, walker.begins_to_pay("vietqr"), amount=219_000))
    assert walker.client.get("/register/paid/").headers["Location"] == "/register/payment/"
    assert "không đúng với đơn hàng" in walker.client.get("/register/payment/").content.decode()


@pytest.mark.parametrize("gateway", ["vnpay", "vietqr"])
def test_an_expired_payment_says_so_and_a_way_on_is_left(bank: Bank, customer: Customers, gateway: str) -> None:
    """Fifteen minutes at a gateway's page; a transfer is waited for until nobody knows of it any more."""
    walker = at_payment(customer)
    begun = walker.begins_to_pay(gateway)
    assert "đã hết mà chưa có tiền về" not in walker.client.get("/register/payment/").content.decode()
    Payment.objects.update(created_at=timezone.now() - timedelta(minutes=16))
    if gateway == "vietqr":
        assert walker.client.get("/register/paid/").status_code == 200
        Payment.objects.update(status="expired")
    assert walker.client.get("/register/paid/").headers["Location"] == "/register/payment/"
    assert walker.client.get("/register/payment/transfer/").status_code == 302
    assert walker.client.get("/application/status/").json()["payment"] == "expired"
    page = walker.client.get("/register/payment/").content.decode()
    assert "đã hết mà chưa có tiền về" in page
    assert 'name="gateway"' in page
    deliver(notice_of(bank, begun))
    assert walker.application.step == Step.ACTIVATION


@pytest.mark.parametrize(("gateway", "code"), [("vnpay", "11"), ("momo", "1005")])
def test_what_the_gateway_calls_expired_is_told_as_expired(
    bank: Bank, customer: Customers, gateway: str, code: str
) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay()
    Payment.objects.update(gateway=gateway)
    begun.gateway = gateway
    notice = notice_of(bank, begun)
    if gateway == "vnpay":
        facts = {**notice.params, "vnp_ResponseCode": code, "vnp_TransactionStatus": "02"}
        notice.params = {**facts, "vnp_SecureHash": vnpay_hash(bank.vnpay.party.secret, facts)}
    else:
        notice.json = bank.momo.signed({**notice.json, "resultCode": int(code)}, MOMO_NOTICE)
    deliver(notice)
    assert Payment.objects.get().status == "expired"
    assert "đã hết mà chưa có tiền về" in walker.client.get("/register/payment/").content.decode()


def test_who_has_paid_keeps_number_and_phone(bank: Bank, customer: Customers) -> None:
    """Else a paid application could end as the duplicate of another, and its money with it."""
    holder = customer().opens().chooses().declares().pays_nothing()
    walker = at_payment(customer)
    notice = notice_of(bank, walker.begins_to_pay())
    walker.post("/register/back/", {"to": "declaration"})
    deliver(notice)
    mine, walker.declaration = walker.declaration, replace(walker.declaration, number=holder.declaration.number)
    walker.declares()
    assert walker.application.step == Step.DECLARATION
    walker.declaration = mine
    walker.declares()
    assert walker.application.step == Step.ACTIVATION


def test_an_order_given_up_shows_no_code_to_pay_it(customer: Customers) -> None:
    walker = at_payment(customer)
    walker.begins_to_pay("vietqr")
    assert walker.client.get("/register/payment/transfer/").status_code == 200
    assert walker.client.get("/register/payment/transfer/qr.png").status_code == 200
    walker.post("/register/back/", {"to": "plan"})
    walker.chooses("khong-gioi-han-36")
    assert walker.client.get("/register/payment/transfer/").status_code == 302
    assert walker.client.get("/register/paid/").status_code == 302


def test_a_gateway_that_is_away_says_so_and_nothing_is_lost(customer: Customers) -> None:
    walker = at_payment(customer)
    answer = walker.post("/register/payment/", {"gateway": "momo"})
    assert answer.status_code == 503
    assert "chưa bị trừ tiền" in answer.content.decode()


def test_the_order_page_adds_up(customer: Customers) -> None:
    page = at_payment(customer).client.get("/register/payment/").content.decode()
    for amount in ("200.000 đ", "20.000 đ", "220.000 đ"):
        assert amount in page


def test_the_receipt_goes_by_mail_with_the_orders_number(bank: Bank, customer: Customers) -> None:
    deliver(notice_of(bank, at_payment(customer).begins_to_pay()))
    message = Message.objects.get(template="enrollment/messages/receipt")
    subject, text, html = wording.email_parts(message)
    order = Order.objects.get()
    assert order.reference in subject
    assert "220.000 đ" in text
    assert "220.000 đ" in html
    assert "/activate/" in text


def test_an_application_paid_but_not_advanced_is_advanced_by_its_page(customer: Customers) -> None:
    walker = at_payment(customer)
    Order.objects.update(status="paid", paid_at=timezone.now())
    payment.arrived(Application.objects.get(pk=walker.application.pk))
    assert walker.application.step == Step.ACTIVATION


def test_only_a_payment_that_was_begun_counts_as_work_on_the_application(customer: Customers) -> None:
    walker = at_payment(customer)
    before = walker.application.touched_at
    with pytest.raises(Refusal, match="not-payable"):
        payment.begin(walker.application, "nobody", place="", language="vi")
    assert walker.application.touched_at == before
    payment.begin(walker.application, "vnpay", place="", language="vi")
    assert walker.application.touched_at > before


def test_a_copy_of_an_order_that_was_given_up_begins_no_payment(customer: Customers) -> None:
    order = at_payment(customer).application.order
    assert order
    Order.objects.update(status="cancelled")
    with pytest.raises(Refusal, match="out-of-step"):
        paying.begin(order, "vnpay", place="", language="vi")
    assert not Payment.objects.exists()


def test_an_order_that_nobody_sells_is_a_fault_of_the_house(customer: Customers) -> None:
    order = at_payment(customer).application.order
    assert order
    order.purpose = "nobody's"
    with pytest.raises(ImproperlyConfigured, match="nobody"):
        seller(order)


def test_with_the_account_the_order_has_its_buyer(customer: Customers) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    walker.activates()
    assert Order.objects.get().buyer == walker.application.user


def test_the_picture_of_the_transfer_says_what_the_page_says(customer: Customers) -> None:
    """Kept on a phone, it is read from there by the bank's app; it is whose order it is, and nobody else's."""
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    page = walker.client.get("/register/payment/transfer/").content.decode()
    picture = walker.client.get("/register/payment/transfer/qr.png")
    assert picture.headers["Content-Type"] == "image/png"
    [text] = pictures.codes(picture.content)[0]["codes"]
    for value in (begun.reference, str(begun.amount)):
        assert value in text
        assert f'data-copy="{value}"' in page
    assert customer().opens().client.get("/register/payment/transfer/qr.png").status_code == 302


def test_the_transfer_says_how_long_it_is_waited_for_and_then_where_to_go_on(customer: Customers) -> None:
    walker = at_payment(customer)
    until = paying.waited_for_until(walker.begins_to_pay("vietqr"))
    assert f'data-ends="{int(until.timestamp())}"' in walker.client.get("/register/payment/transfer/").content.decode()
    Payment.objects.update(created_at=timezone.now() - paying.FORGOTTEN - timedelta(minutes=1))
    paying.ask_about_open_ones()
    assert walker.client.get("/application/status/").json()["payment"] == "expired"  # the page that waits goes to
    page = walker.client.get("/register/paid/", follow=True)
    assert page.request["PATH_INFO"] == "/register/payment/"
    assert walker.begins_to_pay("vietqr").status == "pending"
