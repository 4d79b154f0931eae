"""A rehearsal in Chromium, by keyboard where it matters: the pages are marked, whole, and lead to the open counter."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from enrollment.counter.models import Rehearsal
from enrollment.counter.steps import rehearsing
from portal.models import User
from tests.browser.conftest import look
from tests.browser.hands import enter

pytestmark = pytest.mark.once
BAND = ".rehearsal strong"


@pytest.fixture
def newcomer(transactional_db: None, staff: Callable[..., User], page: Page) -> User:
    agent = staff("agent", rehearsed=False)
    enter(page, agent)
    return agent


def test_who_may_not_serve_comes_to_the_rehearsal_and_walks_it(page: Page, newcomer: User) -> None:
    look(page, "/counter/")
    assert page.url.endswith("/counter/rehearsal/")
    press(page, "button[value=plain]")
    rehearsal = Rehearsal.objects.get()
    rehearsal.state["settled"] = ["aside"]
    rehearsal.mac = rehearsal.mac_of_row
    rehearsal.save()
    look(page)
    press(page, "#guest form[action*=card] button")
    phone, mail = page.locator("#guest .facts dd").all_inner_texts()[:2]
    page.locator("#id_phone").fill(phone)
    page.locator("#id_email").fill(mail)
    page.locator("#id_email").press("Enter")
    page.wait_for_url("**/check/")
    look(page)
    press(page)
    press(page, ".counter-device button")
    look(page)
    press(page, "#guest button[value=on]")
    page.locator("input[name=plan]").nth(1).check()
    press(page)
    look(page)
    press(page)
    for _item in range(3):
        press(page, "main .column .actions a.button")
        look(page)
        press(page)
    look(page)
    press(page)
    for box in page.locator("main .column input[type=checkbox]").all():
        box.check()
    look(page)
    press(page)
    for _step in range(3):
        page.locator("#guest button[value=on]").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
    look(page)
    assert page.url.endswith("/result/")
    assert Rehearsal.objects.get().passed


def press(page: Page, what: str = "main .column .actions button.button") -> None:
    assert page.locator(BAND).is_visible()
    with page.expect_navigation():
        page.locator(what).first.click()


def test_a_question_asked_back_and_a_mark_that_says_why(page: Page, newcomer: User) -> None:
    rehearsal = rehearsing._begun(newcomer, "person")
    look(page, f"/counter/rehearsal/{rehearsal.pk}/")
    press(page, "#guest button[value=another]")
    look(page)
    press(page, "#guest button[value=keep]")
    look(page)
    page.locator(".decisions a").last.click()
    look(page)
    assert page.url.endswith("/rehearsal/rules/#person")
    page.emulate_media(media="print")
    page.goto(f"/counter/rehearsal/{rehearsal.pk}/result/")
    assert page.locator(BAND).is_visible()


def test_the_head_sees_who_may_serve(page: Page, transactional_db: None, staff: Callable[..., User]) -> None:
    staff("agent")
    staff("agent", rehearsed=False)
    enter(page, staff("lead"))
    look(page, "/counter/training/")
    assert page.locator("tbody tr").count() == 2
