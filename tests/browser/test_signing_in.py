"""People at the door, in a real browser: staff with TOTP, a passkey, the keyboard alone."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from portal import outbox
from portal.accounts import work
from portal.accounts.passwords import KINDS
from portal.accounts.signing_in import network_of
from portal.demo.inbox import texts
from portal.demo.people import current_code
from portal.models import Allowance, User
from tests.browser.conftest import look, press_in_menu
from tests.conftest import PASSWORD, People

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "Trang-sang#77"
WORDS = {
    "vi": {
        "send": "Gửi mã",
        "code": "Mã xác nhận",
        "save": "Lưu mật khẩu",
        "app": "Ứng dụng xác thực",
        "activate": "Bật ứng dụng",
        "second": "Mã xác thực",
    },
    "en": {
        "send": "Send the code",
        "code": "Confirmation code",
        "save": "Save password",
        "app": "Authenticator app",
        "activate": "Turn on",
        "second": "Security code",
    },
}


def totp_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1])))


def type_here(page: Page, text: str) -> None:
    page.keyboard.type(text)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the thing of that name has the focus; every stop must be visible."""
    for _press in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => { const e = document.activeElement; const label = e.labels?.[0]?.textContent ?? '';
            const box = e.getBoundingClientRect();
            return [label + ' ' + (e.getAttribute('aria-label') ?? '') + ' ' + e.textContent, box.width * box.height > 0] }"""
        )
        assert focused[1], f"the focus went somewhere invisible on the way to {name}"
        if name in focused[0]:
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_a_new_reviewer_sets_password_and_second_factor_and_signs_in_by_keyboard_alone(
    page: Page, language: str, person: People
) -> None:
    user = person("reviewer", password=None, language=language)
    chooses_password(page, user, language)
    enter_password(page, user, language)
    page.wait_for_url("**/account/second-factor/")
    look(page)
    recovery = sets_up_second_factor(page, language)
    if page.locator("[data-menu] summary").is_visible():
        tab_to(page, "Menu")
        page.keyboard.press("Enter")
    tab_to(page, "Đăng xuất" if language == "vi" else "Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Quý khách đã đăng xuất." if language == "vi" else "You have signed out.")).to_be_visible()
    page.goto("/sign-in/")
    enter_password(page, user, language)
    page.wait_for_url("**/authenticate/")
    look(page)
    tab_to(page, WORDS[language]["second"])
    type_here(page, recovery)  # the app's code of these thirty seconds is used up
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    expect(page.get_by_role("banner")).to_contain_text(user.full_name)


def chooses_password(page: Page, user: User, language: str) -> None:
    """By the code that came as an SMS."""
    words = WORDS[language]
    page.goto("/password/forgotten/")
    if language == "en":
        tab_to(page, "English")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("lang", "en")
    tab_to(page, "Số định danh" if language == "vi" else "ID number")
    type_here(page, user.id_number)
    tab_to(page, words["send"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/new/")
    outbox.deliver()
    sms = texts([user.phone])[0].body
    tab_to(page, words["code"])
    type_here(page, re.findall(r"\b\d{6}\b", sms)[0])
    for label in ("Mật khẩu mới", "Nhập lại") if language == "vi" else ("New password", "Repeat the new password"):
        tab_to(page, label)
        type_here(page, NEW)
    expect(page.locator(".checklist li.met")).to_have_count(
        len(KINDS) + 1
    )  # all that a browser can know of somebody unnamed
    tab_to(page, words["save"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/")


def sets_up_second_factor(page: Page, language: str) -> str:
    """An authenticator app; its first recovery code."""
    words = WORDS[language]
    tab_to(page, words["app"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/totp/activate/")
    secret = page.locator(".secret").inner_text()
    tab_to(page, words["second"])
    type_here(page, totp_now(secret))
    tab_to(page, words["activate"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/recovery-codes/")
    expect(page.locator(".codes li")).to_have_count(10)
    return page.locator(".codes li").first.inner_text()


def enter_password(page: Page, user: User, language: str) -> None:
    tab_to(page, "Số định danh" if language == "vi" else "ID number")
    type_here(page, user.id_number)
    page.keyboard.press("Tab")
    type_here(page, NEW)
    page.keyboard.press("Enter")


def test_an_agent_and_a_customer_sign_in(page: Page, person: People, staff: People) -> None:
    for user in (person(), staff("agent")):
        sign_in_with_password(page, user)
        if user.is_staff:
            page.get_by_label("Mã xác thực").fill(current_code(user))
            page.get_by_role("button", name="Tiếp theo").click()
        page.wait_for_url("**/counter/" if user.is_staff else "**/account/")
        press_in_menu(page, "Đăng xuất")
        expect(page.get_by_text("Quý khách đã đăng xuất.")).to_be_visible()


def give_a_finger(page: Page, context: BrowserContext) -> None:
    """The device can check who holds it, as a phone does."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    finger = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": finger})


def test_a_passkey_is_second_factor_enough_for_staff(page: Page, context: BrowserContext, person: People) -> None:
    give_a_finger(page, context)
    sign_in_with_password(page, person("approver"))
    page.wait_for_url("**/account/second-factor/")
    page.get_by_role("link", name="Khóa bảo mật").click()
    page.get_by_role("button", name="Thêm thiết bị này").click()
    page.wait_for_url("**/recovery-codes/")
    page.goto("/account/sessions/")
    expect(page.get_by_role("main")).to_contain_text("Chrome · Linux")


def sign_in_with_password(page: Page, user: User) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Số định danh").fill(user.id_number)
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Đăng nhập").click()


def test_a_customer_adds_a_passkey_and_signs_in_with_it(page: Page, context: BrowserContext, person: People) -> None:
    give_a_finger(page, context)
    user = person()
    sign_in_with_password(page, user)
    page.wait_for_url("**/account/")
    page.goto("/account/security/webauthn/add/")
    page.get_by_label("Cho phép đăng nhập không cần mật khẩu").check()
    page.get_by_role("button", name="Thêm thiết bị này").click()
    page.wait_for_url("**/recovery-codes/")
    look(page, "/account/security/webauthn/")
    press_in_menu(page, "Đăng xuất")
    page.goto("/sign-in/")
    page.get_by_role("button", name="Dùng sinh trắc học").click()
    page.wait_for_url("**/account/")
    expect(page.get_by_role("main")).to_contain_text(user.full_name)


def test_wrong_tries_are_told_on_the_page_and_what_was_typed_stays(page: Page, person: People) -> None:
    user = person()
    page.goto("/sign-in/")
    page.get_by_label("Số định danh").fill(user.id_number)
    page.get_by_label("Mật khẩu", exact=True).fill("Sai-mat-khau#1")
    page.get_by_role("main").get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("alert").first).to_contain_text("còn 4 lần thử")
    expect(page.get_by_role("alert").first).to_be_focused()
    expect(page.get_by_label("Số định danh")).to_have_value(user.id_number)
    look(page)


def test_the_password_can_be_shown(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Mật khẩu", exact=True).fill("abc")
    page.get_by_role("button", name="Hiện mật khẩu").click()
    expect(page.locator("#id_password")).to_have_attribute("type", "text")


def test_a_session_near_its_end_warns_and_one_press_keeps_it(page: Page, person: People) -> None:
    user = person()
    page.clock.install()
    sign_in_with_password(page, user)
    page.wait_for_url("**/account/")
    page.clock.fast_forward((30 * 60 - 90) * 1000)
    expect(page.get_by_text("Phiên làm việc sắp kết thúc")).to_be_visible()
    look(page)
    with page.expect_response("**/session/") as answered:
        page.get_by_role("button", name="Tôi vẫn ở đây").click()
    assert answered.value.ok


def test_a_form_is_sent_once_however_often_the_button_is_pressed(page: Page, person: People) -> None:
    page.goto("/password/forgotten/")
    page.get_by_role("textbox").fill(person().id_number)
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.get_by_role("main").get_by_role("button").dblclick()
    page.wait_for_url("**/password/new/")
    assert len(sent) == 1


def test_without_javascript_every_form_still_works(chromium: Browser, live_server: LiveServer, person: People) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page, user = context.new_page(), person()
    sign_in_with_password(page, user)
    expect(page.get_by_role("main")).to_contain_text(user.full_name)
    context.close()


def test_where_many_went_wrong_the_browser_works_while_its_owner_types(
    page: Page, language: str, person: People
) -> None:
    """Nobody is shut out by others behind the same address, and whoever types notices next to nothing."""
    user, soon = person(language=language), timezone.now() + timedelta(hours=1)
    Allowance.objects.create(
        purpose=work.NETWORK.purpose, holder=network_of("127.0.0.1"), spent=work.FREE, renews_at=soon
    )
    look(page, "/sign-in/")
    page.locator("[name=login]").fill(user.id_number)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form .button").first.click()
    page.wait_for_url(lambda address: "/sign-in/" not in address)
    assert Allowance.objects.filter(purpose=work.USED.purpose).exists()
