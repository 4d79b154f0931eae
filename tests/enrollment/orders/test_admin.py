"""Staff's side of money: a refund marked, an invoice tried again, a plan edited."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.orders.models import Invoice, Order, Plan, Refund
from portal.models import Event, User
from tests.conftest import People
from tests.enrollment.conftest import Customer

pytestmark = pytest.mark.django_db

Customers = Callable[..., Customer]

Enter = Callable[[User], Client]


def test_a_refund_is_marked_once_by_whoever_may(staff: People, signed_in: Enter) -> None:
    refund = Refund.objects.create(gateway="vietqr", provider_id="1", amount=5, reason="unknown")
    act = {"action": "mark_done", "_selected_action": [str(refund.pk)]}
    signed_in(staff("auditor")).post("/admin/orders/refund/", act)
    assert Refund.objects.get().status == "due"
    user = staff("supervisor")
    desk = signed_in(user)
    for _time in range(2):
        desk.post("/admin/orders/refund/", act)
    refund.refresh_from_db()
    assert (refund.status, refund.done_by) == ("done", user)
    assert Event.objects.filter(verb="refund done").count() == 1


def test_failed_invoices_get_another_round(customer: Customers, staff: People, signed_in: Enter) -> None:
    customer().opens().chooses().declares()
    invoice = Invoice.objects.create(order=Order.objects.get(), status="failed", attempts=12)
    act = {"action": "again", "_selected_action": [str(invoice.pk)]}
    signed_in(staff("operator")).post("/admin/orders/invoice/", act)
    assert Invoice.objects.get().status == "pending"


def test_a_plan_is_edited_with_a_trace_and_never_deleted(staff: People, signed_in: Enter) -> None:
    desk, plan = signed_in(staff("supervisor")), Plan.objects.get(code="khong-gioi-han-12")
    page = desk.get(f"/admin/orders/plan/{plan.pk}/change/").content.decode()
    assert "Bán đến ngày" in page
    fields = {
        name: getattr(plan, name) for name in ("code", "name", "name_en", "kind", "months", "signings", "use", "use_en")
    }
    desk.post(
        f"/admin/orders/plan/{plan.pk}/change/",
        {**fields, "price": 230_000, "sold_from": "01/01/2026", "sold_until": "", "rank": plan.rank},
    )
    plan.refresh_from_db()
    assert plan.price == 230_000
    assert Event.objects.get(verb="plan changed").details["fields"] == ["price"]
    assert desk.post(f"/admin/orders/plan/{plan.pk}/delete/", {"post": "yes"}).status_code == 403
