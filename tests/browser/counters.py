"""A counter in Chromium: an agent's desk with a camera, the customer's phone beside it, and all that passed between them.

Everything that the portal answered to the agent is kept, and so is the profile of the agent's browser: both are searched."""

import base64
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import zxingcpp
from django.conf import settings
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect

from enrollment.identity import Declaration
from enrollment.models import Application
from kyc.demo.drawing import Face
from portal import outbox
from tests.browser.cameras import INJECTED, scene, y4m
from tests.browser.conftest import look
from tests.browser.hands import Hands, Thumb, code_in, fill, reader
from tests.browser.test_pages import only_english, speak
from tests.browser.timing import Counted
from tests.conftest import QUIET
from tests.enrollment.conftest import PASSWORD
from tests.kyc.conftest import FACE

PIN = "738204"
ALLOWED = "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream"
WAVE = [(0.1 + at / 40, 0.5 + (at % 4 - 1.5) / 6) for at in range(30)]
SHOTS = os.environ.get("SHOTS", "")  # a folder: every page that is looked at is left there as a picture, too


def texts_to(phone: str) -> list[str]:
    """Every SMS to this phone, the newest first."""
    outbox.deliver()
    inbox = sorted((settings.STATE / "inbox" / "sms").glob("*.json"))
    messages = [json.loads(path.read_text()) for path in reversed(inbox)]
    return [str(sms["body"]) for sms in messages if sms["to"] == phone]


def head_of(face: int = FACE) -> str:
    head = Face(face).drawn(near=0.3).convert("RGBA")
    head.putalpha(head.convert("L").point(lambda value: 255 if value > 3 else 0))
    png = io.BytesIO()
    head.save(png, "PNG")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


class Seat:
    """One of the two: a page, its language, the hands at it, and every page of it looked at once."""

    def __init__(self, page: Page, language: str, who: str, hands: Hands) -> None:
        self.page, self.language, self.who, self.hands = page, language, who, hands
        self.main, self.number = page.get_by_role("main"), 0
        page.set_default_timeout(30_000)

    def says(self, vietnamese: str, english: str) -> str:
        return vietnamese if self.language == "vi" else english

    def sees(self, address: str) -> None:
        self.page.wait_for_url(f"**{address}")
        self.looks()

    def looks(self) -> None:
        self.page.wait_for_load_state("load")
        if isinstance(self.hands, Counted):
            self.hands.reads(self.page)
            return
        look(self.page)
        if self.language == "en":
            only_english(self.page)
        if SHOTS:
            width = (self.page.viewport_size or {"width": 0})["width"]
            place = re.sub(
                r"/counter/(at/)?[A-Z0-9]{8}/", r"/counter/\1", self.page.url.partition("?")[0].partition("#")[0]
            )
            name = "-".join(place.split("/")[3:]).strip("-")
            self.number += 1
            shot = Path(SHOTS) / f"{self.who}-{width}-{self.language}-{self.number:02}-{name}.png"
            self.page.screenshot(path=shot, full_page=True)

    def presses(self, vietnamese: str, english: str) -> None:
        name = self.says(vietnamese, english)
        button = self.main.get_by_role("button", name=name).or_(self.main.get_by_role("link", name=name))
        self.hands.press(button.first)

    def goes_on(self, button: str = "form button.button") -> None:
        self.hands.press(self.main.locator(button).first)


class Agent(Seat):
    """With a mouse and keys, at a desk whose camera sees the card's front and then its back."""

    reference = ""

    @property
    def application(self) -> Application:
        return Application.objects.get(reference=self.reference)

    def opens(self) -> None:
        self.page.goto("/counter/")
        self.sees("/counter/")
        self.hands.press(self.page.locator("[data-key=n]"))
        self.sees("/register/declaration/")
        self.reference = self.page.url.split("/")[5]

    def types(self, declaration: Declaration) -> None:
        fill(self.page, self.hands, declaration.as_json())
        self.goes_on("form[data-draft] .actions button.button")

    def scans(self, declaration: Declaration) -> None:
        """What a QR reader types; nothing is left to type but where codes are sent. Who sees nothing happen scans again."""
        day, number = f"{declaration.birth_date:%d%m%Y}", self.page.locator("#id_number")
        for patience in (5_000, 10_000, 30_000):
            reader(
                self.page,
                f"{declaration.number}||{declaration.full_name}|{day}|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032022",
            )
            with suppress(AssertionError):
                expect(number).to_have_value(declaration.number, timeout=patience)
                break
        expect(number).to_have_value(declaration.number, timeout=1_000)
        for name in ("email", "phone"):  # where the caret goes by itself
            expect(self.page.locator(f"#id_{name}")).to_be_focused()
            self.hands.write(self.page.locator(f"#id_{name}"), getattr(declaration, name))
            self.enters()

    def enters(self) -> None:
        if isinstance(self.hands, Counted):
            self.hands.enters()
        self.page.keyboard.press("Enter")

    def declares(self) -> None:
        self.sees("/register/declaration/check/")
        self.goes_on(".actions button.button")
        self.sees(f"/counter/{self.reference}/")

    def invites(self) -> str:
        """What the QR on the screen says, as a phone's camera reads it."""
        code = self.main.locator("svg.qr")
        expect(code).to_be_visible()
        picture = Image.open(io.BytesIO(code.screenshot()))
        return str(zxingcpp.read_barcodes(picture)[0].text)

    def carries_on(self, path: str) -> None:
        """Once it is the agent's turn, which the page finds out by itself."""
        way_on = self.main.locator("a[data-key=Enter]")
        expect(way_on).to_be_visible()
        self.looks()
        self.enters()
        self.page.wait_for_url(f"**/counter/at/{self.reference}{path}")
        self.looks()

    def chooses(self, plan: str) -> None:
        self.carries_on("/register/plan/")
        self.hands.press(self.page.locator(f"input[value={plan}]"))
        self.goes_on()
        self.sees("/register/payment/")

    def settles(self) -> None:
        self.goes_on()
        self.page.wait_for_url(f"**/counter/at/{self.reference}/application/capture/")

    def opens_drawer(self) -> None:
        self.page.goto("/counter/drawer/")
        self.hands.write(self.page.locator("#id_amount"), "500000")
        self.goes_on()
        self.sees("/counter/drawer/")

    def takes_cash(self, tendered: str) -> None:
        self.hands.write(self.page.locator("#id_tendered"), tendered)
        self.hands.press(self.main.locator("form[action$='/cash/'] button.button"))
        self.sees("/counter/drawer/receipts/*/")
        self.presses("Làm tiếp hồ sơ", "Continue the application")
        self.page.wait_for_url(f"**/counter/at/{self.reference}/application/capture/")

    def shows_transfer(self) -> None:
        self.hands.press(self.page.locator("input[value=vietqr]"))
        self.goes_on("form:has(input[name=gateway]) button.button")
        self.sees("/register/payment/transfer/")

    def photographs(self) -> None:
        onward = self.main.get_by_role("link", name=self.says("Tiếp theo", "Next"))
        self.looks()
        for item in ("card-front", "card-back"):
            self.hands.press(onward)
            self.page.wait_for_url(f"**/capture/{item}/**")
            if item == "card-front":
                self.looks()
                self.presses("Mở máy ảnh", "Open the camera")
            good = self.says("Ảnh rõ, đã nhận.", "Clear, received.")
            expect(self.page.locator(".say")).to_have_text(good, timeout=60_000)
        self.hands.press(onward)
        self.page.wait_for_url("**/capture/face/**")
        self.page.evaluate(INJECTED, head_of())
        self.looks()
        self.presses("Bắt đầu", "Start")
        done = self.main.get_by_role("button", name=self.says("Tiếp theo", "Next"))
        expect(done).to_be_visible(timeout=90_000)
        self.hands.press(done)
        self.sees(f"/counter/{self.reference}/")

    def attests(self) -> None:
        for box in self.main.get_by_role("checkbox").all():
            self.hands.press(box)
        self.presses("Cam kết và bàn giao cho khách", "Attest and hand over to the customer")
        expect(self.main.get_by_role("checkbox")).to_have_count(0)


class Customer(Seat):
    """With a phone of their own, and what only they know."""

    def __init__(self, page: Page, language: str, declaration: Declaration, hands: Hands) -> None:
        super().__init__(page, language, "customer", hands)
        self.declaration, self.secrets = declaration, {PASSWORD, PIN}

    def code(self) -> str:
        code = next(code_in(text) for text in texts_to(self.declaration.phone) if re.search(r"\b\d{6}\b", text))
        self.secrets.add(code)
        return code

    def comes_in(self, link: str) -> None:
        self.page.goto(link)
        self.looks()
        self.goes_on()
        self.sees("/invited/code/")
        self.types_code()
        self.sees("/register/consent/")

    def types_code(self) -> None:
        self.hands.write(self.page.locator("#id_code"), self.code())
        self.goes_on()

    def agrees(self) -> None:
        for box in ("#id_terms", "#id_personal-data"):
            self.hands.press(self.page.locator(box))
        self.goes_on(".actions button.button")
        expect(self.page.locator("[data-follow]")).to_be_attached()
        self.looks()

    def activates(self) -> None:
        """The page came to it by itself."""
        self.sees("/activate/")
        self.types_code()
        self.sees("/activate/password/")
        for box in ("#id_password1", "#id_password2"):
            self.hands.write(self.page.locator(box), PASSWORD)
        self.page.locator("#id_terms").check()
        self.goes_on()
        self.sees("/application/contract/")

    def signs(self) -> None:
        for box in ("#id_content", "#id_acts"):
            self.hands.press(self.page.locator(box))
        self.goes_on("#agree button.button")
        self.sees("/signature/")
        frame = self.page.locator("canvas").bounding_box()
        assert frame
        for place, (x, y) in enumerate(WAVE):
            self.page.mouse.move(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
            if place == 0:
                self.page.mouse.down()
            self.page.wait_for_timeout(10)
        self.page.mouse.up()
        self.page.locator("[data-done]").click()
        self.sees("/code/")
        self.goes_on("form.actions button.button")
        self.page.wait_for_selector("#id_code")
        self.types_code()
        self.sees("/application/pin/")

    def makes_pin(self) -> None:
        for box in ("#pin", "#pin-again"):
            self.page.locator(box).fill(PIN)
        self.page.locator("[data-pin] button.button").click()
        self.sees("/application/waiting/")

    def accepts(self) -> None:
        arrive(self.page, "/application/acceptance/")
        self.looks()
        self.page.locator("#pin").fill(PIN)
        self.page.locator("[data-confirm] button.button").first.click()
        self.sees("/certificate/")


def arrive(page: Page, path: str) -> None:
    """From a page that waits: it goes on by itself, at any moment, and then whoever wants to leave it asks again."""
    for _again in range(3):
        with suppress(Error):
            page.goto(path)
            return
    page.goto(path)


class Desk:
    """The agent's browser with a profile on disk and a record of every answer; closed before either is searched."""

    def __init__(self, playwright: Playwright, folder: Path, base_url: str, width: int) -> None:
        self.profile, self.record = folder / "profile", folder / "session.har"
        film = y4m(folder / "card.y4m", [scene()] * 8 + [scene("back")] * 8)
        self.context: BrowserContext = playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path="/usr/bin/chromium-headless-shell",
            args=[*QUIET.split(), *ALLOWED.split(), f"--use-file-for-fake-video-capture={film}"],
            base_url=base_url,
            viewport={"width": width, "height": 900},
            record_har_path=self.record,
            record_har_content="embed",
        )
        self.pictures: list[bytes] = []  # what was sent of the customer, as it left
        self.context.on("request", lambda request: self.keeps(request.url, request.post_data_buffer))

    def keeps(self, address: str, body: bytes | None) -> None:
        if body and "/capture/" in address and len(body) > 2_000:
            self.pictures.append(body)

    def answers(self) -> Iterator[tuple[str, str, bytes]]:
        """Address, kind and body of everything that the portal answered; its own files apart."""
        for entry in json.loads(self.record.read_text())["log"]["entries"]:
            content, address = entry["response"]["content"], entry["request"]["url"]
            if "/static/" in address:
                continue
            text = content.get("text", "")
            body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
            heads = "\n".join(f"{head['name']}: {head['value']}" for head in entry["response"]["headers"])
            yield address, content.get("mimeType", ""), heads.encode() + b"\n\n" + body

    def files(self) -> Iterator[tuple[Path, bytes]]:
        for path in self.profile.rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


def phone_of(chromium: Browser, base_url: str, declaration: Declaration, language: str) -> Customer:
    context = chromium.new_context(base_url=base_url, viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    speak(page, language)
    return Customer(page, language, declaration, Thumb())
