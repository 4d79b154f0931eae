"""From the home page to an active account as people do it: a slow line, a thumb or a keyboard, either language."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import qrcode
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.mail import get_connection
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect
from pytest_django.live_server_helper import LiveServer

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.gateways.payment import gateways
from enrollment.standins import bank
from portal import outbox
from portal.gateways import sms
from tests.browser.conftest import look
from tests.browser.test_pages import only_english, speak
from tests.conftest import start_chromium
from tests.enrollment.conftest import FREE, PAID, PASSWORD, a_declaration
from tests.peers import MailServer
from tests.postgresql import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _bank(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The local bank at work: it knows this portal by its address, as the portal knows it by its own."""
    port = free_port()
    monkeypatch.setattr(settings, "SITE_URL", live_server.url.replace("127.0.0.1", "localhost"))
    monkeypatch.setattr(settings, "BANK_PORT", port)
    urls = {name: url.replace(f"localhost:{8001}", f"localhost:{port}") for name, url in settings.PAYMENT_URLS.items()}
    monkeypatch.setattr(settings, "PAYMENT_URLS", urls)
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    monkeypatch.setitem(policy, "form-action", ["'self'", f"http://localhost:{port}"])
    gateways.cache_clear()
    server = bank.counter("127.0.0.1", port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()
    gateways.cache_clear()


class Hands(Protocol):
    def press(self, what: Locator) -> None: ...

    def write(self, what: Locator, text: str) -> None: ...


class Thumb:
    def press(self, what: Locator) -> None:
        what.tap()

    def write(self, what: Locator, text: str) -> None:
        what.tap()
        what.fill(text)


class Mouse:
    def press(self, what: Locator) -> None:
        what.click()

    def write(self, what: Locator, text: str) -> None:
        what.fill(text)


class Keyboard:
    """Nothing but keys: what Tab does not reach cannot be used."""

    def reach(self, what: Locator) -> None:
        for _press in range(120):
            if what.evaluate("element => element === document.activeElement"):
                return
            what.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {what}")

    def press(self, what: Locator) -> None:
        kind = what.evaluate("element => element.type")
        if kind == "radio":
            return self.select(what)
        self.reach(what)
        return what.page.keyboard.press("Space" if kind == "checkbox" else "Enter")

    def select(self, what: Locator) -> None:
        """Tab reaches the group, the arrows its members."""
        name = what.get_attribute("name")
        for _press in range(120):
            if what.page.evaluate("document.activeElement.name") == name:
                break
            what.page.keyboard.press("Tab")
        what.page.keyboard.press("Space")
        while not what.is_checked():
            what.page.keyboard.press("ArrowDown")

    def write(self, what: Locator, text: str) -> None:
        self.reach(what)
        what.page.keyboard.press("Control+A")
        what.page.keyboard.type(text)


def hands_of(page: Page) -> Hands:
    """On a phone a thumb and a bad line, at a desk nothing but a keyboard."""
    if (page.viewport_size or {"width": 0})["width"] > 500:
        return Keyboard()
    slow(page)
    return Thumb()


def slow(page: Page) -> None:
    """Slow 3G: 400 ms there and back, 50 kB/s."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    told = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    line.send("Network.emulateNetworkConditions", told)


def text_to(phone: str, word: str) -> str:
    """The newest SMS to this phone in which the word stands."""
    outbox.deliver()
    found = [json.loads(path.read_text()) for path in sorted((settings.STATE / "inbox" / "sms").glob("*.json"))]
    return next(str(one["body"]) for one in reversed(found) if one["to"] == phone and word in one["body"])


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found
    return found.group()


def test_the_code_comes_through_kannel_and_by_smtp(
    page: Page, kannel: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real gateway programs carry what the page promises."""
    (url, log), told, server = kannel, a_declaration(), MailServer()
    gateway, mails = sms.gateway_for(url), Controller(server, hostname="127.0.0.1", port=free_port())
    mails.start()
    backend = "django.core.mail.backends.smtp.EmailBackend"
    monkeypatch.setattr(sms, "gateway", lambda: gateway)
    monkeypatch.setattr(outbox, "get_connection", lambda: get_connection(backend, host="127.0.0.1", port=mails.port))
    begin(page)
    fill(page, Mouse(), told.as_json())
    page.locator("form[data-draft] .actions button.button").first.click()
    page.locator("main .actions button.button").click()
    page.wait_for_url("**/register/payment/")
    page.locator("main form button.button").click()
    page.wait_for_url("**/register/created/")
    outbox.deliver()
    found: list[bytes] = []
    while not found:
        time.sleep(0.2)
        found = re.findall(
            rb"\+84%s text VNPT SmartCA: Ma kich hoat la (\d{6})" % told.phone[1:].encode(), log.read_bytes()
        )
    mails.stop()
    [letter] = server.letters
    assert letter.rcpt_tos == [told.email]
    assert found[0] in letter.content
    page.goto("/activate/")
    page.locator("#id_code").fill(found[0].decode())
    for box in ("#id_password1", "#id_password2"):
        page.locator(box).fill(PASSWORD)
    page.locator("#id_terms").check()
    page.locator("main form button.button").first.click()
    page.wait_for_url("**/application/capture/")


@pytest.mark.usefixtures("_bank")
def test_from_the_home_page_to_an_active_account(page: Page, language: str) -> None:
    """Promise P21, as far as registration: free by thumb, paid by keyboard, axe content on every page."""
    plan = FREE if language == "vi" else PAID
    speak(page, language)
    hands, told = hands_of(page), a_declaration()

    def seen(path: str) -> None:
        page.wait_for_url(f"**{path}")
        look(page)
        if language == "en":
            only_english(page)

    main = page.get_by_role("main")
    page.goto("/")
    hands.press(page.locator("a.door.first"))
    seen("/register/")
    for box in ("#id_terms", "#id_personal-data"):
        hands.press(page.locator(box))
    hands.press(main.locator("form button.button"))
    seen("/register/plan/")
    hands.press(page.locator(f"input[value={plan}]"))
    hands.press(main.locator("form button.button"))
    seen("/register/declaration/")
    fill(page, hands, told.as_json())
    hands.press(main.locator("form[data-draft] .actions button.button").first)
    seen("/register/declaration/check/")
    hands.press(main.locator(".actions button.button"))
    if plan == PAID:
        seen("/register/payment/phone/")
        hands.press(main.locator("form button.button"))
        page.wait_for_load_state()
        page.wait_for_selector("#id_code")
        hands.write(page.locator("#id_code"), code_in(text_to(told.phone, "confirm your phone")))
        hands.press(main.locator("form button.button").first)
        seen("/register/payment/")
        hands.press(page.locator("button[value=vietqr]"))
        seen("/register/payment/transfer/")
        page.goto("/register/payment/")
        hands.press(page.locator("button[value=vnpay]"))
        page.wait_for_url("**/vpcpay.html*")
        page.locator("button[value=late]").click()
        page.wait_for_url("**/register/paid/*")
        look(page)
    else:
        seen("/register/payment/")
        hands.press(main.locator("form button.button").first)
    page.wait_for_url("**/register/created/", timeout=40_000)
    look(page)
    hands.press(main.locator("a.button").first)
    seen("/activate/")
    hands.write(page.locator("#id_code"), code_in(text_to(told.phone, "/activate/")))
    for box in ("#id_password1", "#id_password2"):
        hands.write(page.locator(box), PASSWORD)
    hands.press(page.locator("#id_terms"))
    hands.press(main.locator("form button.button").first)
    seen("/application/capture/")
    assert Application.objects.get(user__isnull=False).step == Step.CAPTURE
    for path in ("/application/consents/", "/application/cancel/", "/account/", "/register/", "/"):
        look(page, path)
    if plan == PAID:
        look(page, "/application/receipt/")


def fill(page: Page, hands: Hands, told: dict[str, Any]) -> None:
    hands.write(page.locator("#id_full_name"), told["full_name"])
    hands.write(page.locator("#id_number"), told["number"])
    hands.write(page.locator("#id_birth_date"), "17051990")
    hands.press(page.locator(f"input[name=sex][value={told['sex']}]"))
    hands.write(page.locator("#id_issued_on"), "28/03/2022")
    for name in ("issued_by", "email", "phone"):
        hands.write(page.locator(f"#id_{name}"), told[name])
    choose(page, hands, "#id_province", "quang ngai")
    expect(page.locator("#id_ward_value option")).not_to_have_count(1)
    choose(page, hands, "#id_ward", "mo cay")
    hands.write(page.locator("#id_address"), told["address"])


def choose(page: Page, hands: Hands, box: str, text: str) -> None:
    """Typed without accents, taken by the Enter key."""
    hands.write(page.locator(box), text)
    page.keyboard.press("Enter")


def test_what_is_typed_survives_a_reload_a_language_switch_and_a_second_tab(
    page: Page, context: BrowserContext
) -> None:
    told = a_declaration()
    begin(page)
    page.locator("#id_full_name").fill(told.full_name)
    expect(page.locator("[data-draft-said]")).to_contain_text(":")
    page.reload()
    assert page.locator("#id_full_name").input_value() == told.full_name
    page.locator("#id_address").fill("Thôn 6")
    with page.expect_navigation():
        page.get_by_role("button", name="English").click()
    assert page.locator("#id_address").input_value() == "Thôn 6"
    second = context.new_page()
    second.goto("/application/")
    assert second.url.endswith("/register/declaration/")
    assert second.locator("#id_address").input_value() == "Thôn 6"
    second.close()


def begin(page: Page) -> None:
    page.goto("/register/")
    for box in ("#id_terms", "#id_personal-data"):
        page.locator(box).check()
    page.locator("main form button.button").click()
    page.locator(f"input[value={FREE}]").check()
    page.locator("main form button.button").click()
    page.wait_for_url("**/register/declaration/")


def test_the_back_button_and_an_old_tab_lead_to_where_it_stands(page: Page, context: BrowserContext) -> None:
    """Promise P14, as far as the browser's own ways of going back."""
    begin(page)
    old = context.new_page()
    old.goto("/register/declaration/")
    page.go_back()
    page.wait_for_url("**/register/declaration/")
    fill(page, Mouse(), a_declaration().as_json())
    page.locator("form[data-draft] .actions button.button").first.click()
    page.locator("main .actions button.button").click()
    page.wait_for_url("**/register/payment/")
    old.locator("form[data-draft] .actions button.button").first.click()
    old.wait_for_url("**/register/payment/")
    old.close()


def test_the_old_address_the_other_device_and_the_pages_around(page: Page) -> None:
    begin(page)
    page.locator("button[name=old-address]").click()
    page.wait_for_url("**/old-address/")
    page.locator("#id_query").fill("trà bùi, trà bồng")
    page.locator("main .actions button.button").click()
    look(page)
    page.locator("button[name=ward]").last.click()
    page.wait_for_url("**/register/declaration/**")
    assert page.locator("#id_ward").input_value().startswith("Xã")
    for path in [
        "/application/other-device/",
        "/resume/",
        "/resume/here/",
        "/activate/again/",
        "/terms/",
        "/register/",
    ]:
        look(page, path)


def test_without_javascript_the_form_works(page: Page, context: BrowserContext) -> None:
    begin(page)
    plain = context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=context.storage_state(), base_url=page.url.partition("/register")[0]
    )
    form, told = plain.new_page(), a_declaration()
    form.goto("/register/declaration/")
    for name in ("full_name", "number", "issued_by", "email", "phone", "address"):
        form.locator(f"#id_{name}").fill(getattr(told, name))
    form.locator("#id_birth_date").fill("17/05/1990")
    form.locator("#id_issued_on").fill("28/03/2022")
    form.locator("input[value=female]").check()
    form.locator("#id_province").select_option("51")
    form.locator("button[name=wards]").click()
    form.locator("#id_ward").select_option("21421")
    form.locator(".actions button.button").first.click()
    form.wait_for_url("**/check/")
    assert told.email in form.locator(".large").inner_text()
    plain.close()


@pytest.fixture
def camera(tmp_path: Path) -> Callable[[str], Path]:
    """A film of one picture, in the only format that the fake camera takes."""

    def film(text: str) -> Path:
        code = qrcode.make(text).get_image().convert("L").resize((560, 560))
        frame = Image.new("L", (1280, 720), 210)
        frame.paste(code, (360, 80))
        path = tmp_path / "card.y4m"
        grey = b"\x80" * (1280 * 720 // 2)
        path.write_bytes(b"YUV4MPEG2 W1280 H720 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + frame.tobytes() + grey) * 3)
        return path

    return film


def test_the_card_is_scanned_with_the_camera(
    playwright: Playwright, live_server: LiveServer, camera: Callable[[str], Path]
) -> None:
    told = a_declaration()
    film = camera(f"{told.number}||{told.full_name}|17051990|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032022")
    browser = start_chromium(
        playwright,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    page = browser.new_page(base_url=live_server.url.replace("127.0.0.1", "localhost"))
    begin(page)
    page.locator("[data-live]").click()
    expect(page.locator("#id_number")).to_have_value(told.number, timeout=20_000)
    assert page.locator("#id_birth_date").input_value() == "17/05/1990"
    assert page.locator("#id_sex input[value=female]").is_checked()
    assert page.locator("form[data-draft] .tag").count() == 6
    assert "Mỏ Cày" in page.locator("[data-residence]").inner_text()
    assert not page.locator("video").is_visible()
    browser.close()


def test_a_blocked_camera_says_what_to_do(page: Page) -> None:
    begin(page)
    page.locator("[data-live]").click()
    expect(page.locator("[data-said]")).to_contain_text("cho phép")
