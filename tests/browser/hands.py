"""How people use a page: a thumb, a mouse, the keyboard alone; and what they type into it."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.conf import settings
from django.db import connections
from playwright.sync_api import Locator, Page, expect

from portal import outbox
from portal.demo.people import current_code
from portal.models import User
from tests.conftest import PASSWORD
from tests.enrollment.conftest import FREE


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
    conditions = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    line.send("Network.emulateNetworkConditions", conditions)


def text_to(phone: str, word: str) -> str:
    """The newest SMS to this phone in which the word stands."""
    outbox.deliver()
    inbox = sorted((settings.STATE / "inbox" / "sms").glob("*.json"))
    messages = [json.loads(path.read_text()) for path in reversed(inbox)]
    return next(str(sms["body"]) for sms in messages if sms["to"] == phone and word in sms["body"])


def code_in(text: str) -> str:
    code = re.search(r"\b\d{6}\b", text)
    assert code
    return code.group()


def fill(page: Page, hands: Hands, fields: dict[str, Any]) -> None:
    hands.write(page.locator("#id_full_name"), fields["full_name"])
    hands.write(page.locator("#id_number"), fields["number"])
    hands.write(page.locator("#id_birth_date"), "17051990")
    hands.press(page.locator(f"input[name=sex][value={fields['sex']}]"))
    hands.write(page.locator("#id_issued_on"), "28/03/2022")
    for name in ("issued_by", "email", "phone"):
        hands.write(page.locator(f"#id_{name}"), fields[name])
    choose(page, hands, "#id_province", "quang ngai")
    expect(page.locator("#id_ward_value option")).not_to_have_count(1)
    choose(page, hands, "#id_ward", "mo cay")
    hands.write(page.locator("#id_address"), fields["address"])


def choose(page: Page, hands: Hands, box: str, text: str) -> None:
    """Typed without accents, taken by the Enter key."""
    hands.write(page.locator(box), text)
    page.keyboard.press("Enter")


def begin(page: Page) -> None:
    page.goto("/register/")
    for box in ("#id_terms", "#id_personal-data"):
        page.locator(box).check()
    page.locator("main form button.button").click()
    page.locator(f"input[value={FREE}]").check()
    page.locator("main form button.button").click()
    page.wait_for_url("**/register/declaration/")


def enter(page: Page, user: User) -> None:
    """By the form, second factor included where there is one."""
    page.goto("/sign-in/")
    page.locator("#id_login").fill(user.id_number)
    page.locator("#id_password").fill(PASSWORD)
    with page.expect_navigation():
        page.locator("main form button.button").first.click()
    if "authenticate" in page.url:
        page.locator("#id_code").fill(current_code(user))
        with page.expect_navigation():
            page.locator("main form button.button").first.click()


def painted(page: Page) -> None:
    """A browser drops keys that come before the new page was drawn; no person is as quick."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def answer_all(page: Page) -> int:
    """From warning to warning by Enter, a reason to each, then the second Enter that decides; how many keys it took."""
    number = page.locator("[data-answer]").count()
    keys = 0
    for _warning in range(number):
        expect(page.locator("[data-answer]:focus")).to_be_visible()
        page.keyboard.type("đã đối chiếu kỹ")
        page.keyboard.press("Enter")
        keys += len("đã đối chiếu kỹ") + 1
    expect(page.locator("[data-pass]:focus")).to_be_visible()
    page.keyboard.press("Enter")
    return keys + 1


def keys(page: Page, text: str, gap: float) -> None:
    """Pressed one after another, so many seconds apart by the browser's own clock, however busy this machine is."""
    line, moment = page.context.new_cdp_session(page), time.time()
    for place, letter in enumerate(text):
        key = {"\n": "Enter", "\b": "Backspace"}.get(letter, letter)
        event: dict[str, Any] = {"key": key, "code": key, "timestamp": moment + place * gap}
        if key == "Enter":
            event |= {"windowsVirtualKeyCode": 13, "text": "\r"}
        elif key == "Backspace":
            event |= {"windowsVirtualKeyCode": 8}
        else:
            event |= {"text": letter}
        line.send("Input.dispatchKeyEvent", {"type": "keyDown", **event})
        line.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "timestamp": moment + place * gap})
    line.detach()


def reader(page: Page, text: str) -> None:
    """A QR reader: what it read, then Enter, eight milliseconds between two keys."""
    painted(page)
    keys(page, f"{text}\n", 0.008)


@contextmanager
def at_work(*jobs: Callable[[], object], every: float = 0.05) -> Iterator[None]:
    """A signer that looks for its work as its queue would tell it to."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            for job in jobs:
                job()
            time.sleep(every)
        connections.close_all()

    signer = threading.Thread(target=work)
    signer.start()
    try:
        yield
    finally:
        stop.set()
        signer.join()
