"""Declaring in a browser: what is typed, the old address, without JavaScript, and the card before the camera."""

from collections.abc import Callable
from pathlib import Path

import pytest
import qrcode
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import look, press_in_menu
from tests.browser.hands import begin
from tests.conftest import start_chromium
from tests.enrollment.conftest import a_declaration

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_typed_survives_a_reload_a_language_switch_and_a_second_tab(
    page: Page, context: BrowserContext
) -> None:
    declaration = a_declaration()
    begin(page)
    page.locator("#id_full_name").fill(declaration.full_name)
    expect(page.locator("[data-draft-said]")).to_contain_text(":")
    page.reload()
    assert page.locator("#id_full_name").input_value() == declaration.full_name
    page.locator("#id_address").fill("Thôn 6")
    with page.expect_navigation():
        press_in_menu(page, "English")
    assert page.locator("#id_address").input_value() == "Thôn 6"
    second = context.new_page()
    second.goto("/application/")
    assert second.url.endswith("/register/declaration/")
    assert second.locator("#id_address").input_value() == "Thôn 6"
    second.close()


def test_the_old_address_the_other_device_and_the_pages_around(page: Page) -> None:
    begin(page)
    page.locator("button[name=old-address]").click()
    page.wait_for_url("**/old-address/")
    page.locator("#id_query").fill("trà bùi, trà bồng")
    page.locator("main .actions button.button").click()
    look(page)
    page.locator("button[name=take]").last.click()
    page.wait_for_url("**/register/declaration/**")
    assert page.locator("#id_ward").input_value().startswith("Xã")
    for path in [
        "/application/other-device/",
        "/resume/",
        "/resume/here/",
        "/activate/again/",
        "/terms/",
        "/register/",
    ]:
        look(page, path)


def test_without_javascript_the_form_works(page: Page, context: BrowserContext) -> None:
    begin(page)
    assert context.browser
    plain = context.browser.new_context(
        java_script_enabled=False, storage_state=context.storage_state(), base_url=page.url.partition("/register")[0]
    )
    form, declaration = plain.new_page(), a_declaration()
    form.goto("/register/declaration/")
    for name in ("full_name", "number", "issued_by", "email", "phone", "address"):
        form.locator(f"#id_{name}").fill(getattr(declaration, name))
    form.locator("#id_birth_date").fill("17/05/1990")
    form.locator("#id_issued_on").fill("28/03/2022")
    form.locator("input[value=female]").check()
    form.locator("#id_province").select_option("51")
    form.locator("button[name=wards]").click()
    form.locator("#id_ward").select_option("21421")
    form.locator(".actions button.button").first.click()
    form.wait_for_url("**/check/")
    assert declaration.email in form.locator(".large").inner_text()
    plain.close()


@pytest.fixture
def camera(tmp_path: Path) -> Callable[[str], Path]:
    """A film of one picture, in the only format that the fake camera takes."""

    def film(text: str) -> Path:
        code = qrcode.make(text).get_image().convert("L").resize((560, 560))
        frame = Image.new("L", (1280, 720), 210)
        frame.paste(code, (360, 80))
        path = tmp_path / "card.y4m"
        grey = b"\x80" * (1280 * 720 // 2)
        path.write_bytes(b"YUV4MPEG2 W1280 H720 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + frame.tobytes() + grey) * 3)
        return path

    return film


def test_the_card_is_scanned_with_the_camera(
    playwright: Playwright, live_server: LiveServer, camera: Callable[[str], Path]
) -> None:
    declaration = a_declaration()
    film = camera(f"{declaration.number}||{declaration.full_name}|17051990|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032022")
    browser = start_chromium(
        playwright,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    page = browser.new_page(base_url=live_server.url.replace("127.0.0.1", "localhost"))
    begin(page)
    page.locator("[data-live]").click()
    expect(page.locator("#id_number")).to_have_value(declaration.number, timeout=20_000)
    assert page.locator("#id_birth_date").input_value() == "17/05/1990"
    assert page.locator("#id_sex input[value=female]").is_checked()
    assert page.locator("form[data-draft] .tag").count() == 11
    assert page.locator("#id_ward").input_value() == "Xã Mỏ Cày"
    assert page.locator("#id_address").input_value() == "Thôn 6"
    left = page.locator("form[data-draft] input[required]").evaluate_all(
        "boxes => boxes.filter(b => !b.value).map(b => b.name)"
    )
    assert left == ["email", "phone"]  # nothing else is left to be typed
    assert not page.locator("video").is_visible()
    browser.close()


def test_a_blocked_camera_says_what_to_do(page: Page) -> None:
    begin(page)
    page.locator("[data-live]").click()
    expect(page.locator("[data-scan] [data-said]")).to_contain_text("cho phép")


def test_what_follows_from_number_and_date_is_filled_in_where_nothing_stands(page: Page) -> None:
    begin(page)
    page.locator("#id_number").fill("079190123456")
    page.locator("#id_issued_on").fill("28032022")
    page.locator("#id_full_name").click()
    assert page.locator("input[name=sex][value=female]").is_checked()
    assert page.locator("#id_issued_by").input_value() == "Cục Cảnh sát quản lý hành chính về trật tự xã hội"
    page.locator("#id_issued_by").fill("Công an tỉnh")
    page.locator("#id_issued_on").fill("01/08/2024")
    page.locator("#id_full_name").click()
    assert page.locator("#id_issued_by").input_value() == "Công an tỉnh"
