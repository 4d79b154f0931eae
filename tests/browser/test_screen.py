"""The second screen in a real browser: a second window of the agent's own, of which nothing is left afterwards."""

import re
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from enrollment.counter import screen
from enrollment.journey import Step
from signing.steps import performing
from tests.browser.conftest import look
from tests.browser.hands import at_work, code_in, enter, text_to
from tests.browser.test_pages import only_english
from tests.conftest import PASSWORD, People
from tests.enrollment.counter.conftest import Desk
from tests.signing.conftest import lay_keys

pytestmark = pytest.mark.django_db(transaction=True)
PIN = "719305"


@pytest.fixture(autouse=True)
def _signer(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "SIGNER", True)
    lay_keys()
    with at_work(performing.perform_due):
        yield


@pytest.fixture
def desk(page: Page, live_server: LiveServer, staff: People, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An agent who is signed in in this browser, and works in the same session by another hand."""
    monkeypatch.setattr(settings, "SITE_URL", live_server.url.replace("127.0.0.1", "localhost"))
    agent, client = staff("agent"), Client()
    enter(page, agent)
    client.cookies.load({str(cookie.get("name")): str(cookie.get("value")) for cookie in page.context.cookies()})
    return Desk(client, agent).opens().declares()


class Guest:
    """The customer before the second screen."""

    def __init__(self, desk: Desk, page: Page, language: str) -> None:
        self.desk, self.agents, self.language = desk, page, language
        self.secrets: list[str] = [PASSWORD, PIN]
        self.answers: list[Response] = []
        self.page = self.opened()
        self.main = self.page.get_by_role("main")

    def opened(self) -> Page:
        """A window that knows nothing of the agent's, nor that of it."""
        self.agents.goto(f"/counter/{self.desk.reference}/")
        if (invites := self.agents.locator("button[name=qr]")).count():
            invites.click()
        with self.agents.context.expect_page() as opening:
            self.agents.locator(".counter-device a[target=_blank]").click()
        window = opening.value
        window.on("response", lambda answer: self.answers.append(answer))
        assert window.evaluate("window.opener") is None
        # The page follows, and loads itself anew: not while another hand works in the same session.
        self.agents.goto("about:blank")
        return window

    def agent_looks(self) -> None:
        self.agents.goto(f"/counter/{self.desk.reference}/")

    def sees(self, path: str) -> None:
        self.page.wait_for_url(f"**/screen{path}")
        look(self.page)
        expect(self.page.locator(".watched")).to_contain_text(self.desk.user.full_name)
        if self.language == "en":
            only_english(self.page)

    def presses(self, button: str = "form button.button") -> None:
        self.main.locator(button).first.click()

    def types_the_code(self, word: str) -> None:
        code = code_in(text_to(self.desk.declaration.phone, word))
        self.secrets.append(code)
        self.page.locator("#id_code").fill(code)
        self.presses()

    def comes_in(self) -> None:
        self.page.wait_for_url("**/screen/invited/*")
        if self.language == "en":
            self.page.locator("[data-language] button").click()
            expect(self.page.locator("html")).to_have_attribute("lang", "en")
        self.sees("/invited/*")
        self.presses()
        self.sees("/invited/code/")
        self.types_the_code("")
        self.sees("/register/consent/")

    def agrees(self) -> None:
        for box in ("#id_terms", "#id_personal-data"):
            self.page.locator(box).check()
        self.presses(".actions button.button")
        self.sees("/register/plan/")

    def activates(self) -> None:
        """While the agent does the rest the page waits, and goes on by itself."""
        self.desk.hands_over()
        self.sees("/activate/")
        self.types_the_code("/activate/")
        self.sees("/activate/password/")
        for box in ("#id_password1", "#id_password2"):
            self.page.locator(box).fill(PASSWORD)
        self.page.locator("#id_terms").check()
        self.presses()

    def signs(self) -> None:
        self.sees("/application/contract/")
        for box in self.main.locator("#agree input[type=checkbox]").all():
            box.check()
        self.presses("#agree button.button")
        self.sees("/application/contract/signature/")
        self.draws()
        self.sees("/application/contract/code/")
        self.presses("form.actions button")
        self.page.wait_for_selector("#id_code")
        self.types_the_code("")

    def draws(self) -> None:
        box = self.page.locator("canvas").bounding_box()
        assert box
        for place in range(24):
            x, y = box["x"] + box["width"] * (0.1 + place / 30), box["y"] + box["height"] * (0.3 + place % 5 / 10)
            self.page.mouse.move(x, y)
            if not place:
                self.page.mouse.down()
            time.sleep(0.01)
        self.page.mouse.up()
        self.page.locator("[data-done]").click()

    def makes_a_pin(self) -> None:
        self.sees("/application/pin/")
        for box in ("#pin", "#pin-again"):
            self.page.locator(box).fill(PIN)
        self.presses("[data-pin] button.button")
        self.sees("/application/waiting/")

    def is_over(self) -> None:
        self.page.wait_for_url("**/screen/over/")
        look(self.page)


def nothing_is_left(guest: Guest) -> None:
    """Of code, password, PIN or name: in cookies, in what the window keeps, in its history, in the browser's cache."""
    page, person = guest.page, guest.desk.declaration
    assert person
    secrets = [*guest.secrets, person.full_name, person.number, person.phone, person.email]
    line = page.context.new_cdp_session(page)
    kept = str(line.send("Page.getNavigationHistory"))
    kept += page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, window.name])")
    cookies = page.context.cookies()
    kept += str(cookies)
    assert [secret for secret in secrets if secret in kept] == []
    assert [cookie for cookie in cookies if "screen" in cookie.get("name", "") + cookie.get("path", "")] == []
    own = [answer for answer in guest.answers if "/screen/" in answer.url]
    assert len(own) > 2
    assert [answer.url for answer in own if "no-store" not in answer.headers.get("cache-control", "")] == []
    assert page.evaluate("caches.keys()") == []
    for _press in range(3):
        page.go_back()
        expect(page.get_by_role("main")).to_contain_text(re.compile("đã được trả|đã được dùng"))
        assert [secret for secret in secrets if secret in page.content()] == []


def test_from_the_invitation_to_a_pin_and_handed_back(
    desk: Desk, page: Page, language: str, context: BrowserContext
) -> None:
    guest = Guest(desk, page, language)
    guest.comes_in()
    guest.agrees()
    guest.activates()
    guest.signs()
    guest.makes_a_pin()
    assert desk.application.step == Step.REVIEW
    guest.agent_looks()  # who they were, and sees no more than the step
    assert page.url.endswith(f"/counter/{desk.reference}/")
    guest.page.locator(".watched .button").click()
    guest.is_over()
    nothing_is_left(guest)
    page.goto("/account/")
    assert page.url.endswith("/account/")


@pytest.mark.long
@pytest.mark.parametrize("context", ["desk"], indirect=True)
def test_in_silence_it_says_that_it_ends_and_ends(
    desk: Desk, page: Page, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Guest(desk, page, language)
    guest.comes_in()
    monkeypatch.setattr(screen, "SILENCE", 25)  # seconds for two minutes
    guest.page.reload()
    warning = guest.page.locator(".session")
    expect(warning).to_be_visible()
    look(guest.page)
    warning.locator("button").click()
    expect(warning).to_be_hidden()
    for _touch in range(30):  # whoever reads is there, though nothing is sent
        guest.page.keyboard.press("ArrowDown")
        guest.page.wait_for_timeout(1000)
        assert guest.page.url.endswith("/register/consent/")
    guest.is_over()
    nothing_is_left(guest)


@pytest.mark.parametrize("context", ["phone"], indirect=True)
def test_the_agent_ends_it_and_the_page_goes_by_itself(desk: Desk, page: Page, language: str) -> None:
    guest = Guest(desk, page, language)
    guest.comes_in()
    guest.agent_looks()
    page.locator("button[name=end]").click()
    guest.is_over()
    assert page.url.endswith(f"/counter/{desk.reference}/")


def test_whoever_has_an_account_comes_back(desk: Desk, page: Page, language: str) -> None:
    """On a tablet as well, at night as by day."""
    desk.lets_in(Client()).agrees().hands_over().activates()
    guest = Guest(desk, page, language)
    if language == "en":
        guest.page.set_viewport_size({"width": 1024, "height": 768})
    guest.page.emulate_media(color_scheme="dark")
    guest.page.wait_for_url("**/screen/back/*")
    look(guest.page)
    guest.page.locator("#id_password").fill(PASSWORD)
    guest.presses()
    guest.page.wait_for_url("**/screen/application/contract/")
    look(guest.page)
    assert guest.page.locator("form[autocomplete=off]").count() == guest.page.locator("form").count() > 1
    guest.page.locator(".watched .button").click()
    guest.is_over()
    nothing_is_left(guest)
