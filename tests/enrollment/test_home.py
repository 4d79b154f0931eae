import re
from datetime import date

import pytest
from django.test import Client

from enrollment import journey, seeds
from enrollment.models import Province, Ward
from enrollment.orders.models import Plan

pytestmark = pytest.mark.django_db


def test_the_home_page_shows_doors_steps_plans_and_answers(client: Client) -> None:
    seeds.seed()
    page = client.get("/").content.decode()
    for link in ("/register/", "/activate/", "/sign-in/", "tel:18001260"):
        assert f'href="{link}"' in page
    assert re.findall(r"</svg><strong>([^<]*)", page) == [str(each.name) for each in journey.NINE]
    assert "SmartCA cá nhân PS0 (công dân)" in page
    assert "385.000 đ" in page
    assert "không phải bảng giá của VNPT" in page


def test_a_plan_is_on_sale_on_its_days_only(client: Client) -> None:
    seeds.seed()
    Plan.objects.filter(code="ps0-cong-dan").update(sold_until=date(2026, 1, 2))
    Plan.objects.filter(code="khong-gioi-han-12").update(sold_from=date(2999, 1, 1))
    page = client.get("/").content.decode()
    assert "PS0" not in page
    assert "SmartCA không giới hạn 12 tháng" not in page


def test_seeding_twice_leaves_what_staff_changed() -> None:
    seeds.seed()
    Plan.objects.filter(code="khong-gioi-han-12").update(price=1)
    seeds.seed()
    assert Plan.objects.get(code="khong-gioi-han-12").price == 1


def test_the_places_are_those_of_the_official_list() -> None:
    seeds.seed()
    assert (Province.objects.count(), Ward.objects.count()) == (34, 3321)
    assert Ward.objects.get(name="Phường Hạc Thành").province.name == "Tỉnh Thanh Hóa"
