"""Capture with a fake camera on a phone, and a reviewer's hour without a mouse."""

import base64
import io
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect
from pytest_django.live_server_helper import LiveServer

from enrollment.demo.people import declaration_of_nobody
from enrollment.models import Application
from kyc.demo.controls import drawn_control
from kyc.demo.drawing import Card, Face, Shot, photograph
from kyc.models import Case, Challenge, Decision, Evidence, Sample
from kyc.steps import checking
from kyc.steps.control import add_control_case
from portal.models import User
from tests.browser.conftest import look
from tests.browser.test_pages import only_english, speak
from tests.conftest import PASSWORD, People, start_chromium
from tests.kyc.conftest import FACE, a_case, act, an_application, bare_case, given, to_approval

pytestmark = pytest.mark.django_db(transaction=True)
CARD = Card(declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000"), Face(FACE))
CAPTURE = "/application/capture/"
# The head wanders by a plan of its own: a clip made before.
CLIP = [(0.27 + 0.15 * (place % 7 > 3), 0.5 + 0.1 * (place % 5 - 2) / 2) for place in range(14)]


def scene(side: str = "front", **how: float) -> Image.Image:
    return photograph(getattr(CARD, side)(), Shot(**{"fill": 0.86, **how}), (1280, 960))  # type: ignore[arg-type]


SCENES: dict[str, Callable[[], list[Image.Image]]] = {
    "front": lambda: [scene()],
    "back": lambda: [scene("back")],
    "blurred": lambda: [scene(blur=4)],
    "glare": lambda: [scene(glare=1.0, seed=5)],
    "dark": lambda: [scene(light=0.15)],
    "clip": lambda: [
        Face(FACE).seen(wide, (at, 0.5), (960, 720), seed=place + 1) for place, (wide, at) in enumerate(CLIP)
    ],
}
Film = Callable[[str], AbstractContextManager[Page]]


def y4m(path: Path, images: list[Image.Image]) -> Path:
    """The one format that the fake camera takes, in the range of light that it expects."""
    wide, high = images[0].size
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{wide} H{high} F5:1 Ip A1:1 C420jpeg\n".encode())
        for image in images if len(images) > 1 else images * 2:
            light, blue, red = image.convert("YCbCr").split()
            light = light.point(lambda value: 16 + value * 219 // 255)
            small = (part.resize((wide // 2, high // 2)).tobytes() for part in (blue, red))
            file.write(b"FRAME\n" + light.tobytes() + b"".join(small))
    return path


@pytest.fixture
def filmed(playwright: Playwright, live_server: LiveServer, tmp_path: Path, person: People) -> Film:
    """A phone whose camera sees this, in the hands of a customer at the step of capture."""
    user = person()
    application = an_application(user=user)

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

    open_phone.application = application  # type: ignore[attr-defined]
    return open_phone


def enter(page: Page, user: User) -> None:
    """By the form, second factor included where there is one."""
    from portal.demo.people import current_code

    page.goto("/sign-in/")
    page.locator("#id_login").fill(user.id_number)
    page.locator("#id_password").fill(PASSWORD)
    with page.expect_navigation():
        page.locator("main form button.button").first.click()
    if "authenticate" in page.url:
        page.locator("#id_code").fill(current_code(user))
        with page.expect_navigation():
            page.locator("main form button.button").first.click()


def said(page: Page) -> str:
    return page.locator("[data-said]").inner_text()


def test_a_good_card_is_taken_by_itself_and_leads_on(filmed: Film) -> None:
    with filmed("front") as page:
        page.goto(CAPTURE)
        look(page)
        page.get_by_role("link", name="Tiếp theo").tap()
        page.wait_for_url("**/test/")
        page.get_by_role("button", name="Kiểm tra").tap()
        expect(page.locator("[data-test=camera]")).to_have_class("good")
        expect(page.locator("[data-test=line]")).to_have_class(re.compile("good|bad"))
        look(page)
        page.goto(f"{CAPTURE}card-front/")
        look(page)
        page.get_by_role("button", name="Mở máy ảnh").tap()
        expect(page.get_by_role("link", name="Tiếp theo")).to_be_visible()
        assert said(page) == "Ảnh rõ, đã nhận."
        look(page)
        page.get_by_role("link", name="Tiếp theo").tap()
        page.wait_for_url("**/card-back/")
    assert Evidence.objects.get().way == "camera"


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
        expect(page.locator("[data-said]")).to_contain_text(hint)
        page.get_by_role("button", name="Chụp", exact=True).tap()
        expect(page.locator("[data-said]")).to_contain_text(refusal)
        expect(page.get_by_role("button", name="Chụp lại")).to_be_focused()
    assert not Evidence.objects.exists()


def test_a_lost_line_in_mid_upload_loses_nothing(filmed: Film) -> None:
    with filmed("back") as page:
        page.goto(f"{CAPTURE}card-back/")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        cut = {"left": 1}

        def tunnel(route: object) -> None:
            request = route.request  # type: ignore[attr-defined]
            if request.method == "POST" and "at=0" not in request.url and cut["left"]:
                cut["left"] -= 1
                route.abort("internetdisconnected")  # type: ignore[attr-defined]
            else:
                route.continue_()  # type: ignore[attr-defined]

        page.route("**/capture/card-back/*/*", tunnel)
        page.get_by_role("button", name="Mở máy ảnh").tap()
        expect(page.get_by_role("link", name="Tiếp theo")).to_be_visible()
        starts = [url.partition("&at=")[2].partition("&")[0] for url in sent]
        assert starts[0] == "0"
        assert len(starts) > len(set(starts)), "the piece that was lost came again"
        assert starts.count("0") == 1, "and only that one"
    assert Evidence.objects.count() == 1


def test_a_replayed_clip_is_refused_and_the_third_time_leads_to_the_counter(filmed: Film) -> None:
    application: Application = filmed.application  # type: ignore[attr-defined]
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


INJECTED = """picture => {
  const head = Object.assign(new Image(), { src: picture });
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 960, height: 1280 });
    const pen = canvas.getContext("2d");
    let wide = 0.3, middle = 0.5;
    const draw = () => {
      const oval = document.querySelector("[data-oval]");
      const goal = parseFloat(oval?.style.width || "34") / 100;
      const place = parseFloat(oval?.style.left || "33") / 100 + goal / 2;
      wide += (goal * 0.8 - wide) * 0.25;
      middle += (1 - place - middle) * 0.25;  // the page mirrors what the camera sees
      pen.fillStyle = "#bcc4ca";
      pen.fillRect(0, 0, 960, 1280);
      const size = wide * 960 / 0.58;
      pen.drawImage(head, middle * 960 - size / 2, 640 - size * 0.54, size, size * 1.25);
    };
    setInterval(draw, 40);
    draw();
    return canvas.captureStream(25);
  };
}"""


def test_somebody_who_follows_finishes_capture_and_no_machine_calls_it_life(filmed: Film) -> None:
    application: Application = filmed.application  # type: ignore[attr-defined]
    for item in ("card-front", "card-back"):
        from kyc.steps import capture

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
        expect(page.get_by_role("link", name="Tiếp theo")).to_be_visible(timeout=40_000)
        page.get_by_role("link", name="Tiếp theo").tap()
        page.get_by_role("button", name="Tiếp theo").tap()
        page.wait_for_url("**/application/contract/")
    application.refresh_from_db()
    assert application.step == "contract"
    checking.check(application)
    told = {one.name: one.outcome for one in checking.findings(application)}
    assert (told["cues"], told["alive"], told["liveness"]) == ("pass", "unsure", "not-performed")


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


# ── The desk ──


def test_a_reviewer_decides_file_after_file_without_a_mouse(page: Page, staff: People) -> None:
    """Promise P21, as far as the desk by keyboard."""
    reviewer = staff("reviewer")
    cases = [a_case(other=place > 0) for place in range(3)]
    checking.check_due()
    enter(page, reviewer)
    page.goto("/admin/kyc/case/")
    page.keyboard.press("n")
    for place, keys in enumerate((("d", "Enter"), ("x", "Tab", "Tab", "Enter"), ("b",))):
        page.wait_for_url(f"**/{cases[place].pk}/change/")
        expect(page.locator(".views img").first).to_have_js_property("complete", True)
        page.keyboard.press("3")
        page.keyboard.press("r")
        for key in keys:
            if key == "Tab" and place == 1 and page.evaluate("document.activeElement.tagName") == "SELECT":
                page.keyboard.press("ArrowDown")
            page.keyboard.press(key)
    page.locator("#item-card-front").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.locator("#item-card-front").evaluate("select => select.form.requestSubmit()")
    page.wait_for_url("**/admin/kyc/case/")
    assert list(Decision.objects.order_by("pk").values_list("act", flat=True)) == ["pass", "reject", "send-back"]


def test_holding_a_key_decides_nothing(page: Page, staff: People) -> None:
    approver, reviewer = staff("approver"), staff("reviewer")
    for _case in range(2):
        to_approval(bare_case(), reviewer)
    enter(page, approver)
    page.goto("/admin/kyc/case/")
    page.keyboard.press("n")
    page.wait_for_url("**/change/")
    for _repeat in range(12):
        page.keyboard.down("d")
    page.keyboard.up("d")
    page.keyboard.press("d")
    assert not Decision.objects.filter(act="approve").exists()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Decision.objects.filter(act="approve").count() == 1


def test_every_page_of_the_desk(page: Page, language: str, staff: People) -> None:
    supervisor, reviewer = staff("supervisor"), staff("reviewer")
    case = a_case(fault="other-name")
    checking.check_due()
    act(case, "take", reviewer)
    add_control_case(drawn_control("pass"), None)
    done = bare_case()
    Sample.objects.create(case=done, expected="pass", decided_by=supervisor)
    Case.objects.filter(pk=done.pk).update(queue="closed")
    speak(page, language)
    enter(page, reviewer)
    for path in ("", f"{case.pk}/change/", f"sample/{Sample.objects.get().pk}/", "board/"):
        look(page, f"/admin/kyc/case/{path}")
        if language == "en":
            only_english(page)
    page.goto("/sign-out/")
    page.locator("main form button").first.click()
    enter(page, supervisor)
    for path in ("case/?tab=held", "case/face-again/", "case/board/", "policy/", "policy/add/"):
        look(page, f"/admin/kyc/{path}")


def test_the_customers_pages_of_capture_and_of_waiting(
    page: Page, language: str, person: People, staff: People
) -> None:
    speak(page, language)
    user, reviewer = person(), staff("reviewer")
    application = an_application(user=user)
    enter(page, user)
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
