"""The cash book as accounting takes it over: whose it is, what it says, and that taking it is on the record."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from enrollment.orders.models import CashReceipt, Drawer, Refund
from enrollment.orders.steps import cash, ledger
from enrollment.standins.bank import Bank
from portal import changes
from portal.models import Branch, Event, User
from tests.conftest import People
from tests.enrollment.conftest import Customer, at_payment, deliver, notice_of
from tests.enrollment.orders.conftest import opens, order_of, refusal, unguarded

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


@pytest.fixture
def lead(staff: People) -> User:
    return staff("lead")


def of_today(by: User, branch: Branch | None = None) -> list[dict[str, Any]]:
    today = timezone.localdate()
    head, *rows = ledger.export(by, today, today, branch)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_each_receipt_is_a_row_with_its_tax(customer: Customers, agent: User, opened: Drawer, lead: User) -> None:
    walker = at_payment(customer)
    order = order_of(walker)
    cash.receive(order, opened, 500_000, agent)
    walker.post("/application/cancel/")
    changes.confirm(cash.ask_to_return(Refund.objects.get(), opened, agent, "Khách hủy tại quầy"), lead, is_fresh=True)
    received, returned = of_today(lead)
    year = opened.day.year
    assert [row["Số phiếu"] for row in (received, returned)] == [f"PT{year}-000001", f"PC{year}-000001"]
    assert [received[name] for name in ("Chưa thuế", "Thuế GTGT", "Thành tiền")] == [200_000, 20_000, 220_000]
    assert [returned[name] for name in ("Chưa thuế", "Thuế GTGT", "Thành tiền")] == [-200_000, -20_000, -220_000]
    assert (received["Ngày"], received["Đơn hàng"], received["Nhân viên"]) == (
        opened.day,
        order.reference,
        agent.full_name,
    )
    assert (received["Chốt ngày"], received["Lưu ý"]) == ("Đang mở", "")


def test_what_came_twice_takes_back_no_tax(
    bank: Bank, customer: Customers, agent: User, opened: Drawer, lead: User
) -> None:
    walker = at_payment(customer)
    begun = walker.begins_to_pay("vietqr")
    cash.receive(order_of(walker), opened, 220_000, agent)
    deliver(notice_of(bank, begun))
    changes.confirm(cash.ask_to_return(Refund.objects.get(), opened, agent, "Khách trả hai lần"), lead, is_fresh=True)
    _received, returned = of_today(lead)
    assert [returned[name] for name in ("Chưa thuế", "Thuế GTGT", "Thành tiền")] == [None, None, -220_000]


def test_a_lead_takes_their_own_branches_and_headquarters_all(
    customer: Customers, staff: People, agent: User, opened: Drawer, lead: User
) -> None:
    far = Branch.objects.create(name="VNPT Mẫu Hai", province="01")
    other = staff("agent", branch=far)
    cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    cash.receive(order_of(at_payment(customer)), opens(other), 220_000, other)
    assert [row["Đơn vị"] for row in of_today(lead)] == ["VNPT Mẫu"]
    assert refusal(partial(of_today, lead, far)) == "not-allowed"
    for role in ("supervisor", "auditor"):
        assert sorted(row["Đơn vị"] for row in of_today(staff(role))) == ["VNPT Mẫu", "VNPT Mẫu Hai"]
        assert [row["Đơn vị"] for row in of_today(staff(role), far)] == ["VNPT Mẫu Hai"]
    for role in ("agent", "reviewer", "operator"):
        assert refusal(partial(of_today, staff(role))) == "not-allowed"


def test_taking_it_is_on_the_record_with_range_and_count(
    customer: Customers, agent: User, opened: Drawer, lead: User
) -> None:
    cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    of_today(lead, agent.branch)
    entry = Event.objects.get(verb="cash exported")
    today = f"{timezone.localdate()}"
    assert entry.actor == lead
    assert entry.details == {"since": today, "until": today, "count": 1, "branch": "VNPT Mẫu"}


@pytest.mark.parametrize("days", [-1, 367])
def test_a_range_that_cannot_be_is_refused(lead: User, days: int) -> None:
    since = date(2026, 1, 1)
    assert refusal(lambda: ledger.export(lead, since, since + timedelta(days=days))) == "range-cannot-be"


def test_a_receipt_changed_by_other_means_says_so(customer: Customers, agent: User, opened: Drawer, lead: User) -> None:
    cash.receive(order_of(at_payment(customer)), opened, 220_000, agent)
    with unguarded():
        CashReceipt.objects.update(number=7)
    [row] = of_today(lead)
    assert row["Lưu ý"] == "BỊ SỬA NGOÀI HỆ THỐNG"
