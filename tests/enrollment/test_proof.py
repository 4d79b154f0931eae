"""A right code and the password chosen after it: the code opens ten minutes, for one number and phone, in one browser."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from enrollment.models import Application
from portal.models import Code, User
from tests.enrollment.conftest import PASSWORD, Customer, code_sent
from tests.enrollment.test_activation import waiting, wrong

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def opened(customer: Customers, **differently: str) -> Customer:
    walker = customer(**differently).opens().chooses().declares().pays_nothing()
    assert walker.enters().headers["Location"] == "/activate/password/"
    return walker


def test_the_code_is_asked_for_alone_and_a_wrong_one_costs_nothing_else(customer: Customers) -> None:
    walker = waiting(customer)
    for page in (
        walker.client.get("/activate/").content.decode(),
        walker.enters(wrong(code_sent("activation_code"))).content.decode(),
    ):
        assert "password" not in re.findall(r'type="(\w+)"', page)
        assert walker.declaration.number in page
    assert walker.client.get("/activate/password/").headers["Location"] == "/activate/"


def test_a_right_code_leads_to_the_password_and_is_used_up(customer: Customers) -> None:
    walker = opened(customer)
    assert not Code.objects.filter(live=True).exists()
    page = walker.client.get("/activate/password/").content.decode()
    assert "Mã kích hoạt đúng" in page
    assert walker.declaration.number in page
    assert 'name="code"' not in page
    assert "Không chứa họ tên (từ 4 chữ cái), số giấy tờ" in page  # the rules, before it is typed
    assert walker.client.get("/activate/").headers["Location"] == "/activate/password/"
    assert walker.client.get("/activate/?another").status_code == 200


def test_a_right_code_stays_right_when_the_password_is_refused(customer: Customers) -> None:
    walker = opened(customer, full_name="Nguyễn Thị Phương")
    for refused in ("Phuong-xa#1234", f"Aa!{walker.declaration.phone[-6:]}x", "ngan"):
        page = walker.picks(refused).content.decode()
        assert "data-errors" in page
        assert refused not in page
    assert walker.picks(password2="Khac#2026").status_code == 200
    assert walker.picks(terms="").status_code == 200
    assert walker.picks().status_code == 302
    assert User.objects.get().check_password(PASSWORD)


def test_what_a_code_opened_is_open_in_no_other_browser(customer: Customers) -> None:
    walker, other = opened(customer), customer()
    other.declaration = walker.declaration
    assert other.picks().headers["Location"] == "/activate/"
    assert other.enters().status_code == 200  # used up
    assert not User.objects.exists()


def test_the_session_is_another_after_a_right_code(customer: Customers) -> None:
    """Nobody who knew the session before can choose the password."""
    walker = waiting(customer)
    before = walker.client.session.session_key
    walker.enters()
    assert walker.client.session.session_key != before


@pytest.mark.parametrize("minutes", [9, 11])
def test_a_right_code_is_good_for_ten_minutes_of_choosing_a_password(customer: Customers, minutes: int) -> None:
    walker = opened(customer)
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        walker.picks()
    assert User.objects.exists() is (minutes < 10)


def test_a_newer_code_ends_what_the_older_one_opened(customer: Customers) -> None:
    walker = opened(customer)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        customer().post("/activate/again/", {"number": walker.declaration.number})
        assert walker.picks().headers["Location"] == "/activate/"
        assert not User.objects.exists()
        assert walker.activates().status_code == 302


def test_a_proof_ends_with_the_phone_it_was_for(customer: Customers) -> None:
    walker = opened(customer)
    Application.objects.update(phone_index="another")
    walker.picks()
    assert not User.objects.exists()


def test_a_password_is_chosen_once(customer: Customers) -> None:
    walker = opened(customer)
    walker.picks()
    assert walker.picks("Sen-vang#2027").headers["Location"] == "/activate/"
    assert User.objects.get().check_password(PASSWORD)
