"""The line at a counter is cut: what was typed and photographed waits sealed in the browser, and is sent once."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, Playwright, expect
from pytest_django.live_server_helper import LiveServer

from enrollment.journey import Channel, Step
from enrollment.models import Application
from kyc.models import Evidence
from portal.models import User
from tests.browser.cameras import scene
from tests.browser.hands import enter
from tests.conftest import People, start_chromium
from tests.kyc.conftest import an_application

pytestmark = pytest.mark.django_db(transaction=True)
NAME, PHONE = "Lý Thị Mẫu Xuân", "0988777666"
STORE = """async () => {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  if (!names.includes("counter")) return [];
  const opening = indexedDB.open("counter");
  const store = await new Promise((done) => (opening.onsuccess = () => done(opening.result)));
  if (!store.objectStoreNames.length) return store.close(), [];
  const asked = store.transaction("kept").objectStore("kept").getAll();
  const records = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  store.close();
  return records.map(({ id, owner, iv, sealed }) => [id, owner, [...iv], [...new Uint8Array(sealed)]]);
}"""


def jpeg(side: str) -> FilePayload:
    file = io.BytesIO()
    scene(side).save(file, "JPEG", quality=90)
    return {"name": "card.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def stored(page: Page) -> list[bytes]:
    """What lies in the browser, as whoever takes the machine away would find it."""
    records: list[list[Any]] = page.evaluate(STORE)
    return [f"{name} {owner} ".encode() + bytes(iv) + bytes(sealed) for name, owner, iv, sealed in records]


@pytest.fixture
def agent(staff: People) -> User:
    return staff("agent")


@pytest.fixture
def context(playwright: Playwright, live_server: LiveServer) -> Iterator[BrowserContext]:
    browser = start_chromium(playwright)
    context = browser.new_context(base_url=live_server.url.replace("127.0.0.1", "localhost"))
    context.set_default_timeout(20_000)
    yield context
    browser.close()


@pytest.fixture
def opened(page: Page, agent: User) -> Application:
    enter(page, agent)
    page.goto("/counter/")
    page.locator("[data-key=n]").click()
    page.wait_for_url("**/register/declaration/")
    return Application.objects.get()


@pytest.fixture
def capturing(page: Page, agent: User) -> str:
    enter(page, agent)
    application = an_application(Step.CAPTURE, channel=Channel.COUNTER, branch=agent.branch, agent=agent)
    return f"/counter/at/{application.reference}/application/capture/"


def test_what_is_typed_without_a_line_stays_on_the_page_and_goes_when_it_is_back(
    page: Page, context: BrowserContext, opened: Application
) -> None:
    context.set_offline(True)
    page.locator("#id_full_name").fill(NAME)
    page.locator("#id_phone").fill(PHONE)
    expect(page.locator(".counter-kept")).to_contain_text("chưa gửi: 1 tờ khai")
    page.locator(
        ".actions .button"
    ).first.click()  # to the next page: it does not come without a line, so this one stays
    expect(page.locator(".counter-kept")).to_contain_text("chưa sang trang khác được")
    assert page.url.endswith("/register/declaration/")
    context.set_offline(False)
    expect(page.locator(".counter-kept")).to_have_text("Đã gửi hết.")
    opened.refresh_from_db()
    assert (opened.draft["full_name"], opened.draft["phone"]) == (NAME, PHONE)
    assert stored(page) == []


def test_a_reload_in_which_the_line_was_lost_loses_nothing(
    page: Page, context: BrowserContext, opened: Application
) -> None:
    context.set_offline(True)
    page.locator("#id_full_name").fill(NAME)
    expect(page.locator(".counter-kept")).to_contain_text("1 tờ khai")
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
    context.set_offline(False)
    page.goto(f"/counter/at/{opened.reference}/register/declaration/")
    expect(page.locator("#id_full_name")).to_have_value(NAME)
    expect(page.locator(".counter-kept")).to_have_text("Đã gửi hết.")


def test_a_declaration_that_waited_does_not_fall_upon_what_a_colleague_did_meanwhile(
    page: Page, context: BrowserContext, opened: Application
) -> None:
    context.set_offline(True)
    page.locator("#id_full_name").fill(NAME)
    expect(page.locator(".counter-kept")).to_contain_text("1 tờ khai")
    Application.objects.filter(pk=opened.pk).update(moves=opened.moves + 2)
    page.goto("about:blank")
    context.set_offline(False)
    page.goto("/counter/")
    expect(page.locator(".counter-kept")).to_contain_text("không gửi nữa")
    opened.refresh_from_db()
    assert not opened.draft
    assert stored(page) == []


def test_both_sides_are_taken_without_a_line_and_each_is_sent_once(
    page: Page, context: BrowserContext, capturing: str
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto(f"{capturing}card-front/")
    context.set_offline(True)
    page.locator("#photo").set_input_files(jpeg("front"))
    expect(page.locator(".say")).to_contain_text("Ảnh đã niêm phong trên máy này")
    expect(page.locator(".counter-kept")).to_contain_text("chưa gửi: 1 ảnh")
    assert page.locator("canvas[data-shot]").is_hidden()
    page.get_by_role("button", name="Chụp mặt sau").click()
    page.locator("#photo").set_input_files(jpeg("back"))
    expect(page.locator(".counter-kept")).to_contain_text("chưa gửi: 2 ảnh")
    assert len(stored(page)) == 2
    assert not Evidence.objects.exists()
    context.set_offline(False)
    page.wait_for_url(f"**{capturing}")
    expect(page.locator(".handed")).to_have_count(2)
    assert sorted(Evidence.objects.values_list("kind", flat=True)) == ["card-back", "card-front"]
    assert stored(page) == []


def test_a_picture_that_is_refused_when_the_line_is_back_says_why_where_it_is_taken_again(
    page: Page, context: BrowserContext, capturing: str
) -> None:
    page.goto(f"{capturing}card-front/")
    context.set_offline(True)
    page.locator("#photo").set_input_files(jpeg("back"))
    page.get_by_role("button", name="Chụp mặt sau").wait_for()
    context.set_offline(False)
    expect(page.locator(".say")).to_contain_text("Đây là mặt sau")
    expect(page.get_by_role("button", name="Chụp lại")).to_be_visible()
    assert page.url.endswith("/card-front/")
    assert not Evidence.objects.exists()
    assert page.evaluate("sessionStorage.length") == 0


def test_pictures_go_on_after_the_page_was_lost_from_any_page_of_the_counter(
    page: Page, context: BrowserContext, capturing: str
) -> None:
    page.goto(f"{capturing}card-front/")
    context.set_offline(True)
    page.locator("#photo").set_input_files(jpeg("front"))
    expect(page.locator(".counter-kept")).to_contain_text("1 ảnh")
    page.goto("about:blank")
    context.set_offline(False)
    first, second = page, context.new_page()
    for tab in (first, second):  # two at once
        tab.goto("/counter/", wait_until="commit")
    expect(first.locator(".counter-kept")).to_have_text("Đã gửi hết.")
    expect(second.locator(".counter-kept")).to_have_text("Đã gửi hết.")
    assert Evidence.objects.count() == 1
    assert stored(first) == []


Ends = Callable[[Page, BrowserContext, People], None]


def signs_out(page: Page, context: BrowserContext, staff: People) -> None:
    page.goto("/account/")
    page.locator("form[action='/sign-out/'] button").first.evaluate("button => button.form.requestSubmit()")
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/sign-in/")


def ends(page: Page, context: BrowserContext, staff: People) -> None:
    context.clear_cookies()
    page.goto("/sign-in/")


def another_comes(page: Page, context: BrowserContext, staff: People) -> None:
    context.clear_cookies()
    context.route("**/portal*.js", lambda route: route.abort())  # as if the page of signing in had not swept
    enter(page, staff("agent"))
    page.goto("/counter/")
    expect(page.locator(".counter-kept")).to_have_text("Đã gửi hết.")


@pytest.mark.parametrize("over", [signs_out, ends, another_comes])
def test_with_the_session_it_cannot_be_opened_and_goes(
    page: Page, context: BrowserContext, capturing: str, staff: People, over: Ends, tmp_path: Path
) -> None:
    page.goto(f"{capturing}card-front/")
    context.set_offline(True)
    page.locator("#photo").set_input_files(jpeg("front"))
    expect(page.locator(".counter-kept")).to_contain_text("1 ảnh")
    before = stored(page)
    assert len(before[0]) > 20_000
    assert not [mark for mark in (b"\xff\xd8\xff\xe0", b"JFIF", b"camera", b"gallery") if mark in before[0]]
    page.goto("about:blank")
    context.set_offline(False)
    context.route("**/kept/**", lambda route: route.abort())
    over(page, context, staff)
    page.wait_for_timeout(500)
    assert stored(page) == []
    assert not Evidence.objects.exists()


def test_nothing_that_was_typed_can_be_read_in_the_browser(
    page: Page, context: BrowserContext, opened: Application
) -> None:
    context.set_offline(True)
    page.locator("#id_full_name").fill(NAME)
    page.locator("#id_number").fill("079190123456")
    page.locator("#id_phone").fill(PHONE)
    expect(page.locator(".counter-kept")).to_contain_text("1 tờ khai")
    (record,) = stored(page)
    for mark in (NAME, "079190123456", PHONE, "full_name", "register"):
        assert mark.encode() not in record
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    assert page.locator("[data-keeping]").count() == 0  # the secret is not left lying on the page
