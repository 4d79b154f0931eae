"""The pages of signing as people see them: both widths, both languages, axe content; what a line that breaks leaves."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, Route, expect

from enrollment.journey import Step
from enrollment.models import Application
from portal.demo.people import DEMO_PASSWORD
from portal.models import Branch, Message, User
from signing.answers import PIN_FAULTS
from signing.demo.people import hand
from signing.models import Act, Key, Paper
from signing.steps import contract, performing, pin, verifying
from tests.browser.conftest import look
from tests.browser.hands import at_work
from tests.browser.test_pages import only_english, speak
from tests.conftest import People
from tests.signing.conftest import again, at_contract, certificate_of, lay_keys, sure, to
from tests.signing.test_pin import PATTERNS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _signer(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SIGNER", True)
    lay_keys()


@pytest.fixture
def _at_work() -> Iterator[None]:
    """A signer that looks for acts as its queue would tell it to."""
    with at_work(performing.perform_due):
        yield


@pytest.fixture
def deciders(staff: People) -> tuple[User, User]:
    return staff("reviewer"), staff("approver")


def enter(page: Page, application: Application) -> None:
    page.goto("/sign-in/")
    page.locator("#id_login").fill(sure(application.user).id_number)
    page.locator("#id_password").fill(DEMO_PASSWORD)
    with page.expect_navigation():
        page.locator("main form button.button").first.click()


def seen(page: Page, language: str, path: str = "") -> None:
    look(page, path)
    if language == "en":
        only_english(page)


def test_every_page_on_the_way(page: Page, language: str, deciders: tuple[User, User]) -> None:
    """Promise P21, as far as signing."""
    application = at_contract()
    enter(page, application)
    speak(page, language)
    seen(page, language, "/application/contract/")
    contract.begin(application, place="", device="")
    seen(page, language, "/application/contract/signature/")
    contract.sign_with(application, strokes=hand())
    seen(page, language, "/application/contract/code/")
    contract.send_code(application)
    seen(page, language, "/application/contract/code/")
    Application.objects.filter(pk=application.pk).update(step=Step.PIN)
    seen(page, language, "/application/pin/")
    page.locator("#pin").fill("123456")
    expect(page.locator("#pin-said")).not_to_be_empty()
    look(page)
    Application.objects.filter(pk=application.pk).update(step=Step.ISSUANCE)
    seen(page, language, "/application/issuing/")
    page.goto("/sign-out/")
    page.locator("main form button").first.click()
    enter(page, to(Step.ACCEPTANCE, deciders))
    speak(page, language)
    seen(page, language, "/application/acceptance/")


def test_every_page_afterwards(page: Page, language: str, deciders: tuple[User, User], tmp_path: Any) -> None:
    application = to(Step.COMPLETE, deciders)
    enter(page, application)
    speak(page, language)
    for path in (
        "/certificate/",
        "/certificate/documents/",
        f"/status/{certificate_of(application).status}/",
        "/verify/",
    ):
        seen(page, language, path)
    for place, paper in enumerate(Paper.objects.filter(application=application).select_related("file")):
        assert paper.file
        content = bytearray(paper.file.read())
        if place:
            content[content.index(b"stream") + 500] ^= 1
        (tmp_path / "one.pdf").write_bytes(content)
        page.locator("#id_file").set_input_files(tmp_path / "one.pdf")
        page.locator("main form button.button").click()
        expect(page.locator("[data-examining]")).to_be_visible()
        seen(page, language)
        verifying.examine_due()
        expect(page.locator("#result")).to_be_focused()
        seen(page, language)


@pytest.mark.usefixtures("_at_work")
def test_the_pin_is_made_and_the_minutes_are_signed_in_the_browser(page: Page, deciders: tuple[User, User]) -> None:
    application = to(Step.PIN)
    enter(page, application)
    page.goto("/application/pin/")
    page.locator("#pin").fill("719305")
    page.locator("#pin-again").fill("719306")
    page.locator("[data-pin] button.button").click()
    expect(page.locator("#pin-again-said")).to_contain_text("chưa giống nhau")
    page.locator("#pin-again").fill("719305")
    page.locator("[data-pin] button.button").dblclick()
    page.wait_for_url("**/application/waiting/")
    assert Act.objects.filter(application=application, kind="pin").count() == 1
    assert again(application).step == Step.REVIEW


@pytest.mark.usefixtures("_at_work")
def test_a_wrong_pin_and_a_broken_line_are_told_and_nothing_is_lost(
    page: Page, context: BrowserContext, deciders: tuple[User, User]
) -> None:
    application = to(Step.ACCEPTANCE, deciders)
    enter(page, application)
    page.goto("/application/acceptance/")
    page.locator("#pin").fill("280417")
    page.locator("[data-confirm] button.button").first.click()
    expect(page.locator("[data-refused]")).to_contain_text("Còn 4 lần thử")
    expect(page.locator("[data-refused]")).to_be_focused()
    context.set_offline(True)
    page.locator("#pin").fill("719305")
    page.locator("[data-confirm] button.button").first.click()
    expect(page.locator("[data-refused]")).to_contain_text("Đường truyền")
    context.set_offline(False)
    page.locator("#pin").fill("719305")
    page.keyboard.press("Enter")
    page.wait_for_url("**/certificate/")
    look(page)


@pytest.mark.usefixtures("_at_work")
@pytest.mark.parametrize("lost", ["question", "answer"])
def test_a_pin_whose_answer_was_lost_is_not_asked_for_again(lost: str, page: Page) -> None:
    """The line breaks after the press: whether the PIN arrived only the signer knows, so the page asks until it does."""
    application, broken = to(Step.PIN), list[str]()

    def breaks(route: Route) -> None:
        if route.request.method != "POST" or broken:
            return route.fallback()
        broken.append(route.request.url)
        if lost == "answer":
            route.fetch()
        return route.abort("connectionreset")

    enter(page, application)
    page.goto("/application/pin/")
    page.route(re.compile(r"/application/act/[^/]+/$"), breaks)
    page.locator("#pin").fill("719305")
    page.locator("#pin-again").fill("719305")
    page.keyboard.press("Enter")
    page.wait_for_url("**/application/waiting/")
    assert broken
    assert Act.objects.get(application=application, kind="pin").state == Act.State.DONE


def test_the_page_says_of_each_pin_what_the_signer_would(page: Page) -> None:
    application = to(Step.PIN)
    declaration = sure(application.declaration)
    born = declaration.birth_date
    chosen = [
        "719305",
        "280417",
        *PATTERNS,
        f"{born:%d%m%y}",
        f"{born:%Y%m}",
        f"{born:%m%Y}",
        declaration.phone[-6:],
        declaration.number[2:8],
    ]
    enter(page, application)
    page.goto("/application/pin/")
    expect(page.locator("[data-ready]")).to_be_enabled()
    for each in chosen:
        page.locator("#pin").fill(each)
        fault = next(pin.faults(each, declaration), "")
        expect(page.locator("#pin-said"), each).to_have_text(str(PIN_FAULTS[fault]) if fault else "")


def test_the_rules_of_a_pin_tick_themselves_and_six_digits_fill_the_box(page: Page) -> None:
    enter(page, to(Step.PIN))
    page.goto("/application/pin/")
    rules, met = page.locator(".checklist li"), page.locator(".checklist li.met")
    page.locator("#pin").fill("123456")
    expect(met).to_have_count(3)  # a pattern, and not the same both times
    page.locator("#pin").press_sequentially("7")
    assert page.locator("#pin").evaluate("box => [box.value.length, box.scrollLeft]") == [6, 0]
    page.locator("#pin").fill("719305")
    expect(met).to_have_count(4)
    page.locator("#pin-again").fill("719305")
    expect(met).to_have_count(rules.count())
    seen: float = page.locator(".six").first.evaluate(
        "box => box.clientWidth / getComputedStyle(box).fontSize.slice(0, -2)"
    )
    assert 14 < seen < 20  # as wide as its six squares, not as the page


def test_what_is_signed_and_the_button_share_the_first_screen(page: Page, deciders: tuple[User, User]) -> None:
    """Also above the bar at a phone's foot, and right after signing in, where the SMS leads."""
    enter(page, to(Step.ACCEPTANCE, deciders))
    page.wait_for_url("**/application/acceptance/")
    foot = page.get_by_role("button", name="Xác nhận ký số").evaluate("button => button.getBoundingClientRect().bottom")
    assert foot <= (page.viewport_size or {"height": 0})["height"] - 56
    for words in ("079190", "Xem tài liệu"):
        expect(page.locator(".confirm")).to_contain_text(words)


@pytest.mark.usefixtures("_at_work")
def test_once_the_pin_is_locked_no_box_is_left_and_the_way_on_is_named(page: Page, deciders: tuple[User, User]) -> None:
    application = to(Step.ACCEPTANCE, deciders)
    Branch.objects.create(name="VNPT Thanh Hóa", province="38", address="Số 1 đường Mẫu", phone="0237 3800 126")
    Key.objects.filter(application=application).update(tries_left=1)
    enter(page, application)
    page.goto("/application/acceptance/")
    page.locator("#pin").fill("280416")
    page.locator("[data-confirm] button.button").first.click()
    expect(page.get_by_role("alert").filter(has_text="bị khóa")).to_be_visible()
    expect(page.locator("#pin")).to_have_count(0)
    expect(page.locator("[data-confirm]")).to_have_count(0)
    look(page)
    page.get_by_role("link", name="Xem các quầy VNPT").click()
    expect(page.get_by_role("heading", name="VNPT Thanh Hóa")).to_be_visible()
    look(page)


def test_a_moment_of_rest_is_not_told_as_a_forged_document(page: Page, deciders: tuple[User, User]) -> None:
    enter(page, to(Step.ACCEPTANCE, deciders))
    page.wait_for_url("**/application/acceptance/")  # what the SMS told to sign in for
    page.route("**/application/paper.pdf", lambda route: route.fulfill(status=503, body="resting"))
    page.locator("#pin").fill("719305")
    page.keyboard.press("Enter")
    expect(page.locator("[data-refused]")).to_contain_text("Đường truyền")


def test_whoever_types_the_name_presses_enter(page: Page) -> None:
    application = at_contract()
    contract.begin(application, place="", device="")
    enter(page, application)
    page.goto("/application/contract/signature/")
    page.get_by_text("Tôi không vẽ được").press("Enter")
    page.locator("#id_typed").fill(sure(application.declaration).full_name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/code/")


def test_without_javascript_the_contract_is_signed_by_a_typed_name(page: Page, context: BrowserContext) -> None:
    application = at_contract()
    enter(page, application)
    assert context.browser
    plain = context.browser.new_context(
        java_script_enabled=False,
        storage_state=context.storage_state(),
        base_url=re.sub(r"(://[^/]+).*", r"\1", page.url),
    )
    form = plain.new_page()
    form.goto("/application/contract/")
    form.locator("#id_content").check()
    form.locator("#id_acts").check()
    form.locator("#agree button").click()
    form.get_by_text("Tôi không vẽ được").click()
    form.locator("#id_typed").fill(sure(application.declaration).full_name)
    form.get_by_role("button", name="Dùng họ tên gõ vào").click()
    form.wait_for_url("**/code/")
    form.locator("main form button.button").last.click()
    message = Message.objects.filter(template="signing/messages/contract_code").latest("created_at")
    form.locator("#id_code").fill(message.params[0])
    form.locator("main form button.button").first.click()
    form.wait_for_url("**/application/pin/")
    plain.close()


def test_a_signature_is_drawn_and_drawn_again(page: Page) -> None:
    application = at_contract()
    contract.begin(application, place="", device="")
    enter(page, application)
    page.goto("/application/contract/signature/")
    box = page.locator("canvas").bounding_box()
    assert box
    page.locator("[data-done]").click()
    expect(page.locator("main .wrongly")).to_contain_text("quá ngắn")
    for _twice in range(2):
        for place in range(24):
            x, y = box["x"] + box["width"] * (0.1 + place / 30), box["y"] + box["height"] * (0.3 + place % 5 / 10)
            page.mouse.move(x, y)
            if not place:
                page.mouse.down()
            time.sleep(0.01)
        page.mouse.up()
        if not _twice:
            page.locator("[data-again]").click()
    page.locator("[data-done]").click()
    page.wait_for_url("**/code/")
    paper = Paper.of(application, Paper.Kind.CONTRACT)
    assert paper
    assert len(paper.evidence["strokes"]) == 1
