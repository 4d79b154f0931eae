import pytest
from django.conf import settings
from django.test import Client

from portal import outbox, seeds
from portal.demo.people import DEMO_PASSWORD, DEMO_PEOPLE, current_code
from portal.models import User
from tests.conftest import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    seeds.seed()
    return Client()


def test_every_role_stands_on_the_desk(desk: Client) -> None:
    page = desk.get("/demo/").content.decode()
    for number, name, _phone, _role, _branch in DEMO_PEOPLE:
        assert number in page
        assert name in page


def test_one_click_signs_in_second_factor_included(desk: Client) -> None:
    for user in User.objects.filter(is_demo=True):
        desk.post(f"/demo/sign-in/{user.pk}/")
        page = desk.get("/account/")
        assert page.status_code == 200
        assert user.full_name in page.content.decode()


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


def test_without_the_demo_setting_the_desk_is_not_there(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DEMO", False)
    user = User.objects.filter(is_demo=True).first()
    assert user is not None
    for page in ("/demo/", "/demo/inbox/", "/demo/parts/"):
        assert desk.get(page).status_code == 404
    assert desk.post(f"/demo/sign-in/{user.pk}/").status_code == 404


def test_seeding_twice_changes_nothing(desk: Client) -> None:
    before = list(User.objects.order_by("pk").values())
    seeds.seed()
    assert list(User.objects.order_by("pk").values()) == before
