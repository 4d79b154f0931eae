"""A day's cash: opened, counted blind, explained, confirmed by a second person; then nothing of it changes."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db.utils import DatabaseError
from django.utils import timezone

from enrollment.orders.models import CashReceipt, Drawer
from enrollment.orders.steps import cash, drawer
from portal.models import Branch, Event, User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.conftest import Customer, at_payment
from tests.enrollment.orders.conftest import at_home, opens, order_of, refusal, unguarded

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
RIGHT, WRONG = {500_000: 1}, {200_000: 2}  # of a drawer opened with 500.000
WORDS = "Trả nhầm tiền thừa cho khách"


@pytest.fixture
def lead(staff: People) -> User:
    return staff("lead")


@pytest.fixture
def closed(opened: Drawer, agent: User) -> Drawer:
    return drawer.count(opened, agent, RIGHT)


def test_a_drawer_is_opened_once_a_day(agent: User, opened: Drawer) -> None:
    assert (opened.expected, opened.status, opened.is_ours) == (500_000, "open", True)
    assert refusal(lambda: opens(agent)) == "drawer-open"


def test_a_day_that_was_closed_is_not_opened_again(agent: User, closed: Drawer, lead: User) -> None:
    assert refusal(lambda: opens(agent)) == "day-closed"
    drawer.confirm(closed, lead)
    assert refusal(lambda: opens(agent)) == "day-closed"


@pytest.mark.parametrize("notes", [{}, WRONG])
def test_a_drawer_forgotten_open_is_closed_before_another_opens(
    agent: User, opened: Drawer, notes: dict[int, int]
) -> None:
    """Counted and not explained is not closed either."""
    if notes:
        drawer.count(opened, agent, notes)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert refusal(lambda: opens(agent)) == "drawer-unclosed"
        if notes:
            drawer.explain(opened, agent, WORDS)
        else:
            drawer.count(opened, agent, RIGHT)
        assert opens(agent).day == timezone.localdate()


def test_nobody_opens_a_drawer_elsewhere_or_without_the_right(staff: People, agent: User) -> None:
    other = Branch.objects.create(name="VNPT Mẫu Hai", province="01")
    assert refusal(lambda: drawer.open_drawer(agent, other, 0)) == "not-allowed"
    for role in ("lead", "supervisor", "reviewer", "operator"):
        user = staff(role)
        assert refusal(partial(drawer.open_drawer, user, at_home(agent), 0)) == "not-allowed"
    for amount in (-1, drawer.MOST + 1):
        assert refusal(partial(opens, agent, amount)) == "amount-cannot-be"


def test_what_fits_waits_for_the_lead_and_what_differs_for_its_explanation(agent: User, opened: Drawer) -> None:
    counted = drawer.count(opened, agent, WRONG)
    assert (counted.status, counted.difference, counted.notes) == ("counted", -100_000, {"200000": 2})
    assert refusal(lambda: drawer.explain(opened, agent, "không rõ")) == "reason-needed"
    assert drawer.explain(opened, agent, WORDS).status == "closed"
    assert refusal(lambda: drawer.explain(opened, agent, WORDS)) == "day-closed"


def test_counted_is_counted(agent: User, opened: Drawer) -> None:
    """Whoever saw the difference does not count again until it fits."""
    drawer.count(opened, agent, WRONG)
    assert refusal(lambda: drawer.count(opened, agent, RIGHT)) == "day-closed"


@pytest.mark.parametrize("notes", [{3_000: 1}, {500_000: -1}, {1_000: 100_001}])
def test_notes_that_cannot_be_are_refused(agent: User, opened: Drawer, notes: dict[int, int]) -> None:
    assert refusal(lambda: drawer.count(opened, agent, notes)) == "amount-cannot-be"


def test_the_lead_of_the_branch_confirms_and_nobody_else(
    agent: User, staff: People, closed: Drawer, lead: User
) -> None:
    elsewhere = staff("lead", branch=Branch.objects.create(name="VNPT Mẫu Hai", province="01"))
    for other in (agent, staff("agent"), elsewhere, staff("auditor"), staff("operator"), staff("reviewer")):
        assert refusal(partial(drawer.confirm, closed, other)) == "not-allowed"
    confirmed = drawer.confirm(closed, lead)
    assert (confirmed.status, confirmed.confirmed_by, confirmed.is_ours) == ("confirmed", lead, True)
    assert refusal(lambda: drawer.confirm(closed, lead)) == "not-to-confirm"
    assert Event.objects.filter(verb="drawer confirmed", actor=lead).count() == 1


def test_headquarters_may_confirm_too(staff: People, closed: Drawer) -> None:
    elsewhere = staff("supervisor", branch=Branch.objects.create(name="VNPT Mẫu Hai", province="01"))
    assert drawer.confirm(closed, elsewhere).status == "confirmed"


def test_nobody_confirms_a_day_of_their_own(person: People, staff: People) -> None:
    """Also not somebody who is agent and lead."""
    both = person("agent")
    both.give_roles(["agent", "lead"], None, None)
    both = User.objects.get(pk=both.pk)
    own = drawer.count(opens(both, 500_000), both, RIGHT)
    assert refusal(lambda: drawer.confirm(own, both)) == "same-person"
    with pytest.raises(DatabaseError):
        Drawer.objects.filter(pk=own.pk).update(status="confirmed", confirmed_by=both, confirmed_at=timezone.now())


@pytest.mark.parametrize("state", ["counted", "closed", "confirmed"])
def test_nothing_of_a_closed_day_changes(
    customer: Customers, agent: User, lead: User, opened: Drawer, state: str
) -> None:
    order = order_of(at_payment(customer))
    drawer.count(opened, agent, WRONG if state == "counted" else RIGHT)
    if state == "confirmed":
        drawer.confirm(opened, lead)
    assert refusal(lambda: cash.receive(order, opened, 220_000, agent)) == "day-closed"
    assert refusal(lambda: drawer.count(opened, agent, RIGHT)) == "day-closed"
    assert not CashReceipt.objects.exists()


CHANGES: dict[str, dict[str, Any]] = {
    "reopened": {"status": "open", "counted": None, "closed_at": None},
    "another count": {"counted": 1},
    "notes": {"notes": {"1000": 1}},
    "later": {"closed_at": timezone.now()},
    "more received": {"received": 220_000},
    "another beginning": {"opening": 1},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_changes_no_closed_day(closed: Drawer, change: str) -> None:
    with pytest.raises(DatabaseError, match="closed day"):
        Drawer.objects.update(**CHANGES[change])


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_changes_no_confirmed_day(closed: Drawer, lead: User, change: str) -> None:
    drawer.confirm(closed, lead)
    with pytest.raises(DatabaseError, match=r"closed day|drawer_"):
        Drawer.objects.update(**CHANGES[change])


def test_the_database_takes_no_receipt_into_a_closed_day(customer: Customers, agent: User, opened: Drawer) -> None:
    receipt = cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    drawer.count(opened, agent, RIGHT)
    receipt.pk, receipt.number = None, 2
    with pytest.raises(DatabaseError, match="closed day"):
        receipt.save(force_insert=True)


TAMPERED = {**CHANGES, "its agent": {"agent": 0}, "its day": {"day": timezone.localdate() - timedelta(days=3)}}


@pytest.mark.parametrize("change", TAMPERED)
def test_a_drawer_changed_by_other_means_is_known_and_not_confirmed(
    staff: People, closed: Drawer, lead: User, change: str
) -> None:
    values = {name: staff("agent") if name == "agent" else value for name, value in TAMPERED[change].items()}
    with unguarded():
        Drawer.objects.update(**values)
    closed.refresh_from_db()
    assert not closed.is_ours
    assert drawer.faults(closed)
    assert refusal(lambda: drawer.confirm(closed, lead)) in ("altered", "not-to-confirm")


def test_a_receipt_deleted_by_other_means_is_missed(
    customer: Customers, agent: User, opened: Drawer, lead: User
) -> None:
    cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    with unguarded():
        CashReceipt.objects.all().delete()
    drawer.explain(drawer.count(opened, agent, RIGHT), agent, WORDS)
    assert refusal(lambda: drawer.confirm(opened, lead)) == "altered"


def test_an_altered_drawer_is_not_built_upon(customer: Customers, agent: User, opened: Drawer) -> None:
    order = order_of(at_payment(customer))
    Drawer.objects.update(received=1)
    assert refusal(lambda: cash.receive(order, opened, 220_000, agent)) == "altered"
    assert refusal(lambda: drawer.count(opened, agent, RIGHT)) == "altered"


# ── At the same moment ──


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_receipt_is_before_the_count_or_not_at_all(customer: Customers, agent: User, opened: Drawer) -> None:
    orders = [order_of(at_payment(customer)) for _walker in range(7)]

    def act(place: int) -> str:
        try:
            if place == 3:
                return drawer.count(opened, agent, RIGHT).status
            cash.receive(orders[place], opened, 220_000, agent)
        except Refusal as no:
            return no.code
        return "taken"

    outcomes = [str(outcome) for outcome in at_once(7, act)]
    opened.refresh_from_db()
    taken = outcomes.count("taken")
    assert taken + outcomes.count("day-closed") == 6
    assert (opened.receipts_given, opened.expected) == (taken, 500_000 + taken * 220_000)
    assert opened.difference == -taken * 220_000
    assert not drawer.faults(opened)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_confirmed_by_eight_at_once_it_is_confirmed_once(staff: People, closed: Drawer) -> None:
    leads = [staff("lead") for _place in range(8)]

    def confirm(place: int) -> str:
        try:
            return drawer.confirm(closed, leads[place]).status
        except Refusal as no:
            return no.code

    assert sorted(map(str, at_once(8, confirm))) == ["confirmed"] + ["not-to-confirm"] * 7


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_opened_by_eight_presses_at_once_there_is_one(agent: User) -> None:
    def press(_place: int) -> str:
        try:
            return opens(agent).status
        except Refusal as no:
            return no.code

    assert sorted(map(str, at_once(8, press))) == ["drawer-open"] * 7 + ["open"]
