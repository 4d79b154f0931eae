"""A reviewer's hour without a mouse, and every page of the desk."""

import time

import pytest
from playwright.sync_api import Page, expect

from kyc.models import Case, Decision, Sample
from kyc.steps import checking
from tests.browser.conftest import look
from tests.browser.hands import answer_all, enter
from tests.browser.test_pages import only_english, speak
from tests.conftest import People
from tests.kyc.conftest import a_case, act, bare_case, to_approval

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reviewer_decides_file_after_file_without_a_mouse(page: Page, staff: People) -> None:
    """Promise P21, as far as the desk by keyboard."""
    reviewer = staff("reviewer")
    cases = [a_case(other=place > 0) for place in range(3)]
    checking.check_due()
    enter(page, reviewer)
    page.goto("/admin/kyc/case/")
    page.keyboard.press("n")
    for place, keys in enumerate((("d",), ("x", "Tab", "Tab", "Enter"), ("b",))):
        page.wait_for_url(f"**/{cases[place].pk}/change/")
        expect(page.locator(".views img").first).to_have_js_property("complete", True)
        page.keyboard.press("3")
        page.keyboard.press("r")
        for key in keys:
            if key == "Tab" and place == 1 and page.evaluate("document.activeElement.tagName") == "SELECT":
                page.keyboard.press("ArrowDown")
            page.keyboard.press(key)
        if place == 0:
            answer_all(page)
    page.locator("#item-card-front").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#item-card-front").evaluate("select => select.form.requestSubmit()")
    page.wait_for_url("**/admin/kyc/case/")
    assert list(Decision.objects.order_by("pk").values_list("act", flat=True)) == ["pass", "reject", "send-back"]


def test_escape_leaves_every_form_and_gives_the_focus_back(page: Page, staff: People) -> None:
    case = a_case()
    checking.check_due()
    reviewer = staff("reviewer")
    act(case, "take", reviewer)
    enter(page, reviewer)
    page.goto(f"/admin/kyc/case/{case.pk}/change/")
    for wide, high in ((1440, 900), (1280, 720)):
        page.set_viewport_size({"width": wide, "height": high})
        for summary in page.locator(".decide summary").all():
            page.locator("[data-view]").first.focus()
            page.keyboard.press(summary.get_attribute("data-key") or "")
            form = page.locator(".decide details[open] form")
            expect(form).to_be_visible()
            pictures, box = page.locator(".views").bounding_box(), form.bounding_box()
            assert pictures
            assert box
            assert box["x"] >= pictures["x"] + pictures["width"]  # beside them, never over them
            page.keyboard.press("Escape")
            expect(form).to_have_count(0)
            assert page.evaluate("document.activeElement.matches('[data-view]')")


def test_sixty_files_an_hour_with_every_flag_read(page: Page, staff: People) -> None:
    """What the machine takes of each minute: a person has the rest, some 45 seconds, to look and to think."""
    cases = [
        a_case(other=place > 0) for place in range(4)
    ]  # of which each has the others' address, and some their face
    checking.check_due()
    enter(page, staff("reviewer"))
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/admin/kyc/case/")
    page.keyboard.press("n")
    waits, keys = [], 0
    for place, case in enumerate(cases):
        page.wait_for_url(f"**/{case.pk}/change/")
        for warning in page.locator(".warnings li").all():  # all of it is on the first screen
            box = warning.bounding_box()
            assert box
            assert box["y"] + box["height"] <= 900
        page.keyboard.press("d")
        keys += 1 + answer_all(page)
        began = time.monotonic()
        page.wait_for_url(f"**/{cases[place + 1].pk}/change/" if place < 3 else "**/case/")
        page.wait_for_load_state("load")
        waits.append(time.monotonic() - began)
    print(f"machine time per file: {[round(wait, 2) for wait in waits]} s; keys per file: {keys / len(cases):.0f}")
    assert Decision.objects.filter(act="pass").count() == len(cases)


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
    done = bare_case()
    Sample.objects.create(case=done, expected="pass", decided_by=supervisor)
    Case.objects.filter(pk=done.pk).update(queue="closed")
    enter(page, reviewer)
    speak(page, language)
    for path in ("", f"{case.pk}/change/", f"sample/{Sample.objects.get().pk}/", "board/"):
        look(page, f"/admin/kyc/case/{path}")
        if language == "en":
            only_english(page)
    page.goto("/sign-out/")
    page.locator("main form button").first.click()
    enter(page, supervisor)
    speak(page, language)
    for path in ("case/?tab=held", "case/face-again/", "case/board/", "policy/", "policy/add/"):
        look(page, f"/admin/kyc/{path}")
