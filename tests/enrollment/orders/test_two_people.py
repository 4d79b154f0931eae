"""Prices and refunds are two people's: what one does alone, in the pages or in the rows, sells nothing and returns nothing."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from enrollment.journey import Step
from enrollment.orders.metrics import gauges
from enrollment.orders.models import TERMS, Order, Plan, Refund
from enrollment.orders.steps import ordering, pricing, refunding
from portal import changes
from portal.models import Change, User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.conftest import PAID, Customer

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
WHY = "Theo bảng giá mới"
OTHER: dict[str, Any] = {
    "name": "Khác", "name_en": "Other", "kind": "per-signing", "months": 36, "signings": 99, "price": 0, "use": "Khác",
    "use_en": "Other", "sold_from": date(2020, 1, 1), "sold_until": date(2999, 1, 1), "rank": 9,
}  # fmt: skip


@pytest.fixture
def first(staff: People) -> User:
    return staff("supervisor")


@pytest.fixture
def second(staff: People) -> User:
    return staff("operator")


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.get(code=PAID)


def proposed(plan: Plan, by: User, **terms: Any) -> Change:
    return changes.propose("plan", pricing.about(plan), {**pricing.terms_of(plan), **terms}, by, reason=WHY)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as no:
        act()
    return no.value.code


# ── Prices ──


def test_one_alone_sets_no_price_to_nothing(plan: Plan, first: User, customer: Customers) -> None:
    """Promise P24."""
    change = proposed(plan, first, price=0)
    assert refusal(lambda: changes.confirm(change, first)) == "same-person"
    walker = customer().opens().chooses(PAID).declares()
    assert Order.objects.get(subject=walker.application.pk).total == 220_000


def test_whoever_may_not_proposes_and_confirms_nothing(plan: Plan, first: User, second: User, staff: People) -> None:
    for role in ("operator", "auditor", "reviewer", "agent"):
        assert refusal(lambda role=role: proposed(plan, staff(role), price=1)) == "not-allowed"  # type: ignore[misc]
    change = proposed(plan, first, price=1)
    for role in ("auditor", "reviewer", "agent"):
        assert refusal(lambda role=role: changes.confirm(change, staff(role))) == "not-allowed"  # type: ignore[misc]
    changes.confirm(change, second)
    assert Plan.on_sale().get(code=PAID).price == 1


@pytest.mark.parametrize("name", TERMS)
def test_a_plan_changed_by_other_means_sells_nothing_and_is_named(
    name: str, plan: Plan, client: Client, customer: Customers
) -> None:
    """Promise P24: the row's MAC is over every term."""
    walker = customer().opens().chooses(PAID)
    Plan.objects.filter(pk=plan.pk).update(**{name: OTHER[name]})
    assert PAID not in {offered.code for offered in Plan.on_sale()}
    assert plan.name not in client.get("/").content.decode()
    walker.declares()
    assert walker.application.step == Step.DECLARATION
    assert not Order.objects.exists()
    assert refusal(lambda: ordering.place("application", 1, plan)) == "plan-not-sold"
    altered = next(family for family in gauges() if family.name == "portal_plans_altered")
    assert {sample.labels["plan"] for sample in altered.samples if sample.value} == {PAID}


def test_the_terms_of_another_plan_do_not_fit(plan: Plan) -> None:
    free = Plan.objects.get(code="theo-luot-12")
    Plan.objects.filter(pk=plan.pk).update(mac=free.mac, **{name: getattr(free, name) for name in TERMS})
    assert PAID not in {offered.code for offered in Plan.on_sale()}


def test_what_was_changed_by_other_means_is_not_confirmed_along_with_something_else(
    plan: Plan, first: User, second: User
) -> None:
    """All of it is proposed anew, as the form shows it, so that the second person reads all of it."""
    Plan.objects.filter(pk=plan.pk).update(months=36, price=0)
    plan.refresh_from_db()
    change = proposed(plan, first, name="Tên mới", price=220_000)
    assert {"months", "price", "name"} < set(change.after)
    Plan.objects.filter(pk=plan.pk).update(months=99, sold_until="2999-01-01")
    changes.confirm(change, second)
    now = Plan.on_sale().get(code=PAID)
    assert (now.months, now.price, now.name, now.sold_until) == (36, 220_000, "Tên mới", None)


def test_terms_that_cannot_be_are_refused_and_nothing_changes(plan: Plan, first: User, second: User) -> None:
    change = proposed(plan, first, price=-5)
    assert refusal(lambda: changes.confirm(change, second)) == "unfit"
    assert Plan.on_sale().get(code=PAID).price == 220_000


# ── Refunds ──


@pytest.fixture
def due() -> Refund:
    return Refund.objects.create(gateway="vietqr", provider_id="1", amount=220_000, reason="twice")


def returned(refund: Refund, by: User, reference: str = "FT1") -> Change:
    after = refunding.returning(refund, "VCB 0071000123456", reference)
    return changes.propose("refund", refunding.about(refund), after, by, reason="Khách đã trả hai lần")


def test_one_alone_marks_no_refund_done(due: Refund, first: User, second: User) -> None:
    """Promise P24."""
    change = returned(due, first)
    assert refusal(lambda: changes.confirm(change, first)) == "same-person"
    due.refresh_from_db()
    assert due.status == "due"
    changes.confirm(change, second)
    due.refresh_from_db()
    assert (due.status, due.receiver, due.bank_reference) == ("done", "VCB 0071000123456", "FT1")
    assert refusal(lambda: returned(due, first, "FT2")) == "returned-already"


def test_the_amount_is_bound(due: Refund, first: User, second: User) -> None:
    change = returned(due, first)
    Refund.objects.update(amount=9_220_000)
    assert refusal(lambda: changes.confirm(change, second)) == "amount-moved"
    assert Refund.objects.get().status == "due"


@pytest.mark.parametrize("left_out", ["receiver", "bank_reference"])
def test_without_receiver_or_reference_nothing_is_done(due: Refund, first: User, second: User, left_out: str) -> None:
    after = {**refunding.returning(due, "VCB 1", "FT1"), left_out: ""}
    change = changes.propose("refund", refunding.about(due), after, first, reason="Khách đã trả hai lần")
    assert refusal(lambda: changes.confirm(change, second)) == "amount-moved"


def test_one_transfer_returns_one_refund(due: Refund, first: User, second: User) -> None:
    other = Refund.objects.create(gateway="vietqr", provider_id="2", amount=220_000, reason="late")
    changes.confirm(returned(due, first), second)
    assert refusal(lambda: changes.confirm(returned(other, first), second)) == "transfer-known"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_confirmed_by_eight_at_once_it_is_done_once(staff: People, due: Refund, first: User) -> None:
    change, others = returned(due, first), [staff("operator") for _place in range(8)]

    def confirm(place: int) -> str:
        try:
            changes.confirm(change, others[place])
        except Refusal as no:
            return no.code
        return "done"

    assert sorted(map(str, at_once(8, confirm))) == ["decided"] * 7 + ["done"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_transfer_confirmed_for_two_refunds_at_once_returns_one(
    due: Refund, staff: People, first: User, second: User
) -> None:
    other = Refund.objects.create(gateway="vietqr", provider_id="2", amount=220_000, reason="late")
    proposals = [returned(due, first), returned(other, staff("supervisor"))]

    def confirm(place: int) -> str:
        try:
            changes.confirm(proposals[place], second)
        except Refusal as no:
            return no.code
        return "done"

    assert sorted(map(str, at_once(2, confirm))) == ["done", "transfer-known"]
    assert Refund.objects.filter(status="done").count() == 1
