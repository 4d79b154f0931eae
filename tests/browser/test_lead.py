"""What the head of a counter sees, and what an agent reads where it does not go straight on, in a browser."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from enrollment.counter.models import Attestation
from enrollment.counter.steps import serving
from enrollment.models import Application
from enrollment.steps import declaration, recognition
from portal.models import User
from tests.browser.conftest import look
from tests.browser.hands import enter
from tests.browser.test_pages import only_english, speak
from tests.conftest import People
from tests.enrollment.conftest import a_declaration

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("SHOTS", "")


def a_file(agent: User, phone: str, step: str = "handover") -> Application:
    assert agent.branch
    application = serving.open_for(agent.branch, agent, language="vi")
    changes = application.as_declared(a_declaration(phone=phone))
    Application.objects.filter(pk=application.pk).update(step=step, reached=step, moves=3, **changes)
    return Application.objects.get(pk=application.pk)


def seen(page: Page, language: str, *paths: str) -> None:
    page.emulate_media(color_scheme="light" if language == "vi" else "dark")
    speak(page, language)
    for width, height in ((390, 844), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        for path in paths:
            look(page, path)
            if language == "en":
                only_english(page)
            if SHOTS:
                name = path.strip("/").replace("/", "-")
                page.screenshot(path=f"{SHOTS}/{name}-{width}-{language}.png", full_page=True)


def test_the_pages_of_a_counters_head(page: Page, staff: People, language: str) -> None:
    agent, lead = staff("agent", full_name="Phạm Thị Mẫu Chi"), staff("lead", full_name="Phạm Văn Mẫu Đầu")
    for phone in ("0912000001", "0912000001", "0912000002"):
        a_file(agent, phone)
    yesterday = timezone.now() - timedelta(days=1)
    row = Attestation(
        application=a_file(agent, "0912000003"), seen="", agent=agent, branch=agent.branch, version="1", at=yesterday
    )
    row.mac = row.mac_of_row
    row.save()
    enter(page, lead)
    seen(page, language, "/counter/lead/", f"/counter/lead/recheck/{row.pk}/")


def test_where_it_does_not_go_straight_on(page: Page, staff: People, language: str) -> None:
    agent = staff("agent", full_name="Phạm Thị Mẫu Chi")
    elsewhere = a_file(staff("agent"), "0912000001", "consent")
    assert agent.branch
    begun, declared = serving.open_for(agent.branch, agent, language="vi"), elsewhere.declaration
    assert declared
    declaration.keep_draft(begun, {recognition.CARD_READ: declared.number})
    begun.refresh_from_db()
    Application.objects.filter(pk=begun.pk).update(agent=agent)
    recognition.tell(begun, declared.number)
    enter(page, agent)
    at = f"/counter/{elsewhere.reference}"
    seen(page, language, f"/counter/{begun.reference}/known/", f"{at}/", f"{at}/slip/")
