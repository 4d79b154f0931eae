"""The demo's desk, ribbon and tour, as a newcomer uses them."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from enrollment import seeds as enrollment_seeds
from enrollment.journey import Step
from enrollment.models import Application
from kyc.models import Case
from portal import outbox, seeds
from portal.models import User
from tests.browser.conftest import look

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _seeded(db: None) -> None:
    seeds.seed()
    enrollment_seeds.seed()


def goes_on(page: Page, said: str) -> None:
    """By the ribbon alone."""
    with page.expect_navigation():
        page.locator(".ribbon form button").click()
    expect(page.locator(".ribbon strong")).to_contain_text(said)


def test_the_tour_is_walked_by_the_ribbon_alone(page: Page) -> None:
    page.goto("/demo/")
    with page.expect_navigation():
        page.get_by_role("button", name="Bắt đầu tham quan").click()
    look(page)
    expect(page.locator(".ribbon strong")).to_contain_text("1/5")
    page.goto("/")  # the page of a step that is over goes on by itself
    application = Application.objects.get(is_demo=True, step=Step.CAPTURE)
    Application.objects.update(step=Step.REVIEW)
    case = Case.objects.create(application=application, due_at=timezone.now())
    page.reload()
    goes_on(page, "2/5 · Thẩm định hồ sơ")
    assert page.url.endswith(f"/admin/kyc/case/{case.pk}/change/")
    Case.objects.update(queue=Case.Queue.APPROVAL)
    page.reload()
    goes_on(page, "3/5 · Duyệt hồ sơ")
    page.goto("/demo/")
    expect(page.locator(".stops [aria-current=step]")).to_contain_text("Duyệt hồ sơ")


def test_the_table_is_filtered_while_one_types_and_a_new_code_shows_in_the_ribbon(page: Page) -> None:
    page.goto("/demo/")
    rows = page.locator(".everybody tbody tr:visible")
    page.get_by_role("searchbox").fill("mau giang")
    expect(rows).to_have_count(1)
    page.locator("[name=role]").select_option("approver")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("Không có ai như vậy")).to_be_visible()
    page.locator("[name=role]").select_option("")
    with page.expect_navigation():
        rows.locator("form button").click()
    page.goto("/account/")
    expect(page.locator("[data-code]")).to_be_hidden()
    user = User.objects.get(username=User.username_for("001188000031"))
    outbox.post("portal/messages/password_reset", ["135790", "15"], user, intent="demo")
    outbox.deliver()
    expect(page.locator("[data-code]")).to_contain_text("135790")
    expect(page.locator(".news a")).to_contain_text("1")
    look(page, "/demo/inbox/")
