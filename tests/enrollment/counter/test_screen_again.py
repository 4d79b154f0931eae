"""Whoever has an account by now comes back to the second screen with its password."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from enrollment.journey import Channel, Step
from enrollment.models import Application
from portal.demo.people import totp_secret
from portal.models import DataKey
from tests.conftest import PASSWORD
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.counter.test_screen import OVER, closed_links

pytestmark = pytest.mark.django_db


@pytest.fixture
def handed_over(desk: Desk) -> Desk:
    return desk.opens().declares().at_screen().lets_in().agrees().hands_over()


def return_ticket(desk: Desk) -> str:
    desk.post("invite/", {"qr": "1"})
    ticket: str = desk.client.session[f"counter return ticket {desk.application.pk}"]
    return ticket


def test_whoever_has_an_account_comes_back_by_the_password(handed_over: Desk) -> None:
    """Without a phone of one's own there is no other way to what comes after the review."""
    browser = handed_over.activates().client
    browser.get(OVER)
    ticket = return_ticket(handed_over)
    page = browser.get(f"/screen/back/?t={ticket}")
    assert handed_over.user.full_name in page.content.decode()
    assert closed_links(page) == set()
    wrong = handed_over.theirs("/back/", {"t": ticket, "password": "Hoa-sen#2025"})
    assert "còn 4 lần thử" in wrong.content.decode()
    answer = handed_over.theirs("/back/", {"t": ticket, "password": PASSWORD})
    assert answer.headers["Location"] == "/screen/application/contract/"
    assert browser.get("/screen/application/contract/").status_code == 200
    assert Client().get(f"/screen/back/?t={ticket}").status_code == 410
    assert browser.get("/account/").context["user"].roles == ["agent"]
    handed_over.post("invite/", {"end": "1"})
    assert browser.get("/screen/application/contract/").headers["Location"] == OVER


def test_a_second_factor_is_for_a_device_of_ones_own(handed_over: Desk) -> None:
    user = handed_over.activates().application.user
    assert user
    TOTP.activate(user, totp_secret(user))
    ticket = return_ticket(handed_over)
    assert handed_over.theirs("/back/", {"t": ticket, "password": PASSWORD}).headers["Location"] == OVER
    assert handed_over.client.get("/screen/application/contract/").headers["Location"] == OVER


def test_no_ticket_to_come_back_lets_in_whoever_has_no_account(handed_over: Desk) -> None:
    assert handed_over.client.get(f"/screen/back/?t={handed_over.ticket()}").status_code == 410
    ticket = return_ticket(handed_over.lets_in().activates())
    assert Client().get(f"/invited/?t={ticket}").status_code == 410
    assert Client().get(f"/back/?t={ticket}").status_code == 404


def test_the_screen_holds_the_application_invited_for_and_no_other_of_its_owners(handed_over: Desk) -> None:
    """On a device of their own another that is open comes first."""
    phone = Client()
    user = handed_over.activates().application.user
    assert user
    phone.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    another = Application.objects.create(
        channel=Channel.ANOTHER, step=Step.PLAN, reached=Step.PLAN, user=user, data_key=DataKey.make()
    )
    assert phone.get("/application/landing/").headers["Location"] == "/register/plan/"
    assert handed_over.client.get("/screen/application/landing/").headers["Location"] == "/screen/application/contract/"
    handed_over.client.get(OVER)
    assert Application.objects.get(pk=another.pk).step == Step.PLAN
