"""Forgotten passwords."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from portal import outbox
from portal.demo.inbox import texts
from portal.models import Allowance, Event, Message, User
from tests.conftest import PASSWORD, People
from tests.portal.test_passwords import NEW
from tests.portal.test_signing_in import try_password

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def ask_for_code(client: Client, user: User) -> str:
    Allowance.objects.filter(purpose__startswith="pause").delete()
    assert client.post("/password/forgotten/", {"number": user.id_number}).headers["Location"] == "/password/new/"
    outbox.deliver()
    return str(re.findall(r"\b\d{6}\b", texts([user.phone])[0].body)[0])


def set_password(client: Client, code: str, password: str = NEW, again: str = "") -> str:
    answer = client.post("/password/new/", {"code": code, "password1": password, "password2": again or password})
    return answer.headers.get("Location", answer.content.decode())


def test_a_forgotten_password_is_set_by_a_code_and_every_session_ends(person: People, signed_in: Enter) -> None:
    user = person()
    elsewhere, client = signed_in(user), Client()
    assert set_password(client, ask_for_code(client, user)) == "/sign-in/"
    assert elsewhere.get("/account/").status_code == 302
    assert try_password(user.id_number, NEW) == "signed in"
    outbox.deliver()
    assert "Da thay doi mat khau" in texts([user.phone])[0].body


def test_a_stranger_learns_nothing_from_the_forgotten_page(person: People) -> None:
    known, unknown = Client(), Client()
    answers = [
        (client.post("/password/forgotten/", {"number": number}), client.get("/password/new/"))
        for client, number in ((known, person().id_number), (unknown, "099199999999"))
    ]
    assert answers[0][0].headers["Location"] == answers[1][0].headers["Location"]
    pages = [re.sub(r'value="\w{64}"', "", page.content.decode()) for _asked, page in answers]
    assert pages[0] == pages[1]
    tries = [[set_password(client, "000000")[-0:] for _ in range(5)] for client in (known, unknown)]
    words = [[re.findall(r"còn \d lần thử|hết lượt thử", answer)[:1] for answer in answers] for answers in tries]
    assert words[0] == words[1]


def test_a_refused_new_password_costs_no_second_code(person: People) -> None:
    user, client = person(), Client()
    code = ask_for_code(client, user)
    assert "họ tên, số giấy tờ" in set_password(client, code, f"Aa#{user.phone}")
    answer = client.post("/password/new/", {"password1": NEW, "password2": NEW})
    assert answer.headers["Location"] == "/sign-in/"


def test_the_code_is_checked_only_with_a_password_that_could_do(person: People) -> None:
    user, client = person(), Client()
    code = ask_for_code(client, user)
    assert "chưa giống nhau" in set_password(client, code, NEW, again="Khac-nhau#1")
    assert set_password(client, code) == "/sign-in/"


def test_the_reset_code_is_nowhere_after_sending(person: People) -> None:
    user, client = person(), Client()
    code = ask_for_code(client, user)
    assert code not in repr(list(Message.objects.values()))
    assert code not in repr(list(Event.objects.values()))
    assert user.id_number not in repr(dict(client.session.items()))


def test_a_right_code_opens_no_other_persons_password(person: People) -> None:
    mine, theirs, client = person(), person(), Client()
    set_password(client, ask_for_code(client, mine), f"Aa#{mine.phone}")  # right code, refused password
    client.post("/password/forgotten/", {"number": theirs.id_number})
    answer = client.post("/password/new/", {"password1": NEW, "password2": NEW})
    assert answer.status_code == 200
    assert try_password(theirs.id_number, NEW) != "signed in"
    assert try_password(theirs.id_number, PASSWORD) == "signed in"


def test_an_account_closed_between_code_and_password_is_told_so(person: People) -> None:
    user, client = person(), Client()
    set_password(client, ask_for_code(client, user), f"Aa#{user.phone}")
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = client.post("/password/new/", {"password1": NEW, "password2": NEW})
    assert answer.status_code == 200
    assert "yêu cầu mã mới" in answer.content.decode()


def test_refused_second_factors_and_reset_codes_leave_entries(staff: People) -> None:
    user, client = staff("reviewer"), Client()
    client.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    client.post("/account/security/authenticate/", {"code": "x"})
    ask_for_code(client, user)
    set_password(client, "00000x")
    assert Event.objects.filter(verb="second factor", result="refused", about=f"user:{user.pk}").count() == 1
    assert Event.objects.filter(verb="password reset", result="refused", about=f"user:{user.pk}").count() == 1
