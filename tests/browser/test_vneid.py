"""From VNeID to an active certificate and back to VNeID, as guides 3 and 5 go, in their words; and what may come between."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import linking
from kyc.steps import capture
from portal.models import User
from signing.steps import issuance, performing, sealing
from tests.browser.conftest import look
from tests.browser.hands import Hands, Keyboard, Mouse, Thumb, at_work, code_in, enter, text_to
from tests.browser.test_pages import only_english, speak
from tests.browser.test_signing import _signer, deciders
from tests.conftest import PASSWORD, People
from tests.enrollment.citizens import PHONE, VAN, Simulator, vneid_at_work
from tests.kyc.conftest import given
from tests.signing.conftest import PIN, again, onward

__all__ = ["_signer", "deciders"]
pytestmark = pytest.mark.django_db(transaction=True)
on_a_phone = pytest.mark.parametrize("context", ["phone"], indirect=True)
at_a_desk = pytest.mark.parametrize("context", ["desk"], indirect=True)


@pytest.fixture
def simulator(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """It knows this portal by its address, and the portal's pages may send a browser to it."""
    monkeypatch.setattr(settings, "SITE_URL", live_server.url.replace("127.0.0.1", "localhost"))
    with vneid_at_work(monkeypatch) as vneid:
        policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        monkeypatch.setitem(policy, "form-action", ["'self'", vneid.origin])
        yield vneid


class Walk:
    """One citizen in one browser, pressing what the guides name."""

    def __init__(self, page: Page, simulator: Simulator, hands: Hands, language: str = "vi") -> None:
        self.page, self.simulator, self.hands, self.language = page, simulator, hands, language
        self.main = page.get_by_role("main")

    def words(self, label: str) -> str:
        with translation.override(self.language):
            return translation.gettext(label)

    def sees(self, path: str, heading: str = "") -> None:
        self.page.wait_for_url(f"**{path}")
        if heading:
            expect(self.page.get_by_role("heading", level=1)).to_have_text(self.words(heading))
        look(self.page)
        if self.language == "en":
            only_english(self.page)

    def presses(self, label: str) -> None:
        words = self.words(label)
        link, button = (self.main.get_by_role(role, name=words, exact=True) for role in ("link", "button"))
        self.hands.press(link.or_(button).first)

    def ticks(self, *boxes: str) -> None:
        for box in boxes:
            self.hands.press(self.page.locator(box))

    def writes(self, text: str, *boxes: str) -> None:
        for box in boxes:
            self.hands.write(self.page.locator(box), text)

    def writes_the_code(self) -> None:
        self.page.wait_for_selector("#id_code")
        self.writes(code_in(text_to(PHONE, "VNPT SmartCA")), "#id_code")

    # ── In VNeID ──

    def signs_in(self) -> None:
        self.hands.press(self.page.locator(f"button[value='{VAN}']"))

    def agrees(self, following: str) -> None:
        self.presses("VNPT SmartCA")
        self.sees("/consent", "Xác nhận việc đăng ký")
        self.presses("Tiếp tục")
        expect(self.page.get_by_role("alert")).to_be_visible()
        look(self.page)
        self.ticks("[name=agree]")
        self.presses("Tiếp tục")
        self.sees("/sharing", "Chia sẻ dữ liệu cá nhân")
        self.ticks("[name=agree]")
        self.presses("Xác nhận")
        self.sees(following)

    def asks(self) -> None:
        """Guide 5, steps 1 to 9."""
        self.page.goto(self.simulator.origin)
        if self.language == "en":
            self.page.get_by_role("link", name="English").click()
        self.sees("/", "Đăng nhập VNeID")
        self.signs_in()
        self.sees("/", "VNeID")
        for label, path in (
            ("Dịch vụ khác", "/services"),
            ("Chứng thư chữ ký số", "/certificates"),
            ("Đăng ký chứng thư chữ ký số", "/register"),
            ("Đăng ký chứng thư chữ ký số", "/issuers"),
        ):
            self.presses(label)
            self.sees(path)
        self.agrees("/sent")
        self.presses("Điều hướng ngay")

    def comes_from_vneid_to(self, path: str) -> None:
        """Guide 3, step 3, and guide 5, step 10."""
        self.page.goto(f"{self.simulator.origin}/register")
        self.presses("Truy cập ứng dụng VNPT SmartCA")
        self.page.wait_for_url(f"**{path}")

    # ── In the portal ──

    def opens_an_account(self) -> None:
        """Guide 5, step 11."""
        self.sees("/vneid/introduced/", "Thông tin đã nhận từ VNeID")
        self.presses("Tiếp tục")
        self.sees("/register/declaration/")
        self.writes(PHONE, "#id_phone")
        self.presses("Tiếp theo")
        self.sees("/register/declaration/check/")
        self.presses("Đúng, tiếp tục")
        self.sees("/activate/")
        self.writes_the_code()
        self.presses("Xác nhận")
        self.sees("/activate/password/")
        self.writes("van.mau@example.vn", "#id_email")
        self.writes(PASSWORD, "#id_password1", "#id_password2")
        self.ticks("#id_terms")
        self.presses("Tiếp tục")
        self.sees("/register/plan/", "Chọn gói chứng thư số")

    def chooses(self) -> None:
        """Guide 5, step 12."""
        self.ticks("input[value=ps0-cong-dan]")
        self.presses("Tiếp tục")
        self.sees("/register/payment/")
        self.hands.press(self.main.locator("form button.button").first)
        self.sees("/application/capture/")

    def shows_the_face(self) -> None:
        """The camera is tried where it is at home (test_evidence)."""
        capture.give(self.application, {"face": given()["face"]})
        self.page.reload()
        self.presses("Tiếp theo")

    def signs_the_contract(self) -> None:
        """Guide 5, step 13."""
        self.sees("/application/contract/", "Ký hợp đồng điện tử")
        self.ticks("#id_content", "#id_acts")
        self.presses("Bắt đầu ký điện tử")
        self.sees("/application/contract/signature/")
        self.draws()
        self.presses("Tiếp tục")
        self.sees("/application/contract/code/")
        self.presses("Gửi mã qua SMS")
        self.writes_the_code()
        self.presses("Kết thúc")
        self.sees("/application/waiting/")

    def draws(self) -> None:
        box = self.page.locator("canvas").bounding_box()
        assert box
        for place in range(24):
            x, y = box["x"] + box["width"] * (0.1 + place / 30), box["y"] + box["height"] * (0.3 + place % 5 / 10)
            self.page.mouse.move(x, y)
            if not place:
                self.page.mouse.down()
            self.page.wait_for_timeout(10)
        self.page.mouse.up()

    def activates(self) -> None:
        """Guide 5, step 14."""
        self.page.goto("/application/")
        self.sees("/application/pin/")
        self.writes(PIN, "#pin", "#pin-again")
        self.presses("Tiếp theo")
        self.sees("/vneid/confirmation/", "Xác nhận bằng mã OTP")
        self.writes_the_code()
        self.presses("Tiếp theo")
        self.sees("/application/acceptance/", "Ký biên bản nghiệm thu")
        self.writes(PIN, "#pin")
        self.presses("Xác nhận ký số")
        self.sees("/certificate/")

    def reads_in_vneid(self, state: str) -> None:
        """Guide 3, step 6."""
        self.page.goto(f"{self.simulator.origin}/certificates")
        self.presses("Kiểm tra thông tin chứng thư số")
        self.sees("/information")
        expect(self.page.locator(".state")).to_have_text(self.words(state))

    @property
    def application(self) -> Application:
        return again(Application.objects.get())


def test_from_vneid_to_an_active_certificate(
    page: Page, language: str, simulator: Simulator, deciders: tuple[User, User]
) -> None:
    page.emulate_media(color_scheme="light" if language == "vi" else "dark")
    speak(page, language)
    look(page, "/vneid/")
    walk = Walk(page, simulator, Thumb() if language == "vi" else Mouse(), language)
    walk.asks()
    walk.opens_an_account()
    walk.comes_from_vneid_to("/register/plan/")
    walk.chooses()
    walk.shows_the_face()
    walk.signs_the_contract()
    sealing.seal_due()
    onward(walk.application, Step.PIN, deciders)
    walk.reads_in_vneid("Chờ người dùng kích hoạt")
    with at_work(performing.perform_due, issuance.issue_due):
        walk.activates()
    for _report in range(5):
        linking.deliver()
    walk.reads_in_vneid("Thành công")
    [registration] = simulator.services.world.registrations.values()
    assert registration.state == linking.DONE


@at_a_desk
def test_from_our_own_page_over_vneid_to_an_account_by_keyboard_alone(page: Page, simulator: Simulator) -> None:
    walk = Walk(page, simulator, Keyboard())
    page.goto("/vneid/")
    walk.presses("Sang VNeID")
    walk.signs_in()
    walk.agrees("/vneid/introduced/")
    walk.opens_an_account()
    assert walk.application.user


@on_a_phone
def test_while_vneid_is_away_the_page_waits_and_goes_on_when_it_is_back(page: Page, simulator: Simulator) -> None:
    walk = Walk(page, simulator, Thumb())
    page.goto("/vneid/")
    walk.presses("Sang VNeID")
    walk.signs_in()
    page.wait_for_url("**/issuers")
    agreed = page.request.post(f"{simulator.origin}/sharing", form={"agree": "on"}, max_redirects=0)
    with simulator.away():
        page.goto(agreed.headers["location"])
        walk.sees("/vneid/waits/", "VNeID chưa trả lời")
        walk.presses("Thử lại ngay")
        walk.sees("/vneid/waits/", "VNeID chưa trả lời")
    walk.presses("Thử lại ngay")
    walk.sees("/vneid/introduced/", "Thông tin đã nhận từ VNeID")


@on_a_phone
def test_whoever_is_signed_in_is_not_made_somebody_else(page: Page, simulator: Simulator, person: People) -> None:
    enter(page, person())
    walk = Walk(page, simulator, Thumb())
    page.goto("/vneid/")
    walk.presses("Sang VNeID")
    walk.signs_in()
    walk.agrees("/vneid/introduced/")
    walk.sees("/vneid/introduced/", "Không phải tài khoản đang đăng nhập")
    expect(walk.main).not_to_contain_text("MẪU VÂN")
    assert not Application.objects.exists()
