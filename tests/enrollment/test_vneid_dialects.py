"""What is peculiar to the hub and to the sign-in, forged; and which secrets and keys count."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from enrollment.gateways import vneid_dialects, vneid_legacy
from enrollment.gateways.vneid_line import signed
from enrollment.standins.vneid.services import Reply, plain
from tests.enrollment.citizens import (
    BEFORE,
    OURS,
    SECRET,
    XUAN,
    Citizen,
    Simulator,
    fields_of,
    vneid_at_work,
)

pytestmark = pytest.mark.django_db
REGISTER, STATUS = "/api/v1/certificates/register", "/api/v1/certificates/get-status"
TOKEN, USERINFO = "/oauth2/token", "/oauth2/userinfo"
OLDER = "an-older-secret"


# ── The hub ──


def nonce_of(reply: Reply) -> str:
    return reply.headers["X-Nonce"]


def resigned(reply: Reply, body: bytes, secret: str = SECRET, **differently: Any) -> Reply:
    return Reply(reply.status, body, signed("SMARTCA", secret, body, **{"nonce": nonce_of(reply), **differently}))


def with_data(**differently: Any) -> Callable[[Reply], Reply]:
    def forge(reply: Reply) -> Reply:
        fields = fields_of(reply)
        return resigned(reply, json.dumps({**fields, "data": {**fields["data"], **differently}}).encode())

    return forge


def without(name: str) -> Callable[[Reply], Reply]:
    return lambda reply: Reply(reply.status, reply.body, {k: v for k, v in reply.headers.items() if k != name})


ANSWERS: dict[str, Callable[[Reply], Reply]] = {
    "unsigned": lambda reply: plain(fields_of(reply)),
    "of nobody's signature": without("X-Signature"),
    "of no partner": without("X-Partner-Code"),
    "of no time": without("X-Timestamp"),
    "of no nonce": without("X-Nonce"),
    "for another asking": lambda reply: resigned(reply, reply.body, nonce="x" * 32),
    "by another secret": lambda reply: resigned(reply, reply.body, "another"),
    "by an empty secret": lambda reply: resigned(reply, reply.body, ""),
    "by a secret of before": lambda reply: resigned(reply, reply.body, "counts no longer"),
    "ten minutes old": lambda reply: resigned(reply, reply.body, at=int(time.time()) - 600),
    "of in ten minutes": lambda reply: resigned(reply, reply.body, at=int(time.time()) + 600),
    "altered": lambda reply: Reply(200, reply.body.replace(b'"accountLevel": 2', b'"accountLevel": 3'), reply.headers),
    "of another partner": lambda reply: Reply(200, reply.body, signed("O", SECRET, reply.body, nonce=nonce_of(reply))),
    "of another transaction": with_data(transactionCode="VN0000000000000000"),
    "of no transaction": with_data(transactionCode=""),
    "refused, of another transaction": with_data(transactionCode="VN0000000000000000", statusCode=1),
    "for another partner": with_data(aud="OTHER"),
    "for us among others": with_data(aud=["SMARTCA"]),
    "to another question": with_data(nonce="x" * 32),
    "said eight minutes ago": with_data(iat=int(time.time()) - 480),
    "said tomorrow": with_data(iat=int(time.time()) + 86400, exp=int(time.time()) + 90000),
    "ended": with_data(exp=int(time.time()) - 600),
    "of no state": with_data(statusCode="x"),
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Any:
    with vneid_at_work(monkeypatch, "hub", keys=(OLDER,)) as at_work:
        yield at_work


@pytest.fixture
def signin(monkeypatch: pytest.MonkeyPatch) -> Any:
    with vneid_at_work(monkeypatch, "signin", rsa=f"{OURS}{BEFORE}") as at_work:
        yield at_work


@pytest.mark.parametrize("forge", ANSWERS.values(), ids=ANSWERS.keys())
def test_it_refuses_an_answer_of_the_hub(hub: Simulator, forge: Callable[[Reply], Reply]) -> None:
    hub.alter(STATUS, forge)
    citizen = Citizen(hub)
    citizen.is_refused(citizen.agrees())


def test_it_refuses_an_answer_of_before(hub: Simulator) -> None:
    replies: list[Reply] = []

    def keeps_the_first(reply: Reply) -> Reply:
        replies.append(reply)
        return replies[0]

    hub.alter(STATUS, keeps_the_first)
    assert Citizen(hub).comes().status_code == 200
    citizen = Citizen(hub)
    citizen.is_refused(citizen.agrees())


def test_it_refuses_a_forged_transaction_where_it_begins(hub: Simulator) -> None:
    hub.alter(REGISTER, lambda reply: plain(fields_of(reply)))
    Citizen(hub).begins_in_vain()


@pytest.mark.parametrize("code", ["VN 1", "VN\n1", "VN\0", "VÉ", "x" * 65, "\ud800"])
def test_it_refuses_a_transaction_that_fits_into_no_address(hub: Simulator, code: str) -> None:
    hub.alter(REGISTER, with_data(transactionCode=code))
    Citizen(hub).begins_in_vain()


def test_a_secret_that_still_counts_is_taken(hub: Simulator) -> None:
    hub.alter(STATUS, lambda reply: resigned(reply, reply.body, OLDER))
    assert Citizen(hub).comes().status_code == 200


@pytest.mark.parametrize("state", [2, 3])
def test_nobody_is_introduced_before_they_have_agreed(hub: Simulator, state: int) -> None:
    hub.alter(STATUS, with_data(statusCode=state))
    citizen = Citizen(hub)
    assert citizen.goes(citizen.agrees())["Location"] == "/vneid/waits/"
    assert citizen.introduction.said is None
    hub.alters.clear()
    assert citizen.client.post("/vneid/waits/")["Location"] == "/vneid/introduced/"


def test_that_the_hub_knows_nothing_of_it_counts_only_by_its_signature(hub: Simulator) -> None:
    hub.alter(STATUS, lambda reply: resigned(reply, b'{"status": "03"}'))
    citizen = Citizen(hub)
    citizen.is_refused(citizen.agrees())


# ── Sign-in ──


def query_of(back: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in urlsplit(back).query.split("&"))


def back_with(fields: dict[str, str]) -> str:
    return "/vneid/back/?" + "&".join(f"{name}={value}" for name, value in fields.items())


def rewrapped(**differently: Any) -> dict[str, str]:
    code, key = vneid_legacy.sealed(b"a code of mine", vneid_legacy.private_keys(OURS)[0].public_key())
    return {"code": code, "key": key, **differently}


CODES: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "none": lambda fields: {"state": fields["state"]},
    "another": lambda fields: {**fields, **rewrapped()},
    "unwrapped": lambda fields: {"state": fields["state"], "code": fields["code"]},
    "wrapped by another key": lambda fields: {**fields, "key": rewrapped()["key"]},
    "of no whole block": lambda fields: {**fields, "code": fields["code"][:-4]},
    "of no padding": lambda fields: {**fields, "code": base64.b64encode(b"x" * 32).decode()},
    "of no base64": lambda fields: {**fields, "code": "?"},
    "without end": lambda fields: {"state": fields["state"], "code": "x" * 300},
    "twice": lambda fields: {**fields, "code&code": fields["code"]},
    "read as a form": lambda fields: {
        name: value.replace("+", " ").replace("/", " ") for name, value in fields.items()
    },
    "no code, but no": lambda fields: {**fields, "error": "access_denied"},
}


@pytest.mark.parametrize("forge", CODES.values(), ids=CODES.keys())
def test_it_refuses_a_code(signin: Simulator, forge: Callable[[dict[str, str]], dict[str, str]]) -> None:
    citizen = Citizen(signin)
    fields = query_of(citizen.agrees())
    words = "không đồng ý" if "error" in forge(fields) else "không còn dùng được"
    citizen.is_refused(back_with(forge(fields)), words)
    assert not [path for path in signin.asked if len(forge(fields).get("code", "")) > 200 and path == TOKEN]


def test_it_refuses_the_code_of_another(signin: Simulator) -> None:
    """With a state of one's own: VNeID says whose the code is, and that is who comes in; but not twice."""
    citizen, other = Citizen(signin), Citizen(signin, XUAN)
    back, theirs = citizen.agrees(), other.agrees()
    other.goes(theirs)
    citizen.is_refused(back_with({**query_of(theirs), "state": query_of(back)["state"]}))


def test_it_refuses_a_code_that_is_a_minute_old(signin: Simulator) -> None:
    citizen = Citizen(signin)
    back = citizen.agrees()
    for asking in signin.services.world.askings.values():
        asking.until = time.time() - 1
    citizen.is_refused(back)


def test_a_plus_in_the_address_survives(signin: Simulator) -> None:
    for _time in range(40):
        citizen = Citizen(signin)
        back = citizen.agrees()
        if "+" in query_of(back)["code"] or "+" in query_of(back)["key"]:
            break
    assert "+" in back
    assert citizen.goes(back)["Location"] == "/vneid/introduced/"


def test_what_is_wrapped_by_our_key_of_before_still_opens(signin: Simulator) -> None:
    signin.services.wraps_for.reverse()
    assert Citizen(signin).comes().status_code == 200


WRAPPED: dict[str, Callable[[Reply], Reply]] = {
    "data of another key": lambda reply: plain({**fields_of(reply), "key": rewrapped()["key"]}),
    "another's data": lambda reply: plain({**fields_of(reply), "data": rewrapped()["code"]}),
    "no base64": lambda reply: plain({**fields_of(reply), "data": "*"}),
    "a key of no length": lambda reply: plain({**fields_of(reply), "key": ""}),
    "a list": lambda _reply: wrapped([1]),
    "no JSON": lambda _reply: wrapped("x", raw=b"<html>"),
    "deep": lambda _reply: wrapped("x", raw=b"[" * 100_000),
}


def wrapped(fields: Any, raw: bytes = b"") -> Reply:
    text = raw or json.dumps(fields).encode()
    data, key = vneid_legacy.sealed(text, vneid_legacy.private_keys(OURS)[0].public_key())
    return plain({"data": data, "key": key})


@pytest.mark.parametrize("path", [TOKEN, USERINFO])
@pytest.mark.parametrize("forge", WRAPPED.values(), ids=WRAPPED.keys())
def test_it_refuses_what_is_wrapped_wrongly(signin: Simulator, path: str, forge: Callable[[Reply], Reply]) -> None:
    signin.alter(path, forge)
    citizen = Citizen(signin)
    citizen.is_refused(citizen.agrees())


@pytest.mark.parametrize("bearer", ["x" * 4001, "x\ud800", "x\r\nX-Other: y", "x\ny", "mã"])
def test_it_refuses_a_bearer_that_fits_into_no_line(signin: Simulator, bearer: str) -> None:
    signin.alter(TOKEN, lambda _reply: wrapped({"access_token": bearer}))
    citizen = Citizen(signin)
    citizen.is_refused(citizen.agrees())


def test_what_is_not_said_to_be_of_a_transaction_is_nobodys(signin: Simulator) -> None:
    citizen = Citizen(signin).is_said_to_be()
    private = vneid_legacy.private_keys(OURS)

    def forge(reply: Reply) -> Reply:
        sealed = fields_of(reply)
        return wrapped(
            {**json.loads(vneid_legacy.opened(sealed["data"], sealed["key"], private)), "transactionCode": ""}
        )

    signin.alter(USERINFO, forge)
    citizen.is_refused(citizen.agrees())


def test_the_secret_goes_in_the_body_and_never_in_an_address(signin: Simulator) -> None:
    citizen = Citizen(signin)
    there = citizen.goes(citizen.registers())["Location"]
    asked = parse_qs(urlsplit(there).query)
    assert SECRET not in there
    assert (asked["scope"], asked["response_type"], asked["client_id"]) == (["openid"], ["code"], ["SMARTCA"])


# ── Who the partner is ──


@pytest.mark.parametrize(
    "url",
    [
        "shared+https://SMARTCA@vneid.example",  # by no secret, anybody's signature would be right
        "hub+https://SMARTCA:@vneid.example",
        "shared+https://:secret@vneid.example",
        "shared+https://vneid.example",
        "oidc+https://SMARTCA:secret@vneid.example",
        "https://SMARTCA:secret@vneid.example",
        "shared+ftp://SMARTCA:secret@vneid.example",
    ],
)
def test_an_address_that_names_no_partner_opens_no_door(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(settings, "VNEID_URL", url)
    vneid_dialects.vneid.cache_clear()
    with pytest.raises(ImproperlyConfigured):
        vneid_dialects.vneid()
    vneid_dialects.vneid.cache_clear()


def test_outside_of_one_machine_nothing_goes_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "VNEID_URL", "shared+http://SMARTCA:secret@vneid.example")
    monkeypatch.setattr(settings, "EMBEDDED", False)
    vneid_dialects.vneid.cache_clear()
    with pytest.raises(ImproperlyConfigured):
        vneid_dialects.vneid()
    vneid_dialects.vneid.cache_clear()


def test_an_empty_secret_among_those_that_count_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with vneid_at_work(monkeypatch, "hub", keys=("",)) as hub:
        hub.alter(STATUS, lambda reply: resigned(reply, reply.body, ""))
        citizen = Citizen(hub)
        citizen.is_refused(citizen.agrees())
