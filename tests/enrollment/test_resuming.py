"""Coming back on another device."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.models import Event, Message
from tests.enrollment.conftest import Customer, code_sent

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_reference_and_code_bring_one_to_where_one_left(customer: Customers) -> None:
    walker, other = customer().opens().chooses().declares(), Client()
    reference = walker.application.reference
    other.post("/resume/", {"reference": f" {reference[:4].lower()} {reference[4:]}"})
    answer = other.post("/resume/code/", {"code": code_sent("resume_code")})
    assert answer.headers["Location"] == "/register/payment/"
    assert other.get("/register/payment/").status_code == 200
    assert Event.objects.filter(verb="application resumed").exists()


def test_a_draft_goes_by_the_phone_typed_so_far(customer: Customers) -> None:
    walker, other = customer().opens().chooses(), Client()
    walker.post("/register/declaration/draft/", {"full_name": "Lý Thị Mẫu", "phone": "0912 345 678"})
    other.post("/resume/", {"reference": walker.application.reference})
    other.post("/resume/code/", {"code": code_sent("resume_code")})
    assert "Lý Thị Mẫu" in other.get("/register/declaration/").content.decode()


def test_an_unknown_reference_gets_the_same_answer_and_nobody_a_message(customer: Customers) -> None:
    known, unknown = customer().opens().chooses().declares().application.reference, "ZZZZ2222"
    pages = []
    for reference in (known, unknown):
        client = Client()
        assert client.post("/resume/", {"reference": reference}).status_code == 302
        page = client.post("/resume/code/", {"code": "000000"}).content.decode()
        pages.append(re.sub(r'value="[A-Za-z0-9]{64}"', "", page))
    assert pages[0] == pages[1]
    assert Message.objects.filter(template="enrollment/messages/resume_code").count() == 1


def test_whoever_has_an_account_signs_in_instead(customer: Customers) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    reference = walker.application.reference
    walker.activates()
    Client().post("/resume/", {"reference": reference})
    assert not Message.objects.filter(template="enrollment/messages/resume_code").exists()


@pytest.mark.parametrize("with_account", [False, True])
def test_a_code_asked_for_before_the_account_opens_nothing_after_it(customer: Customers, with_account: bool) -> None:
    walker, other = customer().opens().chooses().declares().pays_nothing(), Client()
    other.post("/resume/", {"reference": walker.application.reference})
    code = code_sent("resume_code")
    if with_account:
        walker.activates()
    other.post("/resume/code/", {"code": code})
    assert ("application" in other.session) is not with_account


def test_a_browser_that_gains_an_application_gets_a_new_session(customer: Customers) -> None:
    walker = customer()
    walker.client.get("/register/")
    session: Any = walker.client.session
    session["planted"] = "x"
    session.save()
    walker.client.cookies["sessionid"] = session.secret
    walker.opens()
    assert walker.client.session.session_key != session.session_key


def test_a_shared_phone_can_forget_it(customer: Customers) -> None:
    walker = customer().opens().chooses()
    application = walker.application
    walker.post("/application/forget/")
    assert walker.client.get("/application/").headers["Location"].startswith("/sign-in/")
    application.refresh_from_db()
    assert application.step == "declaration"


def test_whoever_is_signed_in_is_told_before_a_code_is_spent(customer: Customers) -> None:
    walker, other = customer().opens().chooses().declares().pays_nothing(), customer().opens().chooses().declares()
    walker.activates()
    for path in ("/resume/", "/resume/code/", "/resume/here/"):
        answer = walker.client.get(path)
        assert answer.status_code == 409
        assert "đăng xuất" in answer.content.decode()
    assert other.application.user is None
