"""A desk without a camera and a phone, each in a browser of its own, and what each shows of the other."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps.pairing import Errand
from kyc.steps import capture
from tests.browser.conftest import look
from tests.browser.hands import enter
from tests.conftest import People
from tests.kyc.conftest import an_application, given

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the QRs say: nothing here can read one from a screen."""
    offered, offer = list[str](), Errand.offer

    def heard(errand: Errand, application: Application, before: str) -> str:
        offered.append(offer(errand, application, before))
        return offered[-1]

    monkeypatch.setattr(Errand, "offer", heard)
    return offered


def follows(asked: Route) -> None:
    """As a script that asks by itself: no click, which would keep somebody signed in for ever."""
    assert asked.request.headers["accept"] == "application/json"
    asked.continue_()


def test_two_devices_follow_each_other_through_the_capture(
    page: Page, chromium: Browser, person: People, tickets: list[str]
) -> None:
    application = an_application(user=person())
    assert application.user
    enter(page, application.user)
    look(page, "/application/capture/")
    page.route("**/status/", follows)
    page.get_by_role("link", name="Chụp bằng điện thoại").click()  # beside its QR on a wide screen, below on a phone
    look(page)
    expect(page.locator("svg.qr")).to_be_visible()
    phone = chromium.new_page(viewport={"width": 390, "height": 844})
    phone.route("**/status/", follows)
    phone.goto(f"{page.evaluate('location.origin')}/application/capture/phone/open/?t={tickets[-1]}")
    look(phone)
    phone.get_by_role("button", name="Tiếp tục").click()
    code = phone.locator(".secret .copy > span").first.inner_text()
    look(phone)
    page.get_by_label("Mã đang hiện trên điện thoại").fill(code)  # the desk came to it by itself
    look(page)
    page.get_by_role("button", name="Kết nối").click()
    expect(page.get_by_text("Điện thoại đã kết nối")).to_be_visible()
    look(page)
    phone.wait_for_url("**/application/capture/")
    capture.give(application, given())
    phone.reload()
    phone.get_by_role("button", name="Tiếp theo").click()
    expect(phone.get_by_role("heading", name="Điện thoại này đã xong việc")).to_be_visible()
    look(phone)
    page.wait_for_url("**/application/contract/**")
    application.refresh_from_db()
    assert application.step == Step.CONTRACT
    phone.close()
