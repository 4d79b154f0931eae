"""Every page, both languages, both widths, light and dark, each once: axe finds nothing (promise P21)."""

import re

import pytest
from playwright.sync_api import Page, expect

from enrollment import seeds as enrollment_seeds
from enrollment.models import Application
from portal import outbox, seeds
from portal.models import User
from tests.browser.conftest import look, press_in_menu
from tests.conftest import People

pytestmark = pytest.mark.django_db(transaction=True)
ANYBODY = """/ /register/ /activate/ /sign-in/ /password/forgotten/ /accessibility/ /counters/ /security/ /terms/
    /privacy/ /practice/ /demo/ /demo/parts/ /khong-co/"""
CUSTOMER = """/account/ /account/sessions/ /account/password/ /account/security/ /account/security/totp/activate/
    /account/security/webauthn/ /account/security/webauthn/add/ /sign-out/ /account/confirm/"""
OPERATOR = """/admin/ /admin/handbook/ /admin/portal/change/ /admin/portal/failure/ /admin/orders/plan/
    /admin/portal/user/?people=customers /admin/portal/user/ /admin/portal/user/add/ /admin/portal/branch/ /admin/portal/message/
    /admin/portal/event/ /admin/enrollment/application/ /admin/orders/payment/ /admin/orders/refund/
    /admin/orders/invoice/ /account/security/recovery-codes/generate/"""
VIETNAMESE = re.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.I)


@pytest.fixture(autouse=True)
def _seeded(db: None) -> None:
    seeds.seed()
    enrollment_seeds.seed()
    for user in User.objects.filter(is_demo=True)[:2]:
        outbox.post("portal/messages/password_reset", ["135790", "15"], user, intent=f"page {user.pk}")
    outbox.deliver()


def speak(page: Page, language: str) -> None:
    page.goto("/")
    if page.locator("html").get_attribute("lang") != language:
        with page.expect_navigation():
            press_in_menu(page, "English" if language == "en" else "Tiếng Việt")
    assert page.locator("html").get_attribute("lang") == language


def enter(page: Page, name: str) -> None:
    page.goto("/demo/")
    with page.expect_navigation():
        page.get_by_role("row").filter(has_text=name).locator("form button").click()


def only_english(page: Page) -> None:
    """Names of people, places, offices and plans stay as they are; nothing else may be Vietnamese."""
    text = page.locator("main").inner_text()
    for name in ("Mẫu", "MẪU", "VNPT", "đ", "Tiếng Việt", "Cục", "Xã ", "Quảng", "Đại lộ", "HĐ ", "NĐ-CP", "Việt Nam"):
        text = "\n".join(line for line in text.splitlines() if name not in line)
    assert not VIETNAMESE.search(text), f"{page.url}: {VIETNAMESE.search(text)}"


def test_every_page_for_anybody_and_for_a_customer(page: Page, language: str) -> None:
    page.emulate_media(color_scheme="light" if language == "vi" else "dark")
    speak(page, language)
    for path in ANYBODY.split():
        look(page, path)
        if language == "en":
            only_english(page)
    page.goto("/password/forgotten/")
    page.get_by_role("textbox").fill("051190000011")
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/password/new/")
    look(page)
    with page.expect_navigation():
        page.get_by_role("main").locator("form button:not([type=button])").click()
    look(page)
    enter(page, "Mẫu An")
    for path in CUSTOMER.split():
        look(page, path)
        if language == "en":
            only_english(page)


def test_every_page_for_staff(page: Page, language: str, person: People) -> None:
    enter(page, "Mẫu Minh")
    speak(page, language)
    for path in (f"/admin/enrollment/application/{Application.objects.latest('pk').pk}/change/", *OPERATOR.split()):
        look(page, path)
    with page.expect_navigation():
        page.get_by_role("main").locator("form button").click()
    look(page)
    enter(page, "Mẫu Chi")
    look(page, "/account/security/")
    look(page, "/account/security/totp/deactivate/")


def test_a_page_at_double_size_loses_nothing(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    for path in (*ANYBODY.split(), "/demo/inbox/"):
        look(page, path)


def test_the_language_switch_keeps_what_was_typed_but_no_password(page: Page) -> None:
    page.goto("/sign-in/")
    page.locator("[name=login]").fill("001190000001")
    page.locator("[name=password]").fill("Hoa-sen#2026")
    press_in_menu(page, "English")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.locator("[name=login]")).to_have_value("001190000001")
    expect(page.locator("[name=password]")).to_have_value("")
    page.goto("/password/forgotten/")
    page.goto("/sign-in/")
    expect(page.locator("[name=login]")).to_have_value("")  # kept for the switch alone


def edges(page: Page, selector: str) -> tuple[float, float]:
    """Where it begins and ends, from the top of the window."""
    top, bottom = page.locator(selector).evaluate(
        "it => [it.getBoundingClientRect().top, it.getBoundingClientRect().bottom]"
    )
    return top, bottom


def test_the_header_is_one_row_and_the_bar_covers_nothing(page: Page) -> None:
    """Also for somebody signed in; the menu closes by Escape and by a press elsewhere."""
    enter(page, "Mẫu An")
    page.goto("/account/")
    top, bottom = edges(page, "header")
    assert bottom - top <= 58
    assert edges(page, "h1")[0] < 200
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    bar, foot = edges(page, ".places"), edges(page, ".footer")
    assert bar[0] + 1 >= foot[1] or bar[1] <= foot[0]
    summary = page.locator("[data-menu] summary")
    if not summary.is_visible():
        return
    leave = page.get_by_role("banner").get_by_role("button", name="Đăng xuất")
    summary.click()
    expect(leave).to_be_visible()
    page.keyboard.press("Escape")
    expect(leave).to_be_hidden()
    summary.click()
    page.mouse.click(20, 400)
    expect(leave).to_be_hidden()
