"""Second factors: set up before anything else, counted, sealed, not to be lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from portal import sealing
from portal.accounts.binding import PLACE, is_own
from portal.accounts.second_factor import SECOND_FACTOR_DAY
from portal.accounts.signing_in import AccountAdapter
from portal.demo.people import current_code
from portal.models import Allowance, Event, User
from tests.conftest import PASSWORD, People

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


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


def test_thirty_wrong_codes_a_day_end_the_day(staff: People) -> None:
    """Five in five minutes alone would be 1,440 a day."""
    user, client = staff("reviewer"), Client()
    tomorrow = timezone.now() + timedelta(hours=20)
    Allowance.objects.create(
        purpose=SECOND_FACTOR_DAY.purpose, holder=str(user.pk), spent=SECOND_FACTOR_DAY.times, renews_at=tomorrow
    )
    client.post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    answer = client.post("/account/security/authenticate/", {"code": current_code(user)}).content.decode()
    assert "Trong một ngày" in answer
    assert f"{timezone.localtime(tomorrow):%H:%M %d/%m}" in answer
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


@pytest.mark.parametrize("role", ["supervisor", "customer"])
def test_a_second_factor_laid_into_anothers_row_lets_nobody_in(role: str, staff: People, person: People) -> None:
    """By SQL: one's own, under somebody else's name."""
    own, victim = staff("operator"), person(role)
    Authenticator.objects.filter(user=victim).delete()
    Authenticator.objects.filter(user=own).update(user=victim)
    client = Client()
    client.post("/sign-in/", {"login": victim.id_number, "password": PASSWORD})
    client.post("/account/security/authenticate/", {"code": current_code(victim)})
    assert "_auth_user_id" not in client.session
    refused = Event.objects.get(verb="sign-in", result="refused")
    assert refused.about == f"user:{victim.pk}"


def test_each_kind_of_second_factor_is_bound_to_its_owner(person: People) -> None:
    owner, other = person(), person()
    sealed = {"seed": sealing.seal(b"0", PLACE), "secret": sealing.seal(b"0", PLACE), "credential": {"id": "a", "b": 1}}
    for kind in Authenticator.Type.values:
        device = Authenticator.objects.create(user=owner, type=kind, data=dict(sealed))
        device = Authenticator.objects.get(pk=device.pk)
        assert is_own(device), kind
        device.data["name"] = "Another name"
        device.save()
        assert is_own(device), kind
        secret: Any = {"totp": "secret", "recovery_codes": "seed"}.get(kind, "credential")
        for altered in (secret, "mac"):
            assert not is_own(Authenticator(user=owner, type=kind, data={**device.data, altered: ""})), altered
        assert not is_own(Authenticator(user=other, type=kind, data=device.data)), kind


def test_a_new_password_leaves_the_roles(staff: People) -> None:
    user = staff("supervisor")
    AccountAdapter().set_password(user, "Mot#Khac-2027")
    assert User.objects.get(pk=user.pk).is_confirmed


def test_the_stored_second_factor_shows_no_secret(staff: People) -> None:
    user = staff("reviewer")
    [stored] = Authenticator.objects.filter(user=user, type="totp")
    assert stored.data["secret"].startswith("k1.")
