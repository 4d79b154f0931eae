import gzip
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from enrollment import nine, seeds
from enrollment.journey import Step
from enrollment.models import Application, Province, Ward
from enrollment.orders.models import Plan
from portal.models import User
from tests.conftest import People
from tests.enrollment.conftest import Customer

pytestmark = pytest.mark.django_db


def test_the_home_page_shows_doors_steps_plans_and_answers(client: Client) -> None:
    seeds.seed()
    page = client.get("/").content.decode()
    for link in ("/register/", "/activate/", "/sign-in/", "/counters/", "/verify/", "/resume/", "tel:18001260"):
        assert f'href="{link}"' in page
    assert re.findall(r"</svg><strong>([^<]*)", page) == [str(each.name) for each in nine.NINE]
    assert "SmartCA cá nhân PS0 (công dân)" in page
    assert "385.000 đ" in page
    assert "không phải bảng giá của VNPT" in page


def first(page: Any) -> tuple[str, str]:
    """The page's title, and where its first door leads."""
    text = page.content.decode()
    title = re.search(r"<h1>(.*?)</h1>", text, re.S)
    door = re.search(r'class="door first" href="([^"]+)"', text)
    assert title
    assert door
    return title[1], door[1]


def test_whoever_comes_back_sees_first_what_is_next(customer: Callable[..., Customer]) -> None:
    walker = customer().opens().chooses()
    page = walker.client.get("/")
    assert first(page) == ("Tiếp tục: Khai báo thông tin", "/register/declaration/")
    text = page.content.decode()
    assert "bước 3/9" in text
    assert text.count('<li class="done"') == 2
    assert '<li class="now" aria-current="step"><div>' in text
    Application.objects.update(step=Step.REVIEW)
    assert first(walker.client.get("/")) == ("Chờ duyệt cấp chứng thư số", "/application/waiting/")
    Application.objects.update(step=Step.STOPPED)
    assert first(walker.client.get("/"))[1] == "/register/"


def test_without_one_an_account_is_led_to_register_and_staff_to_their_desk(
    signed_in: Callable[[User], Client], person: People, staff: People
) -> None:
    page = signed_in(person()).get("/")
    assert first(page)[1] == "/register/"
    assert 'href="/sign-in/"' not in page.content.decode()
    reviewer = staff("reviewer")
    assert first(signed_in(reviewer).get("/")) == (reviewer.full_name, "/admin/")


def test_it_promises_nothing_that_cannot_be_done_yet(client: Client) -> None:
    assert "mua lượt ký" not in client.get("/").content.decode()


def test_all_of_it_weighs_no_more_than_90_kb(client: Client) -> None:
    """As WhiteNoise sends it: texts compressed, fonts as they are; the page itself is not."""
    page = client.get("/").content
    names = re.findall(r'(?:href|src)="/static/([^"?]+\.(?:css|js|svg))"', page.decode())
    assert {"portal/portal.css", "portal/tokens.css", "portal/portal.js"} <= set(names)
    texts = {name: Path(str(finders.find(name))).read_bytes() for name in names}
    fonts = re.findall(r'url\("(fonts/[^"]+)"\)', texts["portal/tokens.css"].decode())
    assert len(fonts) == 4
    weight = len(page) + sum(len(gzip.compress(text)) for text in texts.values())
    assert weight + sum(Path(str(finders.find(f"portal/{font}"))).stat().st_size for font in fonts) <= 90_000


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
