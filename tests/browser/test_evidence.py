"""Capture with a fake camera on a phone."""

import base64
import io
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, Route, expect
from pytest_django.live_server_helper import LiveServer

from enrollment.models import Application
from kyc.demo.drawing import Face, Shot
from kyc.models import Case, Challenge, Evidence
from kyc.steps import capture, checking
from tests.browser.cameras import INJECTED, scene, y4m
from tests.browser.conftest import look
from tests.browser.hands import enter
from tests.browser.test_pages import only_english, speak
from tests.conftest import People, start_chromium
from tests.kyc.conftest import FACE, act, an_application, given

CAPTURE = "/application/capture/"
# The head wanders by a plan of its own: a clip made before.
CLIP = [(0.27 + 0.15 * (place % 7 > 3), 0.5 + 0.1 * (place % 5 - 2) / 2) for place in range(14)]


SCENES: dict[str, Callable[[], list[Image.Image]]] = {
    "front": lambda: [scene()],
    "back": lambda: [scene("back")],
    "blurred": lambda: [scene(shot=Shot(blur=4))],
    "glare": lambda: [scene(shot=Shot(glare=1.0, seed=5))],
    "dark": lambda: [scene(shot=Shot(light=0.15))],
    "flickering": lambda: [scene(shot=Shot(light=0.15)), scene(shot=Shot(blur=4))],
    "clip": lambda: [
        Face(FACE).seen(wide, (at, 0.5), (960, 720), seed=place + 1) for place, (wide, at) in enumerate(CLIP)
    ],
}
Film = Callable[[str], AbstractContextManager[Page]]


@pytest.fixture
def application(person: People) -> Application:
    return an_application(user=person())


@pytest.fixture
def filmed(playwright: Playwright, live_server: LiveServer, tmp_path: Path, application: Application) -> Film:
    """A phone whose camera sees this, in the hands of a customer at the step of capture."""
    user = application.user
    assert user

    @contextmanager
    def open_phone(what: str) -> Iterator[Page]:
        film = y4m(tmp_path / f"{what}.y4m", SCENES[what]())
        flags = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
        browser = start_chromium(playwright, *flags, f"--use-file-for-fake-video-capture={film}")
        page = browser.new_page(
            base_url=live_server.url.replace("127.0.0.1", "localhost"),
            viewport={"width": 390, "height": 844},
            has_touch=True,
        )
        page.set_default_timeout(30_000)
        enter(page, user)
        yield page
        browser.close()

    return open_phone


def said(page: Page) -> str:
    return page.locator(".say").inner_text()


def test_a_good_card_is_taken_by_itself_and_leads_on(filmed: Film) -> None:
    with filmed("front") as page:
        page.goto(CAPTURE)
        look(page)
        page.get_by_role("link", name="Tiếp theo").tap()
        page.wait_for_url("**/card-front/")
        look(page)
        page.get_by_role("button", name="Mở máy ảnh").tap()
        expect(page.get_by_role("link", name="Tiếp theo")).to_be_visible()
        assert said(page) == "Ảnh rõ, đã nhận."
        expect(page.get_by_text("Lật giấy tờ sang mặt sau")).to_be_visible()
        look(page)
        page.get_by_role("link", name="Tiếp theo").tap()
        page.wait_for_url("**/card-back/")
        expect(page.locator("[data-moment=live]")).to_be_visible()  # it was allowed on the first side
    assert Evidence.objects.get().way == "camera"


def test_the_camera_may_be_tried_before(filmed: Film) -> None:
    with filmed("front") as page:
        page.goto(CAPTURE)
        page.get_by_role("link", name="Thử máy ảnh trước").tap()
        page.get_by_role("button", name="Kiểm tra").tap()
        expect(page.locator("[data-test=camera]")).to_have_class("good")
        expect(page.locator("[data-test=line]")).to_have_class(re.compile("good|bad"))
        look(page)
        page.get_by_role("link", name="Tiếp theo").tap()
        page.wait_for_url("**/card-front/")


def test_what_changes_with_every_frame_is_said_at_a_calm_rate(filmed: Film) -> None:
    with filmed("flickering") as page:
        page.goto(f"{CAPTURE}card-front/")
        page.evaluate("""() => { window.changes = 0;
            new MutationObserver(() => window.changes++).observe(document.querySelector(".say"), {childList: true}); }""")
        page.get_by_role("button", name="Mở máy ảnh").tap()
        expect(page.locator("[data-moment=live]")).to_be_visible()
        before = page.evaluate("window.changes")
        page.wait_for_timeout(4500)
        assert page.locator("[data-moment=live]").is_visible()
        assert 1 <= page.evaluate("window.changes") - before <= 4


@pytest.mark.parametrize(
    ("what", "hint", "refusal"),
    [
        ("blurred", "Chưa nét", "Ảnh bị mờ"),
        ("glare", "Lóa", "Ảnh bị lóa"),
        ("dark", "Quá tối", "Ảnh quá tối"),
        ("back", "Đây là mặt sau", "Đây là mặt sau"),
    ],
)
def test_what_is_wrong_is_said_while_it_is_seen_and_again_when_it_is_sent(
    what: str, hint: str, refusal: str, filmed: Film
) -> None:
    with filmed(what) as page:
        page.goto(f"{CAPTURE}card-front/")
        page.get_by_role("button", name="Mở máy ảnh").tap()
        expect(page.locator(".say")).to_contain_text(hint)
        page.get_by_role("button", name="Chụp", exact=True).tap()
        expect(page.locator(".say")).to_contain_text(refusal)
        expect(page.get_by_role("button", name="Chụp lại")).to_be_focused()
        assert page.locator(".shown li:visible").count() == 1  # what went wrong, drawn, and nothing else
        assert "giữ yên" not in page.locator("main").inner_text()
    assert not Evidence.objects.exists()


def test_a_lost_line_in_mid_upload_loses_nothing(filmed: Film) -> None:
    with filmed("back") as page:
        page.goto(f"{CAPTURE}card-back/")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        cut = {"left": 1}

        def tunnel(route: Route) -> None:
            request = route.request
            if request.method == "POST" and "at=0" not in request.url and cut["left"]:
                cut["left"] -= 1
                route.abort("internetdisconnected")
            else:
                route.continue_()

        page.route("**/capture/card-back/*/*", tunnel)
        page.get_by_role("button", name="Mở máy ảnh").tap()
        expect(page.get_by_role("link", name="Tiếp theo")).to_be_visible()
        starts = [url.partition("&at=")[2].partition("&")[0] for url in sent]
        assert starts[0] == "0"
        assert len(starts) > len(set(starts)), "the piece that was lost came again"
        assert starts.count("0") == 1, "and only that one"
    assert Evidence.objects.count() == 1


def test_a_replayed_clip_is_refused_and_the_third_time_leads_to_the_counter(
    filmed: Film, application: Application
) -> None:
    for _try in range(2):
        Challenge.objects.create(application=application, key=uuid.uuid4(), cues=[], outcome="failed")
    with filmed("clip") as page:
        page.goto(f"{CAPTURE}face/")
        look(page)
        expect(page.locator("[data-left]")).to_have_text("1")
        page.get_by_role("button", name="Bắt đầu").tap()
        page.wait_for_url(f"**{CAPTURE}", timeout=40_000)
        expect(page.get_by_text("Cần làm tiếp tại quầy")).to_be_visible()
        look(page)
    assert Challenge.objects.filter(outcome="failed").count() == 3


def only_what_is_now(page: Page) -> bool:
    """Once the film is shot, nothing of before it stays: no try to be counted, no cue, no advice."""
    text = page.locator("main").inner_text()
    before = ("lần thử", "giữ yên", "chế độ chậm", "khung", "Ánh sáng", "Dừng", "Chuẩn bị")
    return not [word for word in before if word in text.replace("theo khung xa", "")]


def test_somebody_who_follows_finishes_capture_and_no_machine_calls_it_life(
    filmed: Film, application: Application
) -> None:
    for item in ("card-front", "card-back"):
        with capture.stored(application, given()[item][0]) as files:
            capture.keep(application, files, "camera", given()[item][1])
    head = Face(FACE).drawn(near=0.3).convert("RGBA")
    head.putalpha(head.convert("L").point(lambda value: 255 if value > 3 else 0))
    png = io.BytesIO()
    head.save(png, "PNG")
    with filmed("front") as page:
        page.goto(f"{CAPTURE}face/")
        page.evaluate(INJECTED, "data:image/png;base64," + base64.b64encode(png.getvalue()).decode())
        page.get_by_role("button", name="Bắt đầu").tap()
        expect(page.locator("[data-moment=sending]")).to_be_visible(timeout=40_000)
        assert only_what_is_now(page)
        expect(page.get_by_role("button", name="Tiếp theo")).to_be_visible(timeout=40_000)
        assert only_what_is_now(page)
        look(page)
        page.get_by_role("button", name="Tiếp theo").tap()  # nothing is missing: straight on
        page.wait_for_url("**/application/contract/")
    application.refresh_from_db()
    assert application.step == "contract"
    checking.check(application)
    outcomes = {check.name: check.outcome for check in checking.findings(application)}
    assert (outcomes["cues"], outcomes["alive"], outcomes["liveness"]) == ("pass", "not-performed", "not-performed")


def test_a_denied_camera_is_explained_for_this_browser_and_the_gallery_stays(page: Page, person: People) -> None:
    user = person()
    an_application(user=user)
    enter(page, user)
    denied = "() => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    page.add_init_script(f"navigator.mediaDevices.getUserMedia = {denied}")
    page.goto(f"{CAPTURE}card-front/")
    page.get_by_role("button", name="Mở máy ảnh").click()
    expect(page.locator("[data-blocked]")).to_contain_text("đang chặn máy ảnh")
    assert page.locator("[data-blocked] [data-browser]:visible").count() == 1
    look(page)
    file = io.BytesIO()
    scene().save(file, "JPEG", quality=90)
    page.locator("#photo").set_input_files({"name": "the.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    expect(page.get_by_role("link", name="Tiếp theo")).to_be_visible()
    assert Evidence.objects.get().way == "gallery"


@pytest.mark.parametrize("size", [(320, 568), (390, 844)])
def test_what_to_press_lies_in_the_thumbs_reach(size: tuple[int, int], page: Page, person: People) -> None:
    user = person()
    an_application(user=user)
    enter(page, user)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in ("", "card-front/", "face/"):
        page.goto(CAPTURE + path)
        button = page.locator("main .actions .button:visible").first
        assert button.bounding_box()
        reach = button.evaluate("element => innerHeight - element.getBoundingClientRect().bottom")
        bar = page.locator(".places").bounding_box()
        assert reach >= (bar["height"] if bar else 0), f"{path} at {size}"


def test_the_customers_pages_of_capture_and_of_waiting(
    page: Page, language: str, person: People, staff: People
) -> None:
    user, reviewer = person(), staff("reviewer")
    application = an_application(user=user)
    enter(page, user)
    speak(page, language)
    for path in ("", "test/", "card-front/", "card-back/", "face/"):
        look(page, CAPTURE + path)
        if language == "en":
            only_english(page)
    Application.objects.filter(pk=application.pk).update(step="pin", reached="pin")
    application.refresh_from_db()
    application.finish()
    look(page, "/application/waiting/")
    act(Case.objects.get(application=application), "take", reviewer)
    act(Case.objects.get(application=application), "reject", reviewer, reason="forged")
    for path in ("", "objection/", "end/"):
        look(page, f"/application/waiting/{path}")
        if language == "en":
            only_english(page)
