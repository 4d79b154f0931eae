"""An agent's code, its poster and a counter's figures in Chromium: in both languages, at both widths, and on paper."""

import io
from datetime import timedelta

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect
from pyhanko.pdf_utils.reader import PdfFileReader

from enrollment.counter.models import Referral
from enrollment.journey import Step
from enrollment.models import Application
from portal.models import Branch, User
from tests.browser.conftest import look
from tests.browser.hands import enter
from tests.browser.test_pages import only_english, speak
from tests.conftest import People
from tests.enrollment.counter.test_counting import a_file

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def agent(staff: People) -> User:
    """With a week's work behind, and a customer at home."""
    agent = staff("agent", full_name="Mai Mẫu Ta")
    for day in range(5):
        a_file(agent, timezone.now() - timedelta(days=day), minutes=4 + day, step=Step.COMPLETE)
    sent = a_file(agent, timezone.now())
    Application.objects.filter(pk=sent.pk).update(
        channel="browser", referred_agent=agent, referred_branch=agent.branch, branch=None, agent=None
    )
    return agent


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_page_of_them_is_whole(language: str, page: Page, agent: User) -> None:
    enter(page, agent)
    speak(page, language)
    page.goto("/counter/")
    for name in ("referral", "referral/poster", "figures"):
        look(page, f"/counter/{name}/")
        if language == "en" and "poster" not in name:
            only_english(page)
    page.goto("/counter/figures/?span=week")
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    look(page)
    expect(
        page.get_by_role("main").get_by_role("link", name=Application.objects.earliest("pk").reference)
    ).to_be_visible()


def test_headquarters_goes_from_all_branches_to_a_file_by_links(page: Page, agent: User, staff: People) -> None:
    Branch.objects.create(name="VNPT Hai", province="02")
    enter(page, staff("supervisor"))
    look(page, "/counter/figures/?span=month")
    page.get_by_role("link", name="VNPT Mẫu").click()
    look(page)
    page.get_by_role("row", name="Mai Mẫu Ta").get_by_role("link").first.click()
    look(page)
    page.get_by_role("main").get_by_role("rowheader").first.get_by_role("link").click()
    assert "/admin/enrollment/application/" in page.url


def test_a_poster_is_one_sheet_that_a_phone_reads(page: Page, agent: User) -> None:
    Branch.objects.update(
        address="Số 1234 đường Mẫu Rất Dài Ở Phường Mẫu Còn Dài Hơn, tỉnh Thanh Hóa", hours="7:30–17:00"
    )
    enter(page, agent)
    page.goto("/counter/referral/poster/")
    drawn = Image.open(io.BytesIO(page.locator(".poster").screenshot()))
    [code] = zxingcpp.read_barcodes(drawn)
    assert code.text.endswith(f"/register/?ref={Referral.objects.get().code}")
    sheets = PdfFileReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert sheets.root["/Pages"]["/Count"] == 1
