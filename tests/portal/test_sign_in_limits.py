"""Who may try how often: five wrong passwords lock an account's strangers for five minutes, a network is shut out never."""

import re
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.accounts import work
from portal.accounts.devices import COOKIE
from portal.accounts.signing_in import CHALLENGES, network_of
from portal.models import Allowance, User
from tests.conftest import PASSWORD, People

pytestmark = pytest.mark.django_db
WRONG = "Sai-mat-khau#1"


def many_went_wrong(times: int = 200) -> str:
    net, end = network_of("127.0.0.1"), timezone.now() + timedelta(hours=1)
    Allowance.objects.update_or_create(
        purpose=work.NETWORK.purpose, holder=net, defaults={"spent": times, "renews_at": end}
    )
    return net


def work_of(client: Client) -> dict[str, str]:
    """What a browser does while its owner types."""
    [token] = re.findall(r'name="work" value="([^"]+)"', client.get("/sign-in/").content.decode())
    bits = int(token.split(".")[1])
    return {"work": token, "answer": next(str(n) for n in count() if work.is_answer(token, str(n), bits))}


def sign_in(client: Client, user: User, password: str = PASSWORD, **shown: str) -> str:
    answer = client.post("/sign-in/", {"login": user.id_number, "password": password, **shown})
    return "signed in" if answer.status_code == 302 else answer.content.decode()


def locked_for_strangers(user: User) -> None:
    for _try in range(5):
        sign_in(Client(), user, WRONG)
    assert "tạm khóa" in sign_in(Client(), user)


def own_device(user: User) -> Client:
    device = Client()
    assert sign_in(device, user) == "signed in"
    device.post("/sign-out/")
    return device


# ── A network ──


def test_no_work_is_asked_for_where_few_went_wrong(person: People) -> None:
    many_went_wrong(199)
    assert "data-work" not in Client().get("/sign-in/").content.decode()
    assert sign_in(Client(), person()) == "signed in"


def test_many_wrong_tries_from_one_network_cost_work_and_shut_out_nobody(person: People) -> None:
    user, client = person(), Client()
    many_went_wrong()
    answer = sign_in(client, user)
    assert "bước kiểm tra tự động" in answer
    assert "tạm khóa" not in answer
    shown = work_of(client)
    assert sign_in(client, user, **shown) == "signed in"
    assert "bước kiểm tra tự động" in sign_in(Client(), user, **shown)  # each task once


def test_without_javascript_waiting_is_enough_for_so_many_tries(person: People) -> None:
    user, client = person(), Client()
    net = many_went_wrong()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        shown = {"work": work_of(client)["work"], "answer": ""}
        clock.shift(timedelta(seconds=14))
        assert "chờ 15 giây" in sign_in(client, user, **shown)
        clock.shift(timedelta(seconds=2))
        assert sign_in(client, user, **shown) == "signed in"
        Allowance.objects.filter(purpose=work.WAITS.purpose, holder=net).update(spent=work.WAITS.times)
        stranger = Client()
        shown = {"work": work_of(stranger)["work"], "answer": ""}
        clock.shift(timedelta(minutes=1))
        assert sign_in(stranger, user, **shown) != "signed in"
        assert sign_in(stranger, user, **work_of(stranger)) == "signed in"


def test_work_counts_for_its_own_network_only_and_only_as_asked() -> None:
    net = many_went_wrong()
    shown = work_of(Client())
    token, answer = shown["work"], shown["answer"]
    wrong = next(str(n) for n in count() if not work.is_answer(token, str(n), work.BITS))
    assert not work.is_done("another network", token, answer)
    assert not work.is_done(net, token, wrong)
    assert not work.is_done(net, token.replace(".7.", ".0."), wrong)
    assert not work.is_done(net, "", "")
    assert work.is_done(net, token, answer)
    assert not work.is_done(net, token, answer)


def test_the_more_went_wrong_the_more_work_and_there_is_a_most() -> None:
    net, bits = many_went_wrong(), []
    for times in (200, 399, 400, 1600, 100_000):
        Allowance.objects.update(spent=times)
        task = work.task_for(net)
        assert task
        bits.append(task.bits)
    assert bits == [7, 7, 8, 10, work.MOST_BITS]


def test_whoever_is_signed_in_is_asked_for_no_work(person: People) -> None:
    """To confirm the password again: an open session has five tries, and its page no work to do."""
    user, client = person(), Client()
    sign_in(client, user)
    many_went_wrong()
    client.cookies.pop(COOKIE)
    wrong = client.post("/account/confirm/", {"password": WRONG}).content.decode()
    assert "còn 4 lần thử" in wrong


def test_passkeys_are_counted_only_where_they_came_to_nothing() -> None:
    ask = {"Accept": "application/json"}
    for _page in range(3):
        assert Client().get("/account/security/webauthn/login/", headers=ask).status_code == 200
    spent = Allowance.objects.get(purpose=CHALLENGES.purpose)
    assert spent.spent == 3
    CHALLENGES.give_back(spent.holder)
    assert CHALLENGES.spent(spent.holder) == 2


# ── A device ──


def test_nobody_elsewhere_locks_an_owner_out_on_a_device_of_theirs(person: People) -> None:
    user = person()
    own = own_device(user)
    locked_for_strangers(user)
    many_went_wrong()
    assert sign_in(own, user) == "signed in"


def test_an_own_device_has_five_tries_too(person: People) -> None:
    user = person()
    own = own_device(user)
    for _try in range(5):
        sign_in(own, user, WRONG)
    assert "tạm khóa" in sign_in(own, user)
    assert sign_in(Client(), user) == "signed in"


def test_a_device_is_known_to_those_who_signed_in_on_it_and_to_nobody_else(person: People) -> None:
    mine, ours, theirs = person(), person(), person()
    device = own_device(mine)
    sign_in(device, ours)
    device.post("/sign-out/")
    for user in (mine, ours, theirs):
        locked_for_strangers(user)
    assert "tạm khóa" in sign_in(device, theirs)
    assert sign_in(device, mine) == "signed in"
    device.post("/sign-out/")
    assert sign_in(device, ours) == "signed in"


def test_a_new_password_ends_what_a_device_was(person: People) -> None:
    user = person()
    lost = own_device(user)
    user.set_password("Hoa-hue#2027")
    user.save(update_fields=["password"])
    locked_for_strangers(user)
    assert "tạm khóa" in sign_in(lost, user, "Hoa-hue#2027")


def test_a_forged_device_is_a_stranger(person: People) -> None:
    user = person()
    own, forged = own_device(user), Client()
    name, *rest = own.cookies[COOKIE].value.split(".")
    forged.cookies[COOKIE] = ".".join([name[::-1], *rest])
    locked_for_strangers(user)
    assert "tạm khóa" in sign_in(forged, user)


def test_a_device_that_was_away_for_a_year_is_a_stranger(person: People) -> None:
    user = person()
    own = own_device(user)
    with time_machine.travel(timezone.now() + timedelta(days=366)):
        locked_for_strangers(user)
        assert "tạm khóa" in sign_in(own, user)


def test_the_devices_cookie_is_for_the_server_alone_and_names_nobody(person: People) -> None:
    user = person()
    cookie = own_device(user).cookies[COOKIE]
    assert cookie["httponly"]
    assert user.username not in cookie.value
