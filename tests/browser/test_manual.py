"""The agent's manual: what it calls by name is there, and its pictures are of the pages as they stand.

`make pictures` writes docs/agent/*.webp anew. References, codes and hours differ each time, so a picture is replaced only
where it looks different at a sixth of its size."""

import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from enrollment import seeds as enrollment_seeds
from enrollment.counter.demo import people
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.steps.inviting import INVITE
from kyc.demo import guests
from portal import seeds
from tests.browser.conftest import look
from tests.browser.test_pages import enter

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).parents[2] / "docs"
MANUAL = (DOCS / "agent.md").read_text()
CATALOGUE = Path(__file__).parents[2] / "portal" / "locale" / "en" / "LC_MESSAGES" / "django.po"
WRITES = "PICTURES" in os.environ
SAME = 4  # of 255, on average, at a sixth


def test_every_label_in_the_manual_is_on_a_page() -> None:
    known = set(re.findall(r'^msgid "(.+)"$', CATALOGUE.read_text(), re.M))
    quoted = {" ".join(label.split()) for label in re.findall(r"“([^”…]+)”", MANUAL)}
    assert len(quoted) > 30
    assert quoted - known == set()


@pytest.mark.skipif(WRITES, reason="they are being written")
def test_every_picture_of_the_manual_is_there_and_small() -> None:
    named = set(re.findall(r"\(agent/(\w+)\.webp\)", MANUAL))
    assert named == {path.stem for path in (DOCS / "agent").iterdir()} == set(PICTURES)
    assert all((DOCS / "agent" / f"{name}.webp").stat().st_size < 60_000 for name in named)


@pytest.fixture
def agent(chromium: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Of the demo, with a queue before them."""
    seeds.seed()
    enrollment_seeds.seed()
    people.seed()
    guests.seed_guest(*guests.GUESTS[0])
    context = chromium.new_context(
        base_url=live_server.url.replace("127.0.0.1", "localhost"), viewport={"width": 1024, "height": 720}
    )
    page = context.new_page()
    enter(page, "Mẫu Dũng")
    yield page
    context.close()


def at(step: Step) -> str:
    served = Application.objects.filter(channel=Channel.COUNTER, step=step, branch__name=people.HOME)
    return served.earliest("pk").reference


def hand(step: Step) -> str:
    return f"/counter/{at(step)}/"


PICTURES: dict[str, Callable[[], str]] = {
    "list": lambda: "/counter/",
    "declaration": lambda: f"/counter/at/{at(Step.DECLARATION)}/register/declaration/",
    "payment": lambda: f"/counter/at/{at(Step.PAYMENT)}/register/payment/",
    "attestation": lambda: hand(Step.HANDOVER),
    "drawer": lambda: "/counter/drawer/",
    "invitation": lambda: hand(Step.CONSENT),
    "screen": lambda: screen_of(Step.CONSENT),
}


def screen_of(step: Step) -> str:
    application = Application.objects.get(reference=at(step))
    return f"/screen/invited/?t={INVITE.offer(application)}"


def test_its_pages_are_as_they_should_be(agent: Page) -> None:
    for name, address in PICTURES.items():
        look(agent, address())
        if name == "invitation":  # a colleague's was sent by SMS
            agent.locator(".counter-device button").first.click()
            expect(agent.locator("svg.qr")).to_be_visible()
        if WRITES:
            keep(agent.screenshot(), DOCS / "agent" / f"{name}.webp")


def keep(shot: bytes, path: Path) -> None:
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    if path.exists() and looks_the_same(picture, Image.open(path).convert("RGB")):
        return
    path.parent.mkdir(exist_ok=True)
    picture.save(path, "WEBP", quality=70, method=6)


def looks_the_same(picture: Image.Image, before: Image.Image) -> bool:
    if picture.size != before.size:
        return False
    small = (picture.width // 6, picture.height // 6)
    difference = ImageChops.difference(picture.resize(small).convert("L"), before.resize(small).convert("L"))
    return ImageStat.Stat(difference).mean[0] < SAME
