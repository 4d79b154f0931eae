"""Money given back in cash: from an open drawer, by two people at the desk; one refund goes one way."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from enrollment.orders.models import CashReceipt, Drawer, Refund
from enrollment.orders.steps import cash, drawer, refunding
from portal import changes
from portal.models import Branch, Change, Event, User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.conftest import Customer, at_payment
from tests.enrollment.orders.conftest import order_of, refusal

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
WHY = "Khách hủy hồ sơ tại quầy"


@pytest.fixture
def lead(staff: People) -> User:
    return staff("lead")


@pytest.fixture
def due(customer: Customers, agent: User, opened: Drawer) -> Refund:
    """Paid in cash, then cancelled."""
    walker = at_payment(customer)
    cash.receive(order_of(walker), opened, 220_000, agent)
    walker.post("/application/cancel/")
    return Refund.objects.get()


def asked(refund: Refund, opened: Drawer, agent: User) -> Change:
    return cash.ask_to_return(refund, opened, agent, WHY)


def by_bank(refund: Refund, by: User, reference: str = "FT1") -> Change:
    after = refunding.returning(refund, "VCB 0071000123456", reference)
    return changes.propose(refunding.KIND, refunding.about(refund), after, by, reason=WHY)


def test_the_lead_confirms_and_the_money_goes_out_under_a_number_of_its_own(
    agent: User, opened: Drawer, due: Refund, lead: User
) -> None:
    change = asked(due, opened, agent)
    assert Refund.objects.get().status == "due"
    changes.confirm(change, lead, is_fresh=True)
    receipt = CashReceipt.objects.get(kind="returned")
    assert (receipt.label, receipt.amount) == (f"PC{opened.day.year}-000001", 220_000)
    assert (receipt.by, receipt.confirmed_by, receipt.is_ours) == (agent, lead, True)
    due.refresh_from_db()
    assert (due.status, due.done_by, due.receipt) == ("done", agent, receipt)
    opened.refresh_from_db()
    assert (opened.expected, opened.receipts_given) == (500_000, 2)
    assert not drawer.faults(opened)
    assert Event.objects.filter(verb="cash returned", about=f"cashreceipt:{receipt.pk}").count() == 1


def test_without_a_fresh_second_factor_nothing_goes_out(agent: User, opened: Drawer, due: Refund, lead: User) -> None:
    change = asked(due, opened, agent)
    assert refusal(lambda: changes.confirm(change, lead)) == "second-factor-needed"
    assert not changes.may_decide(change, lead)
    assert Refund.objects.get().status == "due"


def test_neither_the_agent_nor_anothers_lead_confirms(agent: User, opened: Drawer, due: Refund, staff: People) -> None:
    change = asked(due, opened, agent)
    assert refusal(lambda: changes.confirm(change, agent, is_fresh=True)) == "same-person"
    elsewhere = staff("lead", branch=Branch.objects.create(name="VNPT Mẫu Hai", province="01"))
    for other in (staff("agent"), elsewhere, staff("auditor"), staff("operator")):
        code = refusal(partial(changes.confirm, change, other, is_fresh=True))
        assert code == "not-allowed"
    assert Refund.objects.get().status == "due"
    changes.confirm(change, staff("supervisor"), is_fresh=True)
    assert Refund.objects.get().status == "done"


def test_what_goes_by_bank_does_not_go_in_cash(agent: User, opened: Drawer, due: Refund, staff: People) -> None:
    waiting = by_bank(due, staff("supervisor"))
    assert refusal(lambda: asked(due, opened, agent)) == "by-bank"
    changes.confirm(waiting, staff("operator"))
    assert refusal(lambda: asked(due, opened, agent)) == "returned-already"


def test_what_goes_in_cash_does_not_go_by_bank(
    agent: User, opened: Drawer, due: Refund, staff: People, lead: User
) -> None:
    waiting = asked(due, opened, agent)
    assert refusal(lambda: by_bank(due, staff("supervisor"))) == "in-cash"
    changes.confirm(waiting, lead, is_fresh=True)
    assert refusal(lambda: by_bank(due, staff("supervisor"))) == "returned-already"


def test_what_was_asked_of_a_day_now_closed_may_go_by_bank(
    agent: User, opened: Drawer, due: Refund, staff: People, lead: User
) -> None:
    waiting = asked(due, opened, agent)
    drawer.count(opened, agent, {500_000: 1, 200_000: 1, 20_000: 1})
    assert refusal(lambda: changes.confirm(waiting, lead, is_fresh=True)) == "day-closed"
    changes.confirm(by_bank(due, staff("supervisor")), staff("operator"))
    assert Refund.objects.get().status == "done"


def test_nothing_is_given_back_from_a_drawer_of_yesterday(agent: User, opened: Drawer, due: Refund, lead: User) -> None:
    waiting = asked(due, opened, agent)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert refusal(lambda: changes.confirm(waiting, lead, is_fresh=True)) == "drawer-unclosed"


def test_a_transfer_that_names_no_order_goes_back_by_bank_only(agent: User, opened: Drawer) -> None:
    stray = Refund.objects.create(gateway="vietqr", provider_id="1", amount=50_000, reason="unknown")
    assert refusal(lambda: asked(stray, opened, agent)) == "by-bank"


def test_more_than_is_in_the_drawer_is_not_given(customer: Customers, agent: User, due: Refund, opened: Drawer) -> None:
    Refund.objects.update(amount=720_001)
    due.refresh_from_db()
    assert refusal(lambda: asked(due, opened, agent)) == "too-little-cash"


def test_the_amount_is_bound(agent: User, opened: Drawer, due: Refund, lead: User) -> None:
    change = asked(due, opened, agent)
    Refund.objects.update(amount=500_000)
    assert refusal(lambda: changes.confirm(change, lead, is_fresh=True)) == "amount-moved"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_confirmed_by_eight_at_once_it_goes_out_once(agent: User, opened: Drawer, due: Refund, staff: People) -> None:
    change, leads = asked(due, opened, agent), [staff("lead") for _place in range(8)]

    def confirm(place: int) -> str:
        try:
            changes.confirm(change, leads[place], is_fresh=True)
        except Refusal as no:
            return no.code
        return "done"

    assert sorted(map(str, at_once(8, confirm))) == ["decided"] * 7 + ["done"]
    assert CashReceipt.objects.filter(kind="returned").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_asked_for_both_ways_at_once_it_goes_one_way(agent: User, opened: Drawer, due: Refund, staff: People) -> None:
    supervisor = staff("supervisor")

    def ask(place: int) -> str:
        try:
            if place:
                by_bank(due, supervisor)
            else:
                asked(due, opened, agent)
        except Refusal as no:
            return no.code
        return "asked"

    assert sorted(map(str, at_once(2, ask))) in (["asked", "by-bank"], ["asked", "in-cash"])
    assert Change.objects.filter(decision="").count() == 1
