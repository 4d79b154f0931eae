"""Vietnamese unless somebody said otherwise; and what an account said holds for its pages, mails and SMS."""

from collections.abc import Callable
from datetime import timedelta

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation
from django.utils.timesince import timeuntil

from portal.models import User
from tests.conftest import PASSWORD, People

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def language_of(client: Client, path: str = "/account/") -> str:
    return client.get(path).headers["Content-Language"]


def test_an_accounts_language_is_that_of_its_pages_on_every_device(person: People, signed_in: Enter) -> None:
    user = person(language="en")
    phone, desk = signed_in(user), signed_in(user)
    desk.cookies[settings.LANGUAGE_COOKIE_NAME] = "vi"  # somebody else's choice, before
    assert (language_of(phone), language_of(desk)) == ("en", "en")
    assert "Account" in desk.get("/account/").content.decode()
    phone.post("/language/", {"language": "vi", "next": "/account/"})
    assert (language_of(phone), language_of(desk)) == ("vi", "vi")
    user.refresh_from_db()
    assert user.language == "vi"


def test_signed_out_a_device_goes_on_in_the_language_of_whoever_signed_in(person: People, signed_in: Enter) -> None:
    client = signed_in(person(language="en"))
    client.post("/sign-out/")
    assert language_of(client, "/sign-in/") == "en"


def test_a_session_that_ended_says_so_in_the_accounts_language(person: People, signed_in: Enter) -> None:
    client = signed_in(person(language="en"))
    session = client.session
    session["seen"] = 0
    session.save()
    assert "Your session ended after a long pause" in client.get("/account/", follow=True).content.decode()


@pytest.mark.parametrize("back", ["x", "", "https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_the_switch_leads_back_to_a_page_of_ours_and_nowhere_else(client: Client, back: str) -> None:
    answer = client.post("/language/", {"language": "en", "next": back})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_signing_in_leads_to_a_page_of_ours_whatever_stands_in_next(person: People) -> None:
    for back in ("x", "https://elsewhere.example/", "%00"):
        user = person()
        answer = Client().post("/sign-in/", {"login": user.id_number, "password": PASSWORD, "next": back})
        assert answer.status_code == 302, back
        assert "elsewhere" not in answer.headers["Location"]


def test_a_time_to_come_is_told_in_vietnamese() -> None:
    now = timezone.now()
    with translation.override("vi"):
        assert timeuntil(now + timedelta(hours=23, minutes=46), now).replace("\xa0", " ") == "23 giờ, 46 phút"


def test_our_catalogue_has_what_django_does_not_say_in_vietnamese() -> None:
    for entry in polib.pofile(str(settings.BASE_DIR / "portal/locale/vi/LC_MESSAGES/django.po")):
        with translation.override("vi"):
            if entry.msgid_plural:
                assert translation.ngettext(entry.msgid, entry.msgid_plural, 2) == entry.msgstr_plural[0]
            elif entry.msgctxt:
                assert translation.pgettext(entry.msgctxt, entry.msgid) == entry.msgstr
            else:
                assert translation.gettext(entry.msgid) == entry.msgstr
