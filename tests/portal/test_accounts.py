"""Signing in, locks, forgotten passwords, sessions, roles."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from portal import outbox, seeds
from portal.accounts.roles import ROLES
from portal.accounts.signing_in import NETWORK, AccountAdapter, network_of
from portal.demo.desk import texts
from portal.demo.people import current_code
from portal.models import Allowance, Event, Message, User
from tests.conftest import PASSWORD, People, at_once

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
NEW = "Trang-sang#77"


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


# ── Signing in ──


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


def test_many_wrong_tries_from_one_network_close_it_for_all_numbers(person: People) -> None:
    user = person()
    net = network_of("127.0.0.1")
    Allowance.objects.create(
        purpose=NETWORK.purpose, holder=net, spent=200, renews_at=timezone.now() + timedelta(hours=1)
    )
    assert "tạm khóa" in try_password(user.id_number, PASSWORD)


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


# ── Second factor ──


def test_staff_set_up_a_second_factor_before_anything_else(person: People, signed_in: Enter) -> None:
    client = signed_in(person("reviewer"))
    for page in ("/account/", "/admin/", "/account/sessions/", "/account/password/", "/"):
        assert client.get(page).headers.get("Location") == "/account/second-factor/", page
    assert client.get("/account/second-factor/").status_code == 200
    assert client.get("/account/security/totp/activate/").status_code == 200


def test_staff_with_a_second_factor_are_asked_for_it(staff: People) -> None:
    user, client = staff("reviewer"), Client()
    client.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    client.post("/account/security/authenticate/", {"code": current_code(user)})
    assert client.get("/account/").status_code == 200


def test_second_factor_guesses_are_counted_by_the_database(staff: People) -> None:
    user, client = staff("reviewer"), Client()
    client.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    wrong = str((int(current_code(user)) + 500_001) % 1_000_000).zfill(6)
    for _ in range(5):
        client.post("/account/security/authenticate/", {"code": wrong})
    answer = client.post("/account/security/authenticate/", {"code": current_code(user)})
    assert "tạm khóa" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_used_code_is_not_taken_again_for_as_long_as_it_would_be_right(staff: People) -> None:
    user = staff("reviewer")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        code = current_code(user)
        for entered, seconds in ((True, 0), (False, 31), (False, 0)):
            client = Client()
            client.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
            client.post("/account/security/authenticate/", {"code": code})
            assert ("_auth_user_id" in client.session) is entered
            clock.shift(timedelta(seconds=seconds))


def test_staff_cannot_remove_their_last_second_factor(staff: People, signed_in: Enter) -> None:
    user = staff("reviewer")
    client = signed_in(user)
    answer = client.post("/account/security/totp/deactivate/")
    assert "ít nhất một lớp" in answer.content.decode()
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_the_stored_second_factor_shows_no_secret(staff: People) -> None:
    user = staff("reviewer")
    [stored] = Authenticator.objects.filter(user=user, type="totp")
    assert stored.data["secret"].startswith("k1.")


# ── Forgotten password ──


def ask_for_code(client: Client, user: User) -> str:
    Allowance.objects.filter(purpose__startswith="pause").delete()
    assert client.post("/password/forgotten/", {"number": user.id_number}).headers["Location"] == "/password/new/"
    outbox.deliver()
    return str(re.findall(r"\b\d{6}\b", texts(user.phone)[0].body)[0])


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
    assert "Da thay doi mat khau" in texts(user.phone)[0].body


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


# ── Passwords ──


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


# ── Sessions ──


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
    from django.contrib.sessions.models import Session

    signed_in(person())
    [stored] = Session.objects.values_list("session_data", flat=True)
    assert stored.startswith("k1.")


# ── Roles ──


def test_roles_have_the_permissions_of_the_table_and_no_more(person: People) -> None:
    for name, role in ROLES.items():
        user = person(name)
        assert user.get_all_permissions() == set(role.permissions)
        assert user.is_staff is role.staff
        assert not user.is_superuser


def test_an_account_without_password_gets_a_message_how_to_set_one(person: People) -> None:
    user = person("agent", password=None)
    outbox.deliver()
    assert "/password/forgotten/" in texts(user.phone)[0].body
    assert "Nhan vien quay" in texts(user.phone)[0].body
    assert try_password(user.id_number, "") != "signed in"


def test_the_user_name_is_never_shown(staff: People, signed_in: Enter) -> None:
    user = staff("operator")
    client = signed_in(user)
    for page in ("/account/", "/account/security/", "/account/sessions/", "/admin/", "/admin/portal/user/"):
        shown = client.get(page).content.decode()
        assert user.username not in shown
        assert user.id_number not in shown


# ── What a reviewer of this code once broke ──


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


def test_a_password_change_brings_no_closed_account_back(person: People) -> None:
    old_copy = person()
    User.objects.filter(pk=old_copy.pk).update(is_active=False)
    AccountAdapter(None).set_password(old_copy, NEW)
    assert not User.objects.get(pk=old_copy.pk).is_active


def test_a_refused_sign_in_names_nobody_as_the_one_who_did_it(person: People) -> None:
    user = person()
    try_password(user.id_number)
    [entry] = Event.objects.filter(verb="sign-in", result="refused")
    assert (entry.actor, entry.about) == (None, f"user:{user.pk}")


def test_refused_second_factors_and_reset_codes_leave_entries(staff: People) -> None:
    user, client = staff("reviewer"), Client()
    client.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    client.post("/account/security/authenticate/", {"code": "x"})
    ask_for_code(client, user)
    set_password(client, "00000x")
    assert Event.objects.filter(verb="second factor", result="refused", about=f"user:{user.pk}").count() == 1
    assert Event.objects.filter(verb="password reset", result="refused", about=f"user:{user.pk}").count() == 1


def test_passkey_challenges_are_counted_by_network(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = {"Accept": "application/json"}
    assert Client().get("/account/security/webauthn/login/", headers=ask).status_code == 200
    Allowance.objects.filter(purpose="passkey challenges").update(spent=120)
    assert Client().get("/account/security/webauthn/login/", headers=ask).status_code == 429
