"""What VNeID tells us and asks of us: by its signature or its secret, once, and of nobody who has not agreed."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.test import Client
from django.utils import timezone

from enrollment import api
from enrollment.gateways import vneid_dialects
from enrollment.gateways.vneid_hub import raw_mac
from enrollment.models import Application, Introduction, Notice
from portal.models import Event
from tests.conftest import at_once
from tests.enrollment.citizens import (
    SECRET,
    XUAN,
    Citizen,
    Simulator,
    any_simulator,
    nothing_comes_of_it,
    simulator,
    vneid_at_work,
    with_an_account,
)

pytestmark = pytest.mark.django_db
__all__ = ["any_simulator", "simulator"]
NOTICES, TOKEN = "/vneid/api/notices/", "/vneid/api/token/"
OLDER = "an-older-secret"
NOTICE: dict[str, Any] = {
    "id": "n-1",
    "type": "certificate.status",
    "attempt": 1,
    "data": {"transactionCode": "VN0123456789ABCDEF", "statusCode": 2},
}


def notice_with(**differently: Any) -> dict[str, Any]:
    return {**NOTICE, "data": {**NOTICE["data"], **differently}}


def sends(notice: Any, secret: str = SECRET, signature: str = "", body: bytes = b"") -> Any:
    raw = body or json.dumps(notice).encode()
    signed = signature or f"sha256={raw_mac(secret, raw)}"
    return Client().post(NOTICES, raw, "application/json", headers={"X-Webhook-Signature": signed})


# ── Notices ──

SIGNATURES = {
    "none": " ",
    "another": f"sha256={raw_mac('another', json.dumps(NOTICE).encode())}",
    "by an empty secret": f"sha256={raw_mac('', json.dumps(NOTICE).encode())}",
    "of another text": f"sha256={raw_mac(SECRET, b'{}')}",
    "written anew": f"sha256={raw_mac(SECRET, json.dumps(NOTICE, indent=1).encode())}",
    "in capitals": f"SHA256={raw_mac(SECRET, json.dumps(NOTICE).encode())}",
    "without its name": raw_mac(SECRET, json.dumps(NOTICE).encode()),
    "cut short": f"sha256={raw_mac(SECRET, json.dumps(NOTICE).encode())[:-1]}",
    "no letters": "sha256=\xe9",
}
BODIES: dict[str, Any] = {
    "a list": [NOTICE],
    "a word": "notice",
    "naught": None,
    "no data": {"id": "n-1"},
    "data of a word": {"id": "n-1", "data": "x"},
    "no name": {**NOTICE, "id": ""},
    "a name without end": {**NOTICE, "id": "x" * 65},
    "a name of no letters": {**NOTICE, "id": "n\0"},
    "half a letter": {**NOTICE, "id": "\ud800"},
    "no transaction": notice_with(transactionCode=""),
    "a transaction of nothing": notice_with(transactionCode=None),
    "a transaction in no letters": notice_with(transactionCode="V\0"),
    "no state": notice_with(statusCode=None),
    "a state that is true": notice_with(statusCode=True),
    "a state of nothing we know": notice_with(statusCode=4),
    "a state below": notice_with(statusCode=-1),
    "a state in words": notice_with(statusCode="done"),
    "without end": {**NOTICE, "more": "x" * 70_000},
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_it_refuses_a_signature(simulator: Simulator, signature: str) -> None:
    with nothing_comes_of_it("vneid notice refused"):
        assert sends(NOTICE, signature=signature).status_code == 400
    assert not Notice.objects.exists()


@pytest.mark.parametrize("notice", BODIES.values(), ids=BODIES.keys())
def test_it_refuses_a_notice_that_is_none(simulator: Simulator, notice: Any) -> None:
    with nothing_comes_of_it("vneid notice refused"):
        answer = sends(notice)
    assert (answer.status_code, set(answer.json())) == (400, {"error", "errorDescription"})
    assert not Notice.objects.exists()


@pytest.mark.parametrize("body", [b"<html>", b"[" * 60_000, b"\xff\xfe", b"{"])
def test_it_refuses_what_cannot_be_read(simulator: Simulator, body: bytes) -> None:
    with nothing_comes_of_it("vneid notice refused"):
        assert sends(None, body=body).status_code == 400


def test_what_it_does_not_know_it_lets_by(simulator: Simulator) -> None:
    assert sends({**notice_with(more=[1]), "more": {"of": "it"}}).status_code == 200
    assert Notice.objects.count() == 1


def test_a_secret_that_still_counts_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with vneid_at_work(monkeypatch, "hub", keys=(OLDER,)):
        assert sends(NOTICE, OLDER).status_code == 200
    with vneid_at_work(monkeypatch, "hub"):
        assert sends(NOTICE, OLDER).status_code == 400


def test_a_notice_heard_twice_is_heard_once(simulator: Simulator) -> None:
    assert [sends(NOTICE).status_code, sends({**NOTICE, "attempt": 2}).status_code] == [200, 200]
    assert Notice.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_notice_heard_by_ten_at_once_is_heard_once(simulator: Simulator) -> None:
    answers: list[Any] = at_once(10, lambda _place: sends(NOTICE).status_code)
    assert answers == [200] * 10
    assert Notice.objects.count() == 1


def test_refusals_are_written_down_but_not_without_end(simulator: Simulator) -> None:
    for _time in range(65):
        sends(NOTICE, "another")
    assert Event.objects.filter(verb="vneid notice refused").count() == api.REFUSED.times
    assert sends(NOTICE).status_code == 200  # what is right is heard all the same


# ── Of what VNeID refused ──


def transaction_of(citizen: Citizen) -> str:
    return citizen.introduction.transaction


def test_what_failed_before_the_browser_came_back_is_not_taken(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator)
    back = citizen.agrees()
    [transaction] = any_simulator.services.world.askings
    sends(notice_with(transactionCode=transaction, statusCode=1))
    citizen.is_refused(back)


def test_what_failed_before_the_answer_to_our_own_call_is_not_taken(simulator: Simulator) -> None:
    """The hub may be quicker with its notice than with its answer: then nothing of ours bears that name yet."""
    citizen = Citizen(simulator)
    back = citizen.agrees()
    transaction = transaction_of(citizen)
    Introduction.objects.update(transaction="")
    sends(notice_with(transactionCode=transaction, statusCode=1))
    citizen.is_refused(back)


def test_what_failed_after_it_was_said_is_not_taken(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    citizen.comes()
    sends(notice_with(transactionCode=transaction_of(citizen), statusCode=1))
    assert citizen.client.post("/vneid/introduced/").status_code == 409
    assert not Application.objects.exists()


def test_what_was_taken_is_not_touched(simulator: Simulator) -> None:
    citizen = Citizen(simulator).opens()
    for state in (1, 2, 0, 1):
        sends({**notice_with(transactionCode=transaction_of(citizen), statusCode=state), "id": f"n-{state}"})
    assert Introduction.of(citizen.application)


def test_a_notice_of_one_ends_nothing_of_another(simulator: Simulator) -> None:
    citizen, other = Citizen(simulator), Citizen(simulator, XUAN)
    back, theirs = citizen.agrees(), other.agrees()
    sends(notice_with(transactionCode=transaction_of(other), statusCode=1))
    other.is_refused(theirs)
    assert citizen.goes(back)["Location"] == "/vneid/introduced/"


@pytest.mark.parametrize("state", [0, 2, 3])
def test_that_it_goes_well_opens_nothing_by_itself(simulator: Simulator, state: int) -> None:
    citizen = Citizen(simulator)
    citizen.agrees()
    sends(notice_with(transactionCode=transaction_of(citizen), statusCode=state))
    assert citizen.introduction.said_at is None
    assert not Application.objects.exists()


# ── What VNeID asks ──

CREDENTIALS = {"grant_type": "client_credentials", "client_id": "SMARTCA", "client_secret": SECRET, "scope": "state"}


def identifies(**differently: str) -> Any:
    form = urlencode({**CREDENTIALS, **differently})
    return Client().post(TOKEN, form, "application/x-www-form-urlencoded")


def token() -> str:
    return str(identifies().json()["access_token"])


def asks(transaction: str, bearer: str | None = None) -> Any:
    header = bearer if bearer is not None else f"Bearer {token()}"
    return Client().get(f"/vneid/api/state/{transaction}/", headers={"Authorization": header})


@pytest.mark.parametrize(
    ("wrong", "status", "times"),
    [
        ({"client_secret": "another"}, 401, 1),
        ({"client_secret": ""}, 401, 1),
        ({"client_secret": OLDER}, 401, 1),
        ({"client_id": "OTHER"}, 401, 1),
        ({"client_id": ""}, 401, 1),
        ({"client_secret": "bí mật"}, 401, 1),
        ({"grant_type": "password"}, 400, 0),
        ({"grant_type": ""}, 400, 0),
        ({"scope": "state everything"}, 400, 0),
    ],
)
def test_it_refuses_who_is_no_partner(simulator: Simulator, wrong: dict[str, str], status: int, times: int) -> None:
    with nothing_comes_of_it("vneid notice refused", times):
        answer = identifies(**wrong)
    assert answer.status_code == status
    assert "access_token" not in answer.json()


def test_whoever_guesses_secrets_waits(simulator: Simulator) -> None:
    for _time in range(60):
        identifies(client_secret="guess")
    assert identifies().status_code == 429


@pytest.mark.parametrize("body", [b"", b"\xff", b"&" * 100_000, b"a=1&" * 700, b"grant_type=client_credentials%00"])
def test_a_request_that_cannot_be_read_is_none(simulator: Simulator, body: bytes) -> None:
    assert Client().post(TOKEN, body, "application/x-www-form-urlencoded").status_code in (400, 401)
    assert Client().post(TOKEN, body, "application/json").status_code in (400, 401)
    assert Client().get(TOKEN).status_code == 405


def test_a_form_in_parts_is_none(simulator: Simulator) -> None:
    assert Client().post(TOKEN, CREDENTIALS).status_code == 400
    assert Client().post(NOTICES, NOTICE | {"data": "x"}).status_code == 400


BEARERS: dict[str, Callable[[], str]] = {
    "none": lambda: "",
    "no token": lambda: "Bearer ",
    "a word": lambda: "Bearer x",
    "no letters": lambda: "Bearer \xe9",
    "of another salt": lambda: f"Bearer {signing.TimestampSigner(salt='another').sign('SMARTCA')}",
    "of a session's salt": lambda: f"Bearer {signing.TimestampSigner().sign('SMARTCA')}",
    "of another partner": lambda: f"Bearer {api.SIGNER.sign('OTHER')}",
    "cut short": lambda: f"Bearer {token()[:-1]}",
    "of another kind": lambda: f"Basic {token()}",
}


@pytest.mark.parametrize("bearer", BEARERS.values(), ids=BEARERS.keys())
def test_it_refuses_a_bearer(simulator: Simulator, bearer: Callable[[], str]) -> None:
    citizen = Citizen(simulator).opens()
    with nothing_comes_of_it("vneid notice refused"):
        assert asks(transaction_of(citizen), bearer()).status_code == 401


def test_it_refuses_a_bearer_of_half_an_hour_ago(simulator: Simulator) -> None:
    bearer = f"Bearer {token()}"
    with time_machine.travel(timezone.now() + timedelta(minutes=31)), nothing_comes_of_it("vneid notice refused"):
        assert asks("VN01", bearer).status_code == 401


def test_of_who_agreed_it_may_know_the_state_and_nothing_else(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    transaction = transaction_of(citizen)
    assert asks(transaction).json() == {"transactionCode": transaction, "statusCode": 2}


def test_it_knows_nothing_of_who_withdrew(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    citizen.client.post("/application/consents/", {"purpose": "sharing"})
    assert asks(transaction_of(citizen)).status_code == 404


@pytest.mark.parametrize("transaction", ["VN0000000000000000", "-", "x" * 200])
def test_it_knows_nothing_of_nobody(simulator: Simulator, transaction: str) -> None:
    with_an_account(simulator)
    assert asks(transaction).status_code == 404


def test_it_knows_nothing_of_what_was_never_taken(simulator: Simulator) -> None:
    citizen = Citizen(simulator)
    citizen.comes()
    assert asks(transaction_of(citizen)).status_code == 404


def test_it_knows_nothing_of_who_has_no_account_yet(simulator: Simulator) -> None:
    assert asks(transaction_of(Citizen(simulator).opens())).status_code == 404


def test_where_the_door_is_shut_nothing_is_answered(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    citizen, bearer = with_an_account(simulator), f"Bearer {token()}"
    monkeypatch.setattr(settings, "VNEID_URL", "")
    vneid_dialects.vneid.cache_clear()
    assert asks(transaction_of(citizen), bearer).status_code == 401
    assert identifies().status_code == 401
