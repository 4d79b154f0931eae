"""Choosing a plan, and the price that stays."""

from collections.abc import Callable

import pytest

from enrollment.journey import Step
from enrollment.orders.models import Order, Plan
from tests.enrollment.conftest import FREE, PAID, Customer

pytestmark = pytest.mark.django_db


def test_the_plans_are_shown_by_kind_with_their_price(customer: Callable[..., Customer]) -> None:
    page = customer().opens().client.get("/register/plan/").content.decode()
    for text in (
        "Chứng thư số theo lượt ký",
        "Chứng thư số không giới hạn lượt ký",
        "Miễn phí",
        "220.000 đ",
        "trình diễn",
    ):
        assert text in page


def test_a_plan_off_sale_is_refused_with_a_word(customer: Callable[..., Customer]) -> None:
    walker = customer().opens()
    Plan.objects.filter(code=PAID).update(sold_until="2026-01-02")
    page = walker.post("/register/plan/", {"plan": PAID}).content.decode()
    assert "Cần xem lại" in page
    assert walker.application.step == Step.PLAN


def test_the_order_keeps_the_price_of_its_moment(customer: Callable[..., Customer]) -> None:
    walker = customer().opens().chooses(PAID).declares()
    Plan.objects.filter(code=PAID).update(price=999, name="Tên khác")
    order = Order.objects.get(subject=walker.application.pk)
    assert (order.total, order.net + order.vat) == (220_000, 220_000)
    assert order.vat == 20_000
    assert order.name == "SmartCA không giới hạn 12 tháng"


def test_another_plan_makes_another_order(customer: Callable[..., Customer]) -> None:
    walker = customer().opens().chooses(PAID).declares()
    walker.post("/register/back/", {"to": "plan"})
    assert walker.application.step == Step.PLAN
    walker.chooses("khong-gioi-han-36")
    assert walker.application.step == Step.PAYMENT
    assert sorted(Order.objects.values_list("total", "status")) == [(220_000, "cancelled"), (495_000, "open")]


def test_the_same_plan_again_keeps_its_order(customer: Callable[..., Customer]) -> None:
    walker = customer().opens().chooses(PAID).declares()
    walker.post("/register/back/", {"to": "plan"})
    walker.chooses(PAID)
    assert Order.objects.get().status == "open"


def test_a_second_plan_from_an_old_tab_is_not_dropped_without_a_word(customer: Callable[..., Customer]) -> None:
    walker = customer().opens().chooses(FREE)
    page = walker.client.post("/register/plan/", {"plan": PAID}, follow=True).content.decode()
    assert "trang vừa gửi không thay đổi gì" in page
    assert walker.application.plan == Plan.objects.get(code=FREE)
