"""Staff's side of money: a refund done, an invoice tried again, a plan edited; by two people where it is money."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.orders.models import Invoice, Order, Plan, Refund
from portal.models import Change, Event, User
from tests.conftest import People
from tests.enrollment.conftest import Customer

pytestmark = pytest.mark.django_db

Customers = Callable[..., Customer]

Enter = Callable[[User], Client]


def test_a_refund_is_done_by_one_and_confirmed_by_another(staff: People, signed_in: Enter) -> None:
    refund = Refund.objects.create(gateway="vietqr", provider_id="1", amount=50_000, reason="unknown")
    first, page = staff("supervisor"), f"/admin/orders/refund/{refund.pk}/change/"
    theirs = signed_in(first)
    typed = {"receiver": "VCB 0071000123456", "bank_reference": "FT26334", "why": "Khách chuyển nhầm tài khoản"}
    assert signed_in(staff("auditor")).post(page, typed).status_code == 403
    assert signed_in(staff("operator")).post(page, typed).status_code == 403
    theirs.post(page, typed)
    change = Change.objects.get()
    assert Refund.objects.get().status == "due"
    theirs.post(f"/admin/portal/change/{change.pk}/decide/confirm/")
    assert Refund.objects.get().status == "due"
    desk = signed_in(staff("operator"))
    shown = desk.get(f"/admin/portal/change/{change.pk}/change/").content.decode()
    assert "50.000 đ" in shown
    assert "FT26334" in shown
    assert "0071000123456" not in shown
    desk.post(f"/admin/portal/change/{change.pk}/decide/confirm/")
    refund.refresh_from_db()
    assert (refund.status, refund.done_by, refund.bank_reference) == ("done", first, "FT26334")
    assert "0071000123456" not in desk.get(page).content.decode()
    assert Event.objects.filter(verb="refund done").count() == 1


def test_failed_invoices_get_another_round(customer: Customers, staff: People, signed_in: Enter) -> None:
    customer().opens().chooses().declares()
    invoice = Invoice.objects.create(order=Order.objects.get(), status="failed", attempts=12)
    act = {"action": "again", "_selected_action": [str(invoice.pk)]}
    signed_in(staff("operator")).post("/admin/orders/invoice/", act)
    assert Invoice.objects.get().status == "pending"


def typed(plan: Plan, **differently: object) -> dict[str, object]:
    names = ("code", "name", "name_en", "kind", "months", "signings", "use", "use_en", "price", "rank")
    terms = {name: getattr(plan, name) for name in names}
    days = {"sold_from": "01/01/2026", "sold_until": ""}
    return {**terms, **days, "why": "Bảng giá mới từ tháng sau", **differently}


def test_a_price_is_proposed_by_one_and_holds_once_another_confirmed_it(staff: People, signed_in: Enter) -> None:
    theirs, plan = signed_in(staff("supervisor")), Plan.objects.get(code="khong-gioi-han-12")
    page = f"/admin/orders/plan/{plan.pk}/change/"
    assert "Bán đến ngày" in theirs.get(page).content.decode()
    theirs.post(page, typed(plan, price=0))
    change = Change.objects.get()
    theirs.post(f"/admin/portal/change/{change.pk}/decide/confirm/")
    plan.refresh_from_db()
    assert plan.price == 220_000
    second = staff("operator")
    signed_in(second).post(f"/admin/portal/change/{change.pk}/decide/confirm/")
    plan.refresh_from_db()
    assert (plan.price, plan.is_ours) == (0, True)
    confirmed = Event.objects.exclude(result="refused").get(verb="change confirmed")
    assert (confirmed.actor, confirmed.details["before"], confirmed.details["after"]) == (
        second, {"price": 220_000}, {"price": 0},
    )  # fmt: skip


def test_a_reason_that_says_nothing_keeps_what_was_typed(staff: People, signed_in: Enter) -> None:
    plan = Plan.objects.get(code="khong-gioi-han-12")
    page = f"/admin/orders/plan/{plan.pk}/change/"
    answer = signed_in(staff("supervisor")).post(page, typed(plan, price=123_456, why="xxxxx"))
    assert answer.status_code == 200
    assert "ít nhất ba từ" in answer.content.decode()
    assert 'value="123456"' in answer.content.decode()
    assert not Change.objects.exists()


def test_a_new_plan_is_sold_once_a_second_person_confirmed_it(staff: People, signed_in: Enter) -> None:
    plan = Plan(code="thu", name="Thử", name_en="Try", kind="unlimited", months=1, price=9, use="Thử", use_en="Try")
    signed_in(staff("supervisor")).post("/admin/orders/plan/add/", typed(plan))
    assert not Plan.objects.filter(code="thu").exists()
    signed_in(staff("supervisor")).post(f"/admin/portal/change/{Change.objects.get().pk}/decide/confirm/")
    assert Plan.on_sale().get(code="thu").months == 1


def test_a_plan_is_shown_to_whoever_only_confirms_and_deleted_by_nobody(staff: People, signed_in: Enter) -> None:
    plan = Plan.objects.get(code="khong-gioi-han-12")
    page = f"/admin/orders/plan/{plan.pk}"
    desk = signed_in(staff("operator"))
    assert desk.get(f"{page}/change/").status_code == 200
    assert desk.post(f"{page}/change/", typed(plan, price=0)).status_code == 403
    assert signed_in(staff("supervisor")).post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert not Change.objects.exists()
