"""The queue by its keys, and an open file that is told what happened to it."""

import pytest
from playwright.sync_api import Page, expect

from enrollment.steps import opening
from kyc import sifting
from kyc.models import Case, Remark
from tests.browser.conftest import look
from tests.browser.hands import enter
from tests.browser.test_pages import only_english, speak
from tests.conftest import People
from tests.kyc.conftest import act, bare_case
from tests.kyc.test_queue import changed

pytestmark = pytest.mark.django_db(transaction=True)
DESK = "/admin/kyc/case/"


def test_rows_are_walked_by_j_and_k_and_opened_by_enter(page: Page, staff: People) -> None:
    cases = [bare_case() for _case in range(3)]
    enter(page, staff("reviewer"))
    page.goto(DESK)
    for keys, place in (("j", 0), ("jj", 2), ("j", 2), ("k", 1)):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("[data-row]").nth(place)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{cases[1].pk}/change/")
    assert Case.objects.get(pk=cases[1].pk).holder is None  # opened, not taken


def test_whoever_has_a_file_open_is_told_of_a_withdrawal_within_seconds(page: Page, staff: People) -> None:
    reviewer, case = staff("reviewer"), bare_case()
    act(case, "take", reviewer)
    enter(page, reviewer)
    page.goto(f"{DESK}{case.pk}/change/")
    news = page.locator("[data-stands]")
    expect(news).to_be_hidden()
    opening.withdraw(case.application.consents.get(purpose="personal-data"))
    expect(news).to_contain_text("Khách đã rút hồ sơ")
    news.get_by_role("link").click()
    expect(page.locator(".withdrew")).to_contain_text("Không cần làm gì thêm")


def test_a_note_and_a_question_are_written_by_keys_alone(page: Page, staff: People) -> None:
    reviewer, case = staff("reviewer"), bare_case()
    act(case, "take", reviewer)
    enter(page, reviewer)
    page.goto(f"{DESK}{case.pk}/change/")
    page.keyboard.press("g")
    page.keyboard.type("Đã gọi, máy bận")
    page.locator("#words-note").evaluate("box => box.form.requestSubmit()")
    expect(page.locator(".remarks")).to_contain_text("Đã gọi, máy bận")
    page.keyboard.press("h")
    page.locator("#reason-question").select_option("own-will")
    page.locator("#reason-question").evaluate("box => box.form.requestSubmit()")
    page.wait_for_url(f"**{DESK}")
    assert list(Remark.objects.order_by("pk").values_list("kind", flat=True)) == ["note", "question"]


def test_the_queue_in_every_state(page: Page, language: str, staff: People) -> None:
    reviewer = staff("reviewer")
    for asking, flags in (("asked", "fail"), ("answered", "address face-near phone"), ("", "")):
        changed(bare_case(), asking=asking, flags=flags, language="en")
    sifting.save(reviewer, "VNPT Mẫu", {"flag": "any"})
    enter(page, reviewer)
    speak(page, language)
    for query in ("", "?tab=new&flag=any", "?tab=hold", "?tab=withdrawn"):
        look(page, DESK + query)
        if language == "en":
            only_english(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    look(page, DESK)
