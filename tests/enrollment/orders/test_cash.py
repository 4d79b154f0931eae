"""Cash taken at a counter: each order paid once, each receipt under the next number, whatever happens at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.db.utils import DatabaseError
from django.utils import timezone

from enrollment.journey import Step
from enrollment.orders.gateways.cash import CASH
from enrollment.orders.gateways.payment import gateways
from enrollment.orders.models import CashReceipt, Drawer, Invoice, Order, Payment, ReceiptBook, Refund
from enrollment.orders.steps import cash, drawer, paying
from enrollment.standins.bank import Bank
from portal.models import Branch, Event, User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.conftest import Customer, at_payment, deliver, messages_of, notice_of
from tests.enrollment.orders.conftest import opens, order_of, refusal, unguarded

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_an_order_is_paid_in_cash_and_its_change_is_told(customer: Customers, agent: User) -> None:
    walker = at_payment(customer)
    opened = opens(agent, 500_000)
    receipt = cash.receive(order_of(walker), opened, 500_000, agent)
    assert (receipt.label, receipt.amount, receipt.change) == (
        f"PT{timezone.localdate().year}-000001",
        220_000,
        280_000,
    )
    assert walker.application.step == Step.ACTIVATION
    payment = Payment.objects.get()
    assert (payment.gateway, payment.status, paying.stands(payment)) == ("cash", "paid", "paid")
    assert receipt.payment == payment
    opened.refresh_from_db()
    assert (opened.expected, opened.receipts_given, opened.is_ours, receipt.is_ours) == (720_000, 1, True, True)
    assert Invoice.objects.count() == 1
    assert messages_of("receipt") == 1
    assert Event.objects.filter(verb="cash received", about=f"cashreceipt:{receipt.pk}").count() == 1


def test_no_customer_is_offered_cash_and_no_notice_tells_of_it(customer: Customers) -> None:
    walker = at_payment(customer)
    assert CASH.code not in gateways()
    assert 'value="cash"' not in walker.client.get("/register/payment/").content.decode()
    walker.post("/register/payment/", {"gateway": "cash"})
    assert not Payment.objects.exists()
    assert walker.client.post("/api/payments/cash/").status_code == 404


@pytest.mark.parametrize(("tendered", "code"), [(219_999, "too-little"), (720_000, "too-much")])
def test_an_amount_that_cannot_be_meant_is_refused(
    customer: Customers, agent: User, opened: Drawer, tendered: int, code: str
) -> None:
    walker = at_payment(customer)
    assert refusal(lambda: cash.receive(order_of(walker), opened, tendered, agent)) == code
    assert not Payment.objects.exists()


def test_pressed_twice_there_is_one_receipt(customer: Customers, agent: User, opened: Drawer) -> None:
    order = order_of(at_payment(customer))
    cash.receive(order, opened, 220_000, agent)
    assert refusal(lambda: cash.receive(order, opened, 220_000, agent)) == "paid-already"
    assert CashReceipt.objects.count() == Payment.objects.count() == 1
    assert not Refund.objects.exists()


def test_money_that_comes_by_transfer_after_cash_is_returned(
    bank: Bank, customer: Customers, agent: User, opened: Drawer
) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    cash.receive(order_of(walker), opened, 220_000, agent)
    deliver(notice_of(bank, begun))
    owed = Refund.objects.get()
    assert (owed.gateway, owed.reason, owed.amount) == ("vietqr", "twice", 220_000)


def test_cash_that_comes_after_a_transfer_is_handed_back_unwritten(
    bank: Bank, customer: Customers, agent: User, opened: Drawer
) -> None:
    walker = at_payment(customer)
    order = order_of(walker)
    deliver(notice_of(bank, walker.begins_to_pay("vietqr")))
    assert refusal(lambda: cash.receive(order, opened, 220_000, agent)) == "paid-already"
    assert not CashReceipt.objects.exists()
    assert not Refund.objects.exists()


def test_what_is_rolled_back_leaves_no_gap(
    customer: Customers, agent: User, opened: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (order_of(at_payment(customer)) for _walker in range(2))

    def fails(*_what: object) -> None:
        raise Refusal("out-of-step", "")

    with monkeypatch.context() as patch:
        patch.setattr("enrollment.steps.payment.Seller.paid", fails)
        assert refusal(lambda: cash.receive(first, opened, 220_000, agent)) == "out-of-step"
    assert not Payment.objects.exists()
    assert cash.receive(second, opened, 220_000, agent).number == 1


@pytest.mark.parametrize("changes", [{"total": 1}, {"months": 36}])
def test_an_order_changed_by_other_means_is_not_taken_cash_for(
    customer: Customers, agent: User, opened: Drawer, changes: dict[str, int]
) -> None:
    order = order_of(at_payment(customer))
    Order.objects.update(**changes)
    assert refusal(lambda: cash.receive(order, opened, 220_000, agent)) == "not-payable"


def test_only_the_drawers_own_agent_takes_into_it(
    customer: Customers, staff: People, agent: User, opened: Drawer
) -> None:
    order = order_of(at_payment(customer))
    for other in (staff("agent"), staff("lead"), staff("supervisor")):
        assert refusal(partial(cash.receive, order, opened, 220_000, other)) == "not-allowed"


def test_nothing_goes_into_yesterdays_drawer(customer: Customers, agent: User, opened: Drawer) -> None:
    order = order_of(at_payment(customer))
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert refusal(lambda: cash.receive(order, opened, 220_000, agent)) == "drawer-unclosed"


def test_numbers_are_of_one_branch_one_year_and_one_kind(customer: Customers, staff: People, agent: User) -> None:
    other = staff("agent", branch=Branch.objects.create(name="VNPT Mẫu Hai", province="01"))
    for user in (agent, other):
        opened = opens(user)
        assert [cash.receive(order_of(at_payment(customer)), opened, 220_000, user).number for _n in range(2)] == [1, 2]
    assert ReceiptBook.objects.count() == 2


def test_a_book_changed_by_other_means_gives_no_number(customer: Customers, agent: User, opened: Drawer) -> None:
    first, second = (order_of(at_payment(customer)) for _walker in range(2))
    cash.receive(first, opened, 220_000, agent)
    ReceiptBook.objects.update(last=7)
    assert refusal(lambda: cash.receive(second, opened, 220_000, agent)) == "altered"
    assert CashReceipt.objects.count() == 1


# ── The database itself ──


@pytest.mark.parametrize("change", [{"amount": 1}, {"number": 9}, {"tendered": 900_000}])
def test_the_database_changes_no_receipt(
    customer: Customers, agent: User, opened: Drawer, change: dict[str, int]
) -> None:
    cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    with pytest.raises(DatabaseError, match="closed day"):
        CashReceipt.objects.update(**change)


@pytest.mark.parametrize("table", ["orders_cashreceipt", "orders_drawer"])
def test_the_database_deletes_no_receipt_and_no_drawer(
    customer: Customers, agent: User, opened: Drawer, table: str
) -> None:
    cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    with pytest.raises(DatabaseError, match="closed day"), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "change",
    [{"amount": 1}, {"number": 9}, {"at": timezone.now()}, {"tendered": 300_000}, {"year": 2001}, {"order": None}],
)
def test_a_receipt_changed_by_other_means_is_known(
    customer: Customers, agent: User, opened: Drawer, change: dict[str, object]
) -> None:
    receipt = cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    other = order_of(at_payment(customer))
    with unguarded():
        CashReceipt.objects.update(**{name: other if name == "order" else value for name, value in change.items()})
    receipt.refresh_from_db()
    assert not receipt.is_ours
    opened.refresh_from_db()
    assert any(receipt.label in fault for fault in drawer.faults(opened))


# ── At the same moment ──


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_receipts_of_two_agents_at_once_have_twenty_numbers(customer: Customers, staff: People) -> None:
    """No gap and no number twice."""
    agents = [staff("agent"), staff("agent")]
    drawers = [opens(agent) for agent in agents]
    orders = [order_of(at_payment(customer)) for _walker in range(20)]

    def take(place: int) -> int:
        return cash.receive(orders[place], drawers[place % 2], 220_000, agents[place % 2]).number

    assert sorted(map(str, at_once(20, take))) == sorted(map(str, range(1, 21)))
    assert [opened.expected for opened in Drawer.objects.all()] == [2_200_000, 2_200_000]
    assert all(not drawer.faults(opened) for opened in Drawer.objects.all())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_order_taken_by_two_agents_at_once_is_paid_once(customer: Customers, staff: People) -> None:
    agents = [staff("agent"), staff("agent")]
    drawers = [opens(agent) for agent in agents]
    order = order_of(at_payment(customer))

    def take(place: int) -> str:
        try:
            cash.receive(order, drawers[place % 2], 220_000, agents[place % 2])
        except Refusal as no:
            return no.code
        return "taken"

    assert sorted(map(str, at_once(8, take))) == ["paid-already"] * 7 + ["taken"]
    assert CashReceipt.objects.count() == Payment.objects.count() == Invoice.objects.count() == 1
    assert messages_of("activation_code") == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_cash_and_a_transfer_at_once_pay_once_and_nothing_is_lost(
    bank: Bank, customer: Customers, agent: User, opened: Drawer
) -> None:
    for _round in range(5):
        walker = at_payment(customer)
        order, notice = order_of(walker), notice_of(bank, walker.begins_to_pay("vietqr"), transaction=str(_round + 1))

        def act(place: int, order: Order = order, notice: object = notice) -> object:
            if place:
                return deliver(notice).status_code
            try:
                return cash.receive(order, opened, 220_000, agent).pk
            except Refusal as no:
                return no.code

        outcome = at_once(2, act)
        by_cash = CashReceipt.objects.filter(order=order).count()
        assert outcome[1] == 200
        assert (outcome[0] == "paid-already") is (by_cash == 0)
        assert Refund.objects.filter(provider_id=str(_round + 1), reason="twice").count() == by_cash
        assert Order.objects.get(pk=order.pk).status == "paid"
        assert Invoice.objects.filter(order=order).count() == 1
