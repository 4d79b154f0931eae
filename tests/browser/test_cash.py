"""Cash in Chromium: an agent's drawer from its opening to its count, the head's confirmation, slips on paper."""

import io

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pyhanko.pdf_utils.reader import PdfFileReader

from enrollment.orders.models import CashReceipt, Drawer, Refund
from enrollment.orders.steps import cash
from portal.accounts.roles import MINUTES
from portal.demo.people import current_code
from portal.models import Change, User
from tests.browser.conftest import look
from tests.browser.hands import Hands, enter, hands_of
from tests.browser.test_pages import only_english, speak
from tests.conftest import People
from tests.enrollment.conftest import Customer, at_payment
from tests.enrollment.orders.conftest import opens, order_of

pytestmark = [pytest.mark.django_db(transaction=True)]
ROLL = (226.8, 566.9)  # 80 mm × 200 mm in points


@pytest.fixture
def agent(staff: People) -> User:
    return staff("agent", full_name="Mai Mẫu Ta")


def seen(page: Page, language: str, path: str = "") -> None:
    look(page, path)
    if language == "en":
        only_english(page)


def sends(page: Page, hands: Hands, what: Locator) -> None:
    with page.expect_navigation():
        hands.press(what)


def size_of(pdf: bytes) -> tuple[int, float, float]:
    reader = PdfFileReader(io.BytesIO(pdf))
    sheets = reader.root["/Pages"]
    _left, _top, width, height = sheets["/Kids"][0]["/MediaBox"]
    return int(sheets["/Count"]), float(width), float(height)


def test_a_day_from_its_opening_to_the_heads_confirmation(
    page: Page, language: str, agent: User, staff: People
) -> None:
    enter(page, agent)
    speak(page, language)
    hands, main = hands_of(page), page.get_by_role("main")
    seen(page, language, "/counter/drawer/")
    hands.write(main.locator("#id_amount"), "500.000")
    sends(page, hands, main.locator("button.button"))
    seen(page, language)
    cash.receive(order_of(at_payment(Customer)), Drawer.objects.get(), 220_000, agent)
    sends(page, hands, main.locator("a[href='/counter/drawer/count/']"))
    seen(page, language)
    expect(main).not_to_contain_text("720")
    hands.write(main.locator("#id_of_200000"), "3")
    sends(page, hands, main.locator("button.button"))
    expect(main.locator("#id_words")).to_be_visible()
    seen(page, language)
    hands.write(main.locator("#id_words"), "Mẫu thử một hai")
    sends(page, hands, main.locator("button.button"))
    seen(page, language)
    head = staff("lead", full_name="Lê Mẫu Trưởng")
    page.context.clear_cookies()
    enter(page, head)
    speak(page, language)
    seen(page, language, "/counter/drawers/")
    sends(page, hands, main.get_by_role("link", name="Mai Mẫu Ta"))
    seen(page, language)
    with time_machine.travel(timezone.now() + MINUTES / 2):
        hands.write(main.locator("#id_code"), current_code(head))
        sends(page, hands, main.locator("button.button"))
    seen(page, language)
    assert Drawer.objects.get().status == "confirmed"


def test_what_is_given_back_is_asked_and_let_out(page: Page, language: str, agent: User, staff: People) -> None:
    walker, drawer = at_payment(Customer), opens(agent, 500_000)
    receipt = cash.receive(order_of(walker), drawer, 220_000, agent)
    walker.post("/application/cancel/")
    owed = Refund.objects.get()
    cash.ask_to_return(owed, drawer, agent, "Khách rời quầy hẳn")
    enter(page, staff("lead"))
    speak(page, language)
    look(page, f"/counter/drawers/refunds/{Change.objects.get().pk}/")
    look(page, f"/counter/drawer/receipts/{receipt.pk}/")


def test_a_slip_is_one_sheet_on_either_paper(page: Page, agent: User) -> None:
    receipt = cash.receive(order_of(at_payment(Customer)), opens(agent), 500_000, agent)
    enter(page, agent)
    look(page, f"/counter/drawer/receipts/{receipt.pk}/")
    expect(page.get_by_role("status").get_by_text("280.000 đ")).to_be_visible()
    count, width, height = size_of(page.pdf(prefer_css_page_size=True))
    assert (count, round(width), round(height)) == (1, 595, 842)
    look(page, f"/counter/drawer/receipts/{receipt.pk}/?paper=roll")
    count, width, height = size_of(page.pdf(prefer_css_page_size=True))
    assert count == 1
    assert (width, height) == pytest.approx(ROLL, abs=1)
    assert CashReceipt.objects.count() == 1
