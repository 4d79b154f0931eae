"""Where somebody signed in finds what is theirs: the bar of every page."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from enrollment import pages
from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from portal.parts import Part, parts
from tests.conftest import People
from tests.enrollment.conftest import Customer


def bar(client: Client, path: str) -> dict[str, str]:
    """Its titles, and which is marked how."""
    page = client.get(path).content.decode()
    nav = page.partition('class="places"')[2].partition("</nav>")[0]
    return {title: state for state, title in re.findall(r'aria-current="(\w+)"><svg.*?</svg>(.*?)</a>', nav, re.DOTALL)}


def test_the_place_one_is_at_is_marked(customer: Callable[..., Customer]) -> None:
    client = activated(customer)
    inside = {"Hồ sơ": "false", "SmartCA": "false", "Tài liệu": "false", "Tài khoản": "true"}
    assert bar(client, "/account/sessions/") == inside
    assert bar(client, "/account/")["Tài khoản"] == "page"
    assert bar(client, "/application/capture/")["Hồ sơ"] == "true"
    marked = bar(client, "/certificate/documents/")
    assert (marked["SmartCA"], marked["Tài liệu"]) == ("false", "page")


def activated(customer: Callable[..., Customer]) -> Client:
    walker = customer().opens().chooses().declares().pays_nothing()
    walker.activates()
    return walker.client


def test_an_application_has_a_place_while_it_is_open(customer: Callable[..., Customer]) -> None:
    client = activated(customer)
    Application.objects.update(step=Step.COMPLETE)
    assert list(bar(client, "/account/")) == ["SmartCA", "Tài liệu", "Tài khoản"]


def test_staff_have_their_desk(staff: People, signed_in: Callable[[User], Client]) -> None:
    assert list(bar(signed_in(staff()), "/account/")) == ["Trang chính", "Tài khoản"]


def test_the_account_says_what_one_has_and_what_waits(customer: Callable[..., Customer]) -> None:
    client = activated(customer)
    reference = Application.objects.get().reference
    page = client.get("/account/").content.decode()
    for words in (f"Hồ sơ {reference}", "6/9", "Đến lượt Quý khách: Xác thực giấy tờ, khuôn mặt", "Chưa bật"):
        assert words in page
    assert re.search(r'class="button small" href="/application/capture/">Làm tiếp', page)
    Application.objects.update(step=Step.REVIEW)
    assert re.search(
        r'class="button small second" href="/application/waiting/">Xem', client.get("/account/").content.decode()
    )
    Application.objects.update(step=Step.STOPPED)
    assert "Chưa có hồ sơ nào đang mở." in client.get("/account/").content.decode()


def test_strangers_have_none(client: Client) -> None:
    assert bar(client, "/sign-in/") == {}


def test_all_places_cost_one_query(person: People, django_assert_num_queries: Any) -> None:
    user: User = person()
    with django_assert_num_queries(1):
        assert [place.address for part in parts(Part) for place in part.places(user)]
    assert pages.places(user) == []
