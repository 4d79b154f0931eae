"""The QR reader in a browser: caught wherever the agent stands, kept out of every field; and the keys that lead on."""

import pytest
from playwright.sync_api import Page, expect

from enrollment.models import Application
from tests.browser.conftest import look
from tests.browser.hands import enter, keys, reader
from tests.conftest import People
from tests.enrollment.counter.test_reader import CARD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(page: Page, staff: People) -> Application:
    """Somebody new at the counter, the agent at the declaration."""
    enter(page, staff("agent"))
    page.goto("/counter/")
    page.locator("[data-key=n]").click()
    page.wait_for_url("**/counter/at/*/register/declaration/")
    return Application.objects.get()


@pytest.mark.parametrize("place", ["body", "#id_email", "#id_province", "#id_document", "#id_text"])
def test_a_card_is_read_wherever_one_stands_and_lands_in_no_field(page: Page, opened: Application, place: str) -> None:
    page.locator("#id_phone").fill("0912000111")
    if place != "body":
        page.locator(place).focus()
    reader(page, CARD)
    expect(page.locator("#id_number")).to_have_value("079190123456")
    assert page.locator("#id_full_name").input_value() == "Lý Thị Mẫu Xuân"
    assert page.locator("#id_document").input_value() == "citizen"
    assert page.locator("#id_ward").input_value() == "Xã Mỏ Cày"
    assert page.locator("#id_phone").input_value() == "0912000111"
    expect(page.locator("#id_email")).to_be_focused()
    assert page.locator("#id_email").input_value() == ""
    assert page.url.endswith("/register/declaration/")
    opened.refresh_from_db()
    assert opened.draft["card_read"] == "079190123456"


def test_what_a_person_types_is_no_reader_however_quick(page: Page, opened: Application) -> None:
    page.locator("#id_address").focus()
    keys(page, "0791901234560791", 0.035)
    assert page.locator("#id_address").input_value() == "0791901234560791"
    page.wait_for_timeout(600)  # the browser's clock is behind the keys that were given times of their own
    page.locator("#id_full_name").focus()
    keys(page, "Ly Thi", 0.002)  # a hand that fell onto the keys: what it typed stays
    expect(page.locator("#id_full_name")).to_have_value("Ly Thi")
    expect(page.locator("#id_full_name")).to_be_focused()


def test_an_input_method_between_is_said_and_the_paste_helps(page: Page, opened: Application) -> None:
    page.locator("#id_address").focus()
    reader(page, CARD.replace("Xuân", "Xuaa\bân"))  # what Telex does: it takes a letter back
    expect(page.locator("[data-scan] [data-said]")).to_contain_text("Bộ gõ tiếng Việt đã đổi chữ")
    reader(page, CARD.replace("Nữ", "Nam"))
    expect(page.locator("[data-scan] [data-said]")).to_contain_text("không khớp với năm sinh hoặc giới tính")
    assert page.locator("#id_address").input_value() == ""
    look(page)
    page.locator("#id_text").fill(CARD)
    page.locator("#id_text").press("Enter")
    expect(page.locator("#id_number")).to_have_value("079190123456")


def test_enter_goes_to_the_next_field_that_is_left_and_from_the_last_one_on(page: Page, opened: Application) -> None:
    reader(page, CARD)
    expect(page.locator("#id_email")).to_be_focused()
    page.keyboard.type("khach@example.vn", delay=35)
    page.keyboard.press("Enter")
    expect(page.locator("#id_phone")).to_be_focused()
    page.keyboard.type("0912000111", delay=35)
    page.keyboard.press("Enter")
    page.wait_for_url("**/register/declaration/check/")
