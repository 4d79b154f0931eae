"""A real Chromium, at a phone's and a desk's width, that reports every fault it sees."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop in this thread; our queries are plain
AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}
AXE_AT_WORK: list[Page] = []


@pytest.fixture(params=WIDTHS)
def context(chromium: Browser, request: pytest.FixtureRequest, live_server: LiveServer) -> Iterator[BrowserContext]:
    width, height = WIDTHS[request.param]
    context = chromium.new_context(
        base_url=live_server.url.replace("127.0.0.1", "localhost"),
        viewport={"width": width, "height": height},
        has_touch=request.param == "phone",
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page, faults = context.new_page(), list[str]()
    page.on(
        "console", lambda message: faults.append(message.text) if message.type == "error" and not AXE_AT_WORK else None
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    # A page that is refused is an error to the console; a script, style or frame that is refused is one to us.
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []


@pytest.fixture
def language(page: Page) -> str:
    """A phone that speaks Vietnamese and a desk that speaks English: each width and each language once."""
    return "vi" if (page.viewport_size or {"width": 0})["width"] < 500 else "en"


def press_in_menu(page: Page, name: str) -> None:
    """On a phone it is folded."""
    summary = page.locator("[data-menu] > summary")
    if summary.is_visible():
        summary.click()
    page.get_by_role("banner").get_by_role("button", name=name).click()


def look(page: Page, path: str = "") -> None:
    """Go there if told to, and find nothing wrong: axe is content, nothing sticks out, the title says where we are."""
    if path:
        page.goto(path)
    page.wait_for_load_state("load")
    page.evaluate(AXE)
    rules = RULES[:-1] if "/admin/" in page.url else RULES  # Django's own pages follow the standard, not every advice
    AXE_AT_WORK.append(page)  # it measures with inline styles, which our policy rightly refuses
    report: Any = page.evaluate(
        "rules => axe.run({runOnly: rules, resultTypes: ['violations'], preload: false})", rules
    )
    AXE_AT_WORK.clear()
    faults = [f"{fault['id']}: {[node['html'][:150] for node in fault['nodes']]}" for fault in report["violations"]]
    assert faults == [], page.url
    wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"
    assert page.title().strip(" ·")
