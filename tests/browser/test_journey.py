"""From the home page to an active account as people do it: a slow line, a thumb or a keyboard, either language."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.mail import get_connection
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.gateways.payment import gateways
from enrollment.standins import bank
from portal import outbox
from portal.gateways import mail, sms
from tests.browser.conftest import look
from tests.browser.hands import Mouse, begin, code_in, fill, hands_of, text_to
from tests.browser.test_pages import only_english, speak
from tests.enrollment.conftest import FREE, PAID, PASSWORD, a_declaration
from tests.peers import MailServer
from tests.postgresql import free_port


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


def test_the_code_comes_through_kannel_and_by_smtp(
    page: Page, kannel: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real gateway programs carry what the page promises."""
    (url, log), declaration, server = kannel, a_declaration(), MailServer()
    gateway, mails = sms.gateway_for(url), Controller(server, hostname="127.0.0.1", port=free_port())
    mails.start()
    backend = "django.core.mail.backends.smtp.EmailBackend"
    monkeypatch.setattr(sms, "gateway", lambda: gateway)
    monkeypatch.setattr(mail, "get_connection", lambda: get_connection(backend, host="127.0.0.1", port=mails.port))
    begin(page)
    fill(page, Mouse(), declaration.as_json())
    page.locator("form[data-draft] .actions button.button").first.click()
    page.locator("main .actions button.button").click()
    page.wait_for_url("**/register/payment/")
    page.locator("main form button.button").click()
    page.wait_for_url("**/register/created/")
    outbox.deliver()
    pattern = rb"\+84%s text VNPT SmartCA: Ma kich hoat la (\d{6})" % declaration.phone[1:].encode()
    codes: list[bytes] = []
    while not codes:
        time.sleep(0.2)
        codes = re.findall(pattern, log.read_bytes())
    mails.stop()
    [letter] = server.letters
    assert letter.rcpt_tos == [declaration.email]
    assert codes[0] in letter.content
    page.goto("/activate/")
    page.locator("#id_code").fill(codes[0].decode())
    page.locator("main form button.button").first.click()
    page.wait_for_url("**/activate/password/")
    for box in ("#id_password1", "#id_password2"):
        page.locator(box).fill(PASSWORD)
    page.locator("#id_terms").check()
    page.locator("main form button.button").first.click()
    page.wait_for_url("**/application/capture/")


class Walk:
    """One way through the pages, each of them looked at: by these hands, in this language."""

    def __init__(self, page: Page, language: str) -> None:
        self.page, self.language, self.main = page, language, page.get_by_role("main")
        self.hands, self.declaration = hands_of(page), a_declaration()

    def sees(self, path: str) -> None:
        self.page.wait_for_url(f"**{path}")
        look(self.page)
        if self.language == "en":
            only_english(self.page)

    def goes_on(self, button: str = "form button.button") -> None:
        """By the one such button there is."""
        self.hands.press(self.main.locator(button))

    def goes_on_by_the_first(self, button: str = "form button.button") -> None:
        self.hands.press(self.main.locator(button).first)

    def agrees(self) -> None:
        self.page.goto("/")
        self.hands.press(self.page.locator("a.door.first"))
        self.sees("/register/")
        for box in ("#id_terms", "#id_personal-data"):
            self.hands.press(self.page.locator(box))
        self.goes_on()

    def chooses(self, plan: str) -> None:
        self.sees("/register/plan/")
        self.hands.press(self.page.locator(f"input[value={plan}]"))
        self.goes_on()

    def declares(self) -> None:
        self.sees("/register/declaration/")
        fill(self.page, self.hands, self.declaration.as_json())
        self.goes_on_by_the_first("form[data-draft] .actions button.button")
        self.sees("/register/declaration/check/")
        self.goes_on(".actions button.button")

    def pays_nothing(self) -> None:
        self.sees("/register/payment/")
        self.goes_on_by_the_first()

    def pays_late(self) -> None:
        """With a look at the transfer first; the bank's notice comes after the customer."""
        page = self.page
        self.sees("/register/payment/phone/")
        self.goes_on()
        page.wait_for_load_state()
        page.wait_for_selector("#id_code")
        code = code_in(text_to(self.declaration.phone, "confirm your phone"))
        self.hands.write(page.locator("#id_code"), code)
        self.goes_on_by_the_first()
        self.sees("/register/payment/")
        self.hands.press(page.locator("input[value=vietqr]"))
        self.goes_on_by_the_first()
        self.sees("/register/payment/transfer/")
        page.goto("/register/payment/")
        self.hands.press(page.locator("input[value=vnpay]"))
        self.goes_on_by_the_first()
        page.wait_for_url("**/vpcpay.html*")
        page.locator("button[value=late]").click()
        page.wait_for_url("**/register/paid/*")
        look(page)

    def activates(self) -> None:
        self.page.wait_for_url("**/register/created/", timeout=40_000)
        look(self.page)
        self.goes_on_by_the_first("a.button")
        self.sees("/activate/")
        code = code_in(text_to(self.declaration.phone, "/activate/"))
        self.hands.write(self.page.locator("#id_code"), code)
        self.goes_on_by_the_first()
        self.sees("/activate/password/")
        for box in ("#id_password1", "#id_password2"):
            self.hands.write(self.page.locator(box), PASSWORD)
        self.hands.press(self.page.locator("#id_terms"))
        self.goes_on_by_the_first()
        self.sees("/application/capture/")


@pytest.mark.usefixtures("_bank")
def test_from_the_home_page_to_an_active_account(page: Page, language: str) -> None:
    """Promise P21, as far as registration: free by thumb, paid by keyboard, axe content on every page."""
    plan = FREE if language == "vi" else PAID
    speak(page, language)
    walk = Walk(page, language)
    walk.agrees()
    walk.chooses(plan)
    walk.declares()
    if plan == PAID:
        walk.pays_late()
    else:
        walk.pays_nothing()
    walk.activates()
    assert Application.objects.get(user__isnull=False).step == Step.CAPTURE
    for path in ("/application/consents/", "/application/cancel/", "/account/", "/register/", "/"):
        look(page, path)
    if plan == PAID:
        look(page, "/application/receipt/")


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
