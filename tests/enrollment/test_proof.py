"""A right code and the password chosen after it: the proof lasts ten minutes, for one number and one phone."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from enrollment.models import Application
from portal.models import User
from tests.enrollment.conftest import PASSWORD, Customer, code_sent
from tests.enrollment.test_activation import waiting, wrong

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_a_password_about_the_person_costs_no_second_code(customer: Customers) -> None:
    walker = waiting(customer)
    code = code_sent("activation_code")
    form = {"number": walker.declaration.number, "code": code, "terms": "on"}
    about = f"Aa!{walker.declaration.phone[-6:]}x"
    answer = walker.post("/activate/", {**form, "password1": about, "password2": about})
    assert "không được chứa họ tên" in answer.content.decode()
    assert 'name="code"' not in answer.content.decode()
    assert walker.activates(code).status_code == 302


def test_a_right_code_stays_right_when_the_password_is_refused(customer: Customers) -> None:
    """It said that there was no valid code. The password is asked for again, empty; the code is not."""
    walker = customer(full_name="Nguyễn Thị Phương").opens().chooses().declares().pays_nothing()
    form = {"number": walker.declaration.number, "code": code_sent("activation_code"), "terms": "on"}
    page = walker.post(
        "/activate/", {**form, "password1": "Phuong-xa#1234", "password2": "Phuong-xa#1234"}
    ).content.decode()
    assert "không được chứa họ tên" in page
    assert "Chưa có mã nào còn hiệu lực" not in page
    assert "Mã kích hoạt đúng" in page
    assert "Phuong-xa#1234" not in page
    assert walker.declaration.number in page
    again = walker.client.get("/activate/").content.decode()
    assert 'name="code"' not in again
    assert "Mã kích hoạt đúng" in again
    del form["code"]
    assert walker.post("/activate/", {**form, "password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    assert User.objects.get()


def test_after_a_wrong_code_nothing_but_the_passwords_is_lost(customer: Customers) -> None:
    walker = waiting(customer)
    page = walker.activates(wrong(code_sent("activation_code"))).content.decode()
    assert PASSWORD not in page
    assert walker.declaration.number in page
    assert re.search(r'name="terms"[^>]*checked', page)


def test_the_rules_stand_on_the_page_before_the_password_is_typed(client: Client) -> None:
    assert "Không chứa họ tên (từ 4 chữ cái), số giấy tờ" in client.get("/activate/").content.decode()


@pytest.mark.parametrize("minutes", [9, 11])
def test_a_right_code_is_good_for_ten_minutes_of_choosing_a_password(customer: Customers, minutes: int) -> None:
    walker = waiting(customer)
    form = {"number": walker.declaration.number, "code": code_sent("activation_code"), "terms": "on"}
    about = f"Aa!{walker.declaration.phone[-6:]}x"
    walker.post("/activate/", {**form, "password1": about, "password2": about})
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        walker.post("/activate/", {**form, "password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.exists() is (minutes < 10)


def test_a_proof_for_one_number_opens_no_other(customer: Customers) -> None:
    walker, other = waiting(customer), waiting(customer)
    code, about = code_sent("activation_code"), f"Aa!{other.declaration.phone[-6:]}x"
    form = {"code": code, "password1": about, "password2": about, "terms": "on"}
    walker.post("/activate/", {**form, "number": other.declaration.number})
    walker.post(
        "/activate/", {"number": walker.declaration.number, "password1": PASSWORD, "password2": PASSWORD, "terms": "on"}
    )
    assert not User.objects.exists()


def test_a_proof_ends_with_the_phone_it_was_for(customer: Customers) -> None:
    walker = waiting(customer)
    about = f"Aa!{walker.declaration.phone[-6:]}x"
    form = {"number": walker.declaration.number, "code": code_sent("activation_code"), "terms": "on"}
    walker.post("/activate/", {**form, "password1": about, "password2": about})
    Application.objects.update(phone_index="another")
    walker.post("/activate/", {**form, "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.exists()
