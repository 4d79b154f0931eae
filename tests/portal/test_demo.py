import html
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from enrollment import seeds as enrollment_seeds
from enrollment.demo.people import PEOPLE
from portal import outbox, seeds
from portal.demo.people import DEMO_PASSWORD, DEMO_PEOPLE, current_code
from portal.models import User
from signing.demo.people import DEMO_PIN
from tests.conftest import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    seeds.seed()
    return Client()


def rows_of(answer: Any) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)', answer.content.decode())


def test_every_role_stands_on_the_desk(desk: Client) -> None:
    page = desk.get("/demo/").content.decode()
    for number, name, _phone, _role, _branch in DEMO_PEOPLE:
        assert number in page
        assert name in page


def test_everybody_is_there_once_and_sought_without_accents(desk: Client) -> None:
    enrollment_seeds.seed()
    rows = rows_of(desk.get("/demo/"))
    assert len(rows) == len(set(rows)) == len(DEMO_PEOPLE) + len(PEOPLE) + 1  # and the newcomer
    assert rows_of(desk.get("/demo/", {"q": "mau giang 0011880000"})) == ["Hoàng Thị Mẫu Giang"]
    assert rows_of(desk.get("/demo/", {"role": "approver"})) == ["Đặng Thị Mẫu Khánh"]
    assert rows_of(desk.get("/demo/", {"at": "Khai báo thông tin", "role": "customer"})) == ["Trần Thị Mẫu Quyên"]
    assert "Không có ai như vậy" in desk.get("/demo/", {"q": "xyz"}).content.decode()


def test_somebody_stands_at_each_step_and_takes_a_visitor_there(desk: Client) -> None:
    enrollment_seeds.seed()
    line = desk.get("/demo/").content.decode().split('<ol class="nine line">')[1].split("</ol>")[0]
    doors = re.findall(r'action="([^"]+)"', line)
    pages = [desk.post(door).headers["Location"] for door in doors]
    assert pages == [
        *("/register/", "/register/plan/", "/register/declaration/", "/register/payment/", "/activate/"),
        "/application/capture/",
    ]


def test_each_of_the_three_roles_is_one_press_away(desk: Client) -> None:
    page = desk.get("/demo/").content.decode().split('class="grid three hands"')[1].split("</ul>")[0]
    assert re.findall(r"<h3>([^<]+)", page) == ["Khách hàng", "Thẩm định viên", "Người duyệt"]
    for door, role in zip(re.findall(r'action="([^"]+)"', page)[1:], ("reviewer", "approver"), strict=True):
        assert desk.post(door).headers["Location"] == "/admin/kyc/case/"
        assert User.objects.get(pk=desk.session["_auth_user_id"]).roles == [role]


def test_what_one_types_at_the_real_door_is_shown_to_be_copied(desk: Client) -> None:
    page = desk.get("/demo/").content.decode()
    for value in (DEMO_PASSWORD, DEMO_PIN, current_code(User.objects.get(username=User.username_for("001188000031")))):
        assert f'data-copy="{value}"' in page


def test_one_click_signs_in_second_factor_included(desk: Client) -> None:
    for user in User.objects.filter(is_demo=True):
        desk.post(f"/demo/sign-in/{user.pk}/")
        page = desk.get("/account/")
        assert page.status_code == 200
        assert user.full_name in page.content.decode()


def test_whoever_one_becomes_speaks_the_visitors_language(desk: Client) -> None:
    desk.post("/language/", {"language": "en"})
    for user in User.objects.filter(is_demo=True, is_staff=False)[:2]:
        answer = desk.post(f"/demo/sign-in/{user.pk}/", follow=True)
        assert answer.headers["Content-Language"] == "en"
    assert desk.post("/demo/newcomer/", follow=True).headers["Content-Language"] == "en"


def test_the_demo_passwords_and_codes_work_at_the_real_door(desk: Client) -> None:
    user = User.objects.get(username=User.username_for("001188000031"))
    desk.post("/sign-in/", {"login": "001188000031", "password": DEMO_PASSWORD})
    desk.post("/account/security/authenticate/", {"code": current_code(user)})
    assert desk.get("/account/").status_code == 200


def test_nobody_but_demo_people_is_signed_in_by_a_click(desk: Client, person: People) -> None:
    assert desk.post(f"/demo/sign-in/{person().pk}/").status_code == 404


def test_the_inbox_shows_phone_and_mail(desk: Client, person: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_FILE_PATH", str(settings.STATE / "inbox" / "mail"), raising=False)
    for place in range(2):
        outbox.post("portal/messages/password_reset", [f"13579{place}", "15"], person(), intent=f"inbox {place}")
    outbox.deliver()
    page = desk.get("/demo/inbox/").content.decode()
    assert "135790" in page
    assert "135791" in page
    frame = page.split('<iframe src="')[1].split('"')[0]
    letter = desk.get(frame)
    assert "13579" in letter.content.decode()
    assert "sandbox" in letter.headers["Content-Security-Policy"]


def test_the_inbox_is_that_of_whoever_one_is(desk: Client, person: People) -> None:
    mine, other = User.objects.filter(is_demo=True)[:2]
    for place, user in enumerate((mine, other)):
        outbox.post("portal/messages/password_reset", [f"13579{place}", "15"], user, intent=f"inbox {place}")
    outbox.deliver()
    desk.post(f"/demo/sign-in/{mine.pk}/")
    page = desk.get("/account/").content.decode()
    assert '<b>1</b><span class="unseen"> tin mới' in page
    assert 'value="135790"' in page
    asked = html.unescape(page.split('data-news="')[1].split('"')[0])
    assert Client().get(asked).json() == {"number": 1, "code": "135790"}  # without a session
    assert "135791" not in desk.get("/demo/inbox/").content.decode()
    assert Client().get(asked.split("&")[0]).json() == {"number": 0, "code": ""}
    page = desk.get("/demo/inbox/?all").content.decode()
    assert "135791" in page
    assert 'data-copy="135791"' in page
    assert "<b>0</b>" in desk.get("/account/").content.decode()  # read meanwhile


def test_without_the_demo_setting_the_desk_is_not_there(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DEMO", False)
    user = User.objects.filter(is_demo=True).first()
    assert user is not None
    for page in ("/demo/", "/demo/inbox/", "/demo/inbox/newest/", "/demo/parts/"):
        assert desk.get(page).status_code == 404
    for door in (
        f"/demo/sign-in/{user.pk}/",
        "/demo/tour/",
        "/demo/tour/begin/",
        "/demo/newcomer/",
        "/demo/application/1/",
    ):
        assert desk.post(door).status_code == 404
    assert "demo.css" not in desk.get("/").content.decode()


def test_seeding_twice_changes_nothing(desk: Client) -> None:
    before = list(User.objects.order_by("pk").values())
    seeds.seed()
    assert list(User.objects.order_by("pk").values()) == before
