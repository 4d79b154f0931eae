"""Signing in and out, locks, sessions."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from portal import seeds
from portal.accounts.roles import ROLES
from portal.accounts.signing_in import CHALLENGES, network_of
from portal.models import Allowance, Event, User
from tests.conftest import PASSWORD, People, at_once

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def try_password(number: str, password: str = "Sai-mat-khau#1") -> str:
    answer = Client().post("/sign-in/", {"login": number, "password": password})
    return "signed in" if answer.status_code == 302 else answer.content.decode()


class Remember:
    """A password check that says no and remembers being asked."""

    def __init__(self, asked: list[str]) -> None:
        self.asked = asked

    def __call__(self, raw: str) -> bool:
        self.asked.append(raw)
        return False


def test_a_customer_signs_in_with_the_number_however_typed(person: People) -> None:
    user = person()
    number = f" {user.id_number[:3]} {user.id_number[3:]} "
    assert try_password(number, PASSWORD) == "signed in"
    assert Event.objects.filter(verb="sign-in", actor=user, result="ok").exists()


def test_wrong_tries_are_counted_down_and_then_lock_for_five_minutes(person: People) -> None:
    user = person()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        answers = [try_password(user.id_number) for _ in range(5)]
        assert [re.findall(r"còn (\d) lần thử", answer)[:1] for answer in answers] == [["4"], ["3"], ["2"], ["1"], []]
        assert "thử lại sau 5 phút" in answers[4]
        assert "thử lại sau 5 phút" in try_password(user.id_number, PASSWORD)
        clock.shift(timedelta(minutes=5, seconds=1))
        assert try_password(user.id_number, PASSWORD) == "signed in"


def test_an_unknown_number_gets_the_same_answers(person: People) -> None:
    known, unknown = person().id_number, "099199999999"
    for _ in range(6):
        answers = [
            re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce.*', "", try_password(n)) for n in (known, unknown)
        ]
        assert answers[0].replace(known, "") == answers[1].replace(unknown, "")


def test_an_unknown_number_costs_one_password_hash_too(person: People, monkeypatch: pytest.MonkeyPatch) -> None:
    user, hashed = person(), []
    original = User.set_password

    def count(self: User, raw: Any) -> None:
        hashed.append(raw)
        original(self, raw)

    monkeypatch.setattr(User, "set_password", count)
    monkeypatch.setattr(User, "check_password", Remember(hashed))
    for number in (user.id_number, "099199999999"):
        hashed.clear()
        try_password(number)
        assert len(hashed) == 1


def test_a_right_password_forgives_the_wrong_ones(person: People) -> None:
    user = person()
    for _ in range(4):
        try_password(user.id_number)
    try_password(user.id_number, PASSWORD)
    assert "còn 4 lần thử" in try_password(user.id_number)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_sixty_wrong_passwords_at_once_five_are_looked_at(person: People, monkeypatch: pytest.MonkeyPatch) -> None:
    user, looked = person(), list[str]()
    monkeypatch.setattr(User, "check_password", Remember(looked))
    at_once(60, lambda _place: try_password(user.id_number))
    assert len(looked) == 5


def test_a_closed_account_is_told_only_to_who_knows_the_password(person: People) -> None:
    user = person()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert "còn 4 lần thử" in try_password(user.id_number)
    answer = Client().post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    assert answer.headers["Location"] == "/account/inactive/"


def test_one_sees_and_ends_other_sessions(person: People, signed_in: Enter) -> None:
    user = person()
    this_device, elsewhere, third = signed_in(user), signed_in(user), signed_in(user)
    assert UserSession.objects.filter(user=user).count() == 3
    other = UserSession.objects.get(session_key=elsewhere.session.session_key)
    this_device.post(f"/account/sessions/end/{other.pk}/")
    assert elsewhere.get("/account/").status_code == 302
    assert third.get("/account/").status_code == 200
    this_device.post("/account/sessions/end/")
    assert third.get("/account/").status_code == 302
    assert this_device.get("/account/").status_code == 200


def test_whoever_reads_the_rows_comes_in_by_none(person: People, signed_in: Enter) -> None:
    """A copy of the database, or one look into it: neither the name of a session's row nor what lies in it is a way in."""
    owner, thief = signed_in(person()), signed_in(person())
    kept = Session.objects.get(session_key=owner.session.session_key)
    secret = owner.cookies["sessionid"].value
    rows: Any = (kept, UserSession.objects.get(session_key=kept.pk))
    assert not any(secret in str(value) for row in rows for value in vars(row).values())
    stranger = Client()
    stranger.cookies["sessionid"] = kept.pk
    assert stranger.get("/account/").status_code == 302
    Session.objects.filter(pk=thief.session.session_key).update(session_data=kept.session_data)
    assert thief.get("/account/").status_code == 302
    assert owner.get("/account/").status_code == 200


def test_nobody_ends_somebody_elses_session(person: People, signed_in: Enter) -> None:
    """Promise P13, as far as sessions go."""
    mine, theirs = signed_in(person()), signed_in(person())
    other = UserSession.objects.get(session_key=theirs.session.session_key)
    assert mine.post(f"/account/sessions/end/{other.pk}/").status_code == 404
    assert theirs.get("/account/").status_code == 200


@pytest.mark.parametrize("role", ["customer", "operator"])
def test_an_idle_session_ends_by_role_and_a_click_keeps_it(
    role: str, person: People, staff: People, signed_in: Enter
) -> None:
    user = staff(role) if ROLES[role].staff else person(role)
    idle = ROLES[role].idle
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(user)
        for _ in range(3):
            clock.shift(idle - timedelta(seconds=5))
            assert client.get("/account/").status_code == 200
        clock.shift(idle + timedelta(seconds=5))
        assert client.get("/account/").headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {"Sec-Fetch-Dest": "empty"}])
def test_a_page_that_only_waits_keeps_no_session_alive(
    person: People, signed_in: Enter, headers: dict[str, str]
) -> None:
    idle = ROLES["customer"].idle
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(person())
        for _poll in range(3):
            assert client.get("/account/", headers=headers).status_code == 200
            clock.shift(idle / 3)
        clock.shift(timedelta(seconds=5))
        assert client.get("/account/", headers=headers).status_code in (302, 401)
        assert "_auth_user_id" not in client.session


def test_what_a_script_sends_is_a_click(person: People, signed_in: Enter) -> None:
    """A draft that is saved, a press on "I am still here": somebody is there."""
    idle = ROLES["customer"].idle
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(person())
        for _press in range(3):
            clock.shift(idle - timedelta(seconds=5))
            assert client.post("/session/", headers={"Accept": "application/json"}).status_code == 200


def test_no_session_outlives_the_absolute_limit(person: People, signed_in: Enter) -> None:
    absolute = ROLES["customer"].absolute
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client, began = signed_in(person()), time.time()
        while client.post("/session/").status_code == 200:
            clock.shift(timedelta(minutes=20))
        assert time.time() - began <= absolute.total_seconds() + 1201


def test_the_session_can_be_extended_and_says_until_when(person: People, signed_in: Enter) -> None:
    client = signed_in(person())
    ends = client.post("/session/").json()["ends"]
    assert abs(ends - time.time() - 1800) < 5
    assert Client().post("/session/", headers={"Accept": "application/json"}).status_code == 401


def test_what_a_session_holds_is_sealed(person: People, signed_in: Enter) -> None:
    signed_in(person())
    [stored] = Session.objects.values_list("session_data", flat=True)
    assert stored.startswith("k1.")


def test_demo_people_stay_outside_where_there_is_no_demo(person: People, settings: Any) -> None:
    user = person(demo=True)
    settings.DEMO = False
    answer = Client().post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    assert answer.headers["Location"] == "/account/inactive/"
    seeds.seed()
    assert not User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.200", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.7", "203.0.113.9", True),
    ],
)
def test_a_network_is_a_24_or_a_64_however_written(address: str, other: str, same: bool) -> None:
    assert (network_of(address) == network_of(other)) is same


def test_a_refused_sign_in_names_nobody_as_the_one_who_did_it(person: People) -> None:
    user = person()
    try_password(user.id_number)
    [entry] = Event.objects.filter(verb="sign-in", result="refused")
    assert (entry.actor, entry.about) == (None, f"user:{user.pk}")


def test_passkey_challenges_are_counted_by_network(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = {"Accept": "application/json"}
    assert Client().get("/account/security/webauthn/login/", headers=ask).status_code == 200
    Allowance.objects.filter(purpose="passkey challenges").update(spent=CHALLENGES.times)
    assert Client().get("/account/security/webauthn/login/", headers=ask).status_code == 429
