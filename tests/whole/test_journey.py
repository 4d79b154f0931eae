"""From the home page to an active certificate in the whole portal: camera, passkey, signer, reviewers and all."""

import base64
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import qrcode
from playwright.sync_api import Browser, Page, Playwright, expect

from enrollment.identity import Declaration
from kyc.demo.drawing import Face
from portal.demo.people import DEMO_PEOPLE
from tests.browser.cameras import INJECTED, scene, y4m
from tests.browser.counting import Count, counted
from tests.browser.hands import Mouse, answer_all, code_in, fill, painted
from tests.conftest import start_chromium
from tests.enrollment.conftest import FREE, PAID, PASSWORD, a_declaration
from tests.kyc.conftest import FACE
from tests.postgresql import PostgreSQL
from tests.whole.conftest import Portal, texts

pytestmark = pytest.mark.whole
PIN = "738204"
AUTHENTICATOR = {
    "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True, "hasPrf": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip
DIGITS = [bytes((letter,)) for letter in b"0123456789."]
WAVE = [(0.1 + at / 40, 0.5 + (at % 4 - 1.5) / 6) for at in range(30)]


@contextmanager
def phone(playwright: Playwright, portal: Portal, folder: Path) -> Iterator[Page]:
    """With a camera that sees the card's front and then its back, and a fingerprint."""
    film = y4m(folder / "card.y4m", [scene()] * 8 + [scene("back")] * 8)
    flags = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    browser = start_chromium(playwright, *flags, f"--use-file-for-fake-video-capture={film}")
    page = browser.new_page(base_url=portal.address, viewport={"width": 390, "height": 844}, has_touch=True)
    page.set_default_timeout(30_000)
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield page
    browser.close()


def press(page: Page) -> None:
    page.locator("main form button.button").first.click()


def register(page: Page, portal: Portal, declaration: Declaration, plan: str) -> None:
    page.goto("/")
    page.locator("a.door.first").click()
    for box in ("#id_terms", "#id_personal-data"):
        page.locator(box).check()
    press(page)
    page.locator(f"input[value={plan}]").check()
    press(page)
    page.wait_for_url("**/register/declaration/")
    if plan == PAID:
        fill(page, Mouse(), declaration.as_json())
    else:
        scan(page, declaration)
    page.locator("form[data-draft] .actions button.button").first.click()
    page.locator("main .actions button.button").click()
    if plan == PAID:
        page.wait_for_url("**/register/payment/phone/")
        press(page)
        page.wait_for_selector("#id_code")
        page.locator("#id_code").fill(sms(portal, declaration, "xac nhan so dien thoai"))
        press(page)
        page.locator("input[value=vnpay]").check()
        press(page)
        page.wait_for_url("**/vpcpay.html*")
        page.locator("button[value=pay]").click()
    else:
        press(page)
    page.wait_for_url("**/register/created/", timeout=60_000)
    page.locator("main a.button").first.click()
    page.locator("#id_code").fill(sms(portal, declaration, "Ma kich hoat"))
    press(page)
    page.wait_for_url("**/activate/password/")
    for box in ("#id_password1", "#id_password2"):
        page.locator(box).fill(PASSWORD)
    page.locator("#id_terms").check()
    press(page)
    page.wait_for_url("**/application/capture/")


def scan(page: Page, declaration: Declaration) -> None:
    """A photograph of the QR on the card leaves nothing to type but where the code is sent."""
    text = f"{declaration.number}||{declaration.full_name}|17051990|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032022"
    code = io.BytesIO()
    qrcode.make(text).get_image().convert("RGB").save(code, "JPEG")
    with page.expect_navigation():
        page.locator("#id_photo").set_input_files(
            {"name": "q.jpg", "mimeType": "image/jpeg", "buffer": code.getvalue()}
        )
    for name in ("email", "phone"):
        page.locator(f"#id_{name}").fill(getattr(declaration, name))


def sms(portal: Portal, declaration: Declaration, word: str) -> str:
    return code_in(portal.until(lambda: texts(portal, word, declaration.phone), 90)[-1])


def show_the_card_and_the_face(page: Page) -> None:
    onward = page.get_by_role("link", name="Tiếp theo")
    for item in ("card-front", "card-back"):
        onward.tap()
        page.wait_for_url(f"**/capture/{item}/")
        if item == "card-front":  # whoever allowed the camera once is not asked for the other side
            page.get_by_role("button", name="Mở máy ảnh").tap()
        expect(page.locator(".say")).to_have_text("Ảnh rõ, đã nhận.", timeout=60_000)
    head = Face(FACE).drawn(near=0.3).convert("RGBA")
    head.putalpha(head.convert("L").point(lambda value: 255 if value > 3 else 0))
    png = io.BytesIO()
    head.save(png, "PNG")
    onward.tap()
    page.wait_for_url("**/capture/face/*")
    page.evaluate(INJECTED, "data:image/png;base64," + base64.b64encode(png.getvalue()).decode())
    page.get_by_role("button", name="Bắt đầu").tap()
    expect(page.get_by_role("button", name="Tiếp theo")).to_be_visible(timeout=90_000)
    page.get_by_role("button", name="Tiếp theo").tap()
    page.wait_for_url("**/application/contract/")


def sign_the_contract(page: Page, portal: Portal, declaration: Declaration) -> None:
    for box in ("#id_content", "#id_acts"):
        page.locator(box).check()
    page.get_by_role("button", name="Bắt đầu ký điện tử").click()
    page.wait_for_url("**/signature/")
    frame = page.locator("canvas").bounding_box()
    assert frame
    for place, (x, y) in enumerate(WAVE):
        page.mouse.move(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
        if place == 0:
            page.mouse.down()
        time.sleep(0.01)
    page.mouse.up()
    page.locator("[data-done]").click()
    page.wait_for_url("**/code/")
    page.get_by_role("button", name="Gửi mã qua SMS").click()
    page.wait_for_selector("#id_code")
    page.locator("#id_code").fill(sms(portal, declaration, "Ma ky hop dong"))
    page.get_by_role("button", name="Kết thúc").click()
    page.wait_for_url("**/application/pin/")


def make_the_pin(page: Page) -> None:
    page.locator("#pin").fill(PIN)
    page.locator("#pin-again").fill(PIN)
    page.locator("#biometric").check()
    page.get_by_role("button", name="Tiếp theo").click()
    page.wait_for_url("**/application/waiting/", timeout=60_000)


def decided_by_two(browser: Browser, portal: Portal, reference: str) -> None:
    """A reviewer and an approver at the desk, by keyboard."""
    for role in ("reviewer", "approver"):
        name = next(row[1] for row in DEMO_PEOPLE if row[3] == role)
        page = browser.new_page(base_url=portal.address, viewport={"width": 1440, "height": 900})
        page.set_default_timeout(30_000)
        page.goto("/demo/")
        with page.expect_navigation():
            page.get_by_role("row").filter(has_text=name).get_by_role("button", name="Vào").click()
        page.goto(f"/admin/kyc/case/?q={reference}")
        with page.expect_navigation():  # keys are heard once a page has loaded
            page.get_by_role("link", name=reference).first.click()
        painted(page)
        with page.expect_navigation():
            page.keyboard.press("n")
        while page.locator(
            "[name=flag-unchecked]"
        ).count():  # the machines are still at it, and may find more to answer
            page.wait_for_timeout(500)
            page.reload()
        painted(page)
        page.keyboard.press("d")
        with page.expect_navigation():
            answer_all(page)
        page.context.close()


def memory_of(pid: int) -> bytes:
    """Everything that a process may read and write at this moment."""
    held = []
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", 0) as file:
        for line in maps:
            span, rights, *_more = line.split()
            if rights.startswith("rw") and "[v" not in line:
                start, end = (int(edge, 16) for edge in span.split("-"))
                file.seek(start)
                try:
                    held.append(file.read(end - start))
                except OSError:
                    continue
    return b"".join(held)


def planted(content: bytes) -> bool:
    """The PIN by itself, in any of the ways that a string lies in memory; not as a part of a longer number."""
    for letters in (PIN.encode(), PIN.encode("utf-16-le"), PIN.encode("utf-32-le")):
        wide = len(letters) // len(PIN)
        at = content.find(letters)
        while at >= 0:
            before, after = content[max(0, at - wide) : at], content[at + len(letters) : at + len(letters) + wide]
            if before[:1] not in DIGITS and after[:1] not in DIGITS:
                return True
            at = content.find(letters, at + 1)
    return False


@pytest.mark.parametrize(("database", "plan"), [("sqlite", FREE), ("postgresql", PAID)])
def test_from_the_home_page_to_an_active_certificate(
    database: str,
    plan: str,
    portal: Portal,
    playwright: Playwright,
    chromium: Browser,
    cluster: PostgreSQL,
    tmp_path: Path,
) -> None:
    """Promise P11: the PIN was in the browser and, for a moment, in the signer; it is in no memory of the web, in no
    log, no Redis, no database. Promise P21: the whole way."""
    if database == "postgresql":
        portal.env["DATABASE_URL"] = cluster.url
    portal.start()
    declaration = a_declaration()
    with phone(playwright, portal, tmp_path) as page:
        count = counted(page)
        register(page, portal, declaration, plan)
        reference = page.locator("[data-reference]").evaluate("it => it.textContent")
        show_the_card_and_the_face(page)
        sign_the_contract(page, portal, declaration)
        make_the_pin(page)
        decided_by_two(chromium, portal, reference)
        page.wait_for_url("**/application/acceptance/", timeout=90_000)
        page.locator("#pin").fill("902417")
        page.get_by_role("button", name="Xác nhận ký số").click()
        expect(page.locator("[data-refused]")).to_contain_text("Còn 4 lần thử")
        if database == "sqlite":
            page.locator("#pin").fill(PIN)
            page.get_by_role("button", name="Xác nhận ký số").click()
        else:
            page.get_by_role("button", name="Ký bằng sinh trắc học").click()
        page.wait_for_url("**/certificate/", timeout=60_000)
        if plan == FREE:
            assert_little_is_asked(count)
        expect(page.locator(".certificate")).to_contain_text("Đang hoạt động")
        expect(page.locator(".certificate")).to_contain_text(declaration.full_name)
        checked(page, tmp_path)
    assert_the_pin_is_nowhere(portal, cluster)


def assert_the_pin_is_nowhere(portal: Portal, cluster: PostgreSQL) -> None:
    web = portal.children("granian")
    assert web
    for pid in [*web, *portal.children(" worker "), *portal.children("redis-server")]:
        assert not planted(memory_of(pid)), f"the PIN is in the memory of process {pid}"
    assert portal.stop() == 0
    cluster.stop()
    for path in [portal.log, *(portal.folder / "var").rglob("*"), *cluster.folder.rglob("*")]:
        if path.is_file() and "static" not in path.parts:
            assert not planted(path.read_bytes()), f"the PIN is in {path}"


def assert_little_is_asked(count: Count) -> None:
    """Of whoever has a card with a QR: few taps, little typing; and each page says what it is and what to do before anybody
    scrolls. A wrong PIN on the way is counted with the rest."""
    assert count.taps <= 45
    assert count.letters <= 110
    assert {path: top for path, top in count.titles.items() if top > 200} == {}
    assert {path: top for path, top in count.controls.items() if top > 800} == {}


def checked(page: Page, folder: Path) -> None:
    """Each document is downloaded and taken to the page that checks."""
    files = []
    for place in range(2):
        with page.expect_download() as saving:
            page.locator("a[href$='?keep']").nth(place).click()
        files.append(folder / f"{place}.pdf")
        saving.value.save_as(files[-1])
    for file in files:
        page.goto("/verify/")
        page.locator("#id_file").set_input_files(file)
        page.get_by_role("button", name="Kiểm tra").click()
        expect(page.locator(".notice.good")).to_contain_text("Mọi chữ ký trong tệp đều hợp lệ")
    page.goto("/certificate/")


def test_the_search_for_the_pin_would_find_it() -> None:
    """A search that finds nothing proves nothing unless it finds what is there."""
    kept = bytearray(f"pin={PIN};".encode())
    assert planted(memory_of(os.getpid()))
    assert planted(bytes(kept))
    assert planted("x738204y".encode("utf-16-le"))
    assert not planted(b"1738204")
    assert not planted(b"18:02:11.738204")
