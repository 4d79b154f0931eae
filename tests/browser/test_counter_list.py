"""The counter's list in a browser: a key for everything, and a refresh that moves nothing under one's eyes."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from enrollment.counter.steps import serving
from enrollment.models import Application
from enrollment.steps import declaration
from portal.models import Branch, User
from tests.browser.conftest import look
from tests.browser.hands import enter
from tests.browser.test_pages import only_english, speak
from tests.conftest import People

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = """each => each.filter((box) => !box.closest("p:not(.counter-cash), li")
  && box.getBoundingClientRect().height < 44).map((box) => box.outerHTML.slice(0, 90))"""


@pytest.fixture
def agent(page: Page, staff: People) -> User:
    user = staff("agent")
    for _customer in range(3):
        open_one(user)
    enter(page, user)
    page.goto("/counter/")
    return user


def open_one(user: User) -> Application:
    application = serving.open_for(Branch.objects.get(pk=user.branch_id or 0), user, language="vi")
    declaration.keep_draft(application, {"full_name": "Lý Thị Mẫu"})
    return application


def refreshed(page: Page) -> None:
    with page.expect_response(lambda answer: "x-counter" in answer.request.headers):
        pass
    page.wait_for_timeout(300)


def place_of(page: Page, reference: str) -> Any:
    return page.locator(f"[data-row='{reference}']").bounding_box()


def test_a_refresh_changes_words_in_their_place_and_moves_nothing(page: Page, agent: User) -> None:
    page.emulate_media(reduced_motion="reduce")
    first = Application.objects.order_by("pk").first()
    assert first
    before = place_of(page, first.reference)
    page.locator("#id_term").fill("0912")
    open_one(agent)
    Application.objects.filter(pk=first.pk).update(step="plan")
    expect(page.locator(f"[data-row='{first.reference}'] [data-says]")).to_have_text(re.compile("gói"), timeout=20_000)
    expect(page.locator(".counter [data-news] button")).to_be_visible()
    assert place_of(page, first.reference) == before
    assert page.locator("[data-row]").count() == 3
    assert page.locator("#id_term").input_value() == "0912"
    expect(page.locator("#id_term")).to_be_focused()
    page.locator("#id_term").press("Escape")
    with page.expect_navigation():
        page.keyboard.press("r")
    expect(page.locator("[data-row]")).to_have_count(4)


def test_every_key_works_and_none_while_one_types(page: Page, agent: User) -> None:
    rows = page.locator(".counter-rows a")
    page.keyboard.press("/")
    expect(page.locator("#id_term")).to_be_focused()
    page.keyboard.type("njkr")
    assert page.locator("#id_term").input_value() == "njkr"
    assert page.url.endswith("/counter/")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/counter/[A-Z0-9]{8}/$"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/register/declaration/")
    page.go_back()
    page.wait_for_url(re.compile(r"/counter/[A-Z0-9]{8}/$"))
    page.keyboard.press("Escape")
    page.wait_for_url("**/counter/")
    page.keyboard.press("n")
    page.wait_for_url("**/register/declaration/")
    assert Application.objects.count() == 4


def test_the_pages_of_the_counter(page: Page, agent: User, language: str) -> None:
    page.emulate_media(color_scheme="light" if language == "vi" else "dark")
    speak(page, language)
    reference = Application.objects.order_by("pk")[0].reference
    for path in ("", f"{reference}/", f"{reference}/end/", f"at/{reference}/register/declaration/"):
        look(page, f"/counter/{path}")
        if language == "en":
            only_english(page)
    page.set_viewport_size({"width": 1024, "height": 768})
    look(page, "/counter/")
    small: list[str] = page.locator(".counter :is(a, button, input, select):visible").evaluate_all(SMALL)
    assert small == []


def test_the_page_of_a_file_follows_but_takes_no_tick_away(page: Page, agent: User) -> None:
    application = Application.objects.order_by("pk")[0]
    page.goto(f"/counter/{application.reference}/")
    Application.objects.filter(pk=application.pk).update(step="handover", reached="handover", moves=5)
    expect(page.locator("#id_original")).to_be_visible(timeout=20_000)
    page.locator("#id_original").check()
    Application.objects.filter(pk=application.pk).update(moves=6)
    page.wait_for_timeout(4000)
    expect(page.locator("#id_original")).to_be_checked()
    page.locator("#id_original").uncheck()
    with page.expect_navigation(timeout=20_000):
        pass
