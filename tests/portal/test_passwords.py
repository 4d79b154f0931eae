"""What a password must be, and how one is changed."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.test import Client

from portal.accounts import passwords
from portal.accounts.signing_in import AccountAdapter
from portal.models import User
from tests.conftest import PASSWORD, People

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
NEW = "Trang-sang#77"


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Ab1#xyz", "8 đến 30"),
        ("Ab1#" + "x" * 27, "8 đến 30"),
        ("hoa-sen#2026", "in hoa"),
        ("HOA-SEN#2026", "in thường"),
        ("Hoa-sen#abcd", "chữ số"),
        ("HoaSen2026xx", "đặc biệt"),
        ("Hoa sen#2026", "khoảng trắng"),
        ("Hoa-sén#2026", "Không dấu"),
        ("P@ssw0rd!", "phổ biến"),
        ("Password@123", "phổ biến"),
        ("Qwerty#123456", "phổ biến"),
        ("Tran-Thi#2026", "họ tên"),
        ("Ok#tranthimautrang1", "họ tên"),
        ("Aa#0912345678", "họ tên"),
    ],
)
def test_a_weak_password_is_refused_with_what_it_lacks(password: str, missing: str, person: People) -> None:
    user = person(phone="0912345678", full_name="Trần Thị Mẫu Trăng")
    with pytest.raises(ValidationError) as no:
        validate_password(password, user)
    assert missing in " ".join(no.value.messages)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Nguyễn Thị Hòa", "Hoa@1234"),
        ("Lê Văn An", "An-nhien@26"),
        ("Đỗ Mỹ Ái", "My-ai@2026"),
        ("H'Hen Niê", "Nie@1234"),
    ],
)
def test_the_guides_own_example_is_good_for_its_own_person(name: str, password: str, person: People) -> None:
    validate_password(password, person(full_name=name))


@pytest.mark.parametrize("password", ["Phuong@1234", "Aa1#nguyenthihoaphuong"])
def test_a_longer_part_of_the_name_or_all_of_it_is_refused(password: str, person: People) -> None:
    with pytest.raises(ValidationError, match="họ tên"):
        validate_password(password, person(full_name="Nguyễn Thị Hòa Phượng"))


@pytest.mark.parametrize("password", ["Hoa@1234", PASSWORD, NEW, "Xem-Qua#2026", "Trang-sang#77"])
def test_a_good_password_is_taken(password: str, person: People) -> None:
    validate_password(password, person())


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_device(person: People, signed_in: Enter) -> None:
    user = person()
    this_device, elsewhere = signed_in(user), signed_in(user)
    this_device.post("/account/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert this_device.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def test_the_old_password_cannot_be_guessed_in_an_open_session(person: People, signed_in: Enter) -> None:
    client = signed_in(person())
    wrong = {"oldpassword": "Sai-mat-khau#1", "password1": NEW, "password2": NEW}
    for _ in range(5):
        client.post("/account/password/", wrong)
    answer = client.post("/account/password/", {**wrong, "oldpassword": PASSWORD})
    assert "tạm khóa" in answer.content.decode()


def test_a_password_change_brings_no_closed_account_back(person: People) -> None:
    old_copy = person()
    User.objects.filter(pk=old_copy.pk).update(is_active=False)
    AccountAdapter(None).set_password(old_copy, NEW)
    assert not User.objects.get(pk=old_copy.pk).is_active


def unmet(password: str, user: User | None) -> list[str]:
    """As the page's script reads the list."""
    return [
        str(check.label)
        for check in passwords.checks(user)
        if check.pattern and not re.search(check.pattern, password, re.IGNORECASE if check.flags else 0)
    ]


@pytest.mark.parametrize(
    "password", ["Phuong@1234", "Aa1#nguyenthihoaphuong", "Aa#0900000001x", "P@ssw0rd!2026", "Hoa-dep#1"]
)
def test_the_pages_list_ticks_what_the_server_takes(password: str, person: People) -> None:
    user = person(full_name="Nguyễn Thị Hòa Phượng", phone="0900000001")
    try:
        validate_password(password, user)
    except ValidationError:
        assert unmet(password, user)
    else:
        assert unmet(password, user) == []


def test_a_browser_is_told_only_of_words_that_the_server_refuses_too() -> None:
    for word in passwords.NotCommon.BEST_KNOWN:
        with pytest.raises(ValidationError, match="phổ biến"):
            passwords.NotCommon().validate(f"{word.title()}@2026")
        assert unmet(f"{word.title()}#2026", None) == ["Không phải mật khẩu phổ biến"]


def test_the_list_is_whole_and_tells_of_nobody_whom_the_page_does_not_name(person: People) -> None:
    user = person()
    page = render_to_string("portal/parts/checklist.html", {"id": "it", "checks": passwords.checks(None)})
    assert page.count("<li") == len(passwords.KINDS) + 2
    assert page.count("máy chủ kiểm tra lại khi lưu") == 2
    assert user.id_number not in page
