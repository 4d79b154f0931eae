"""VNeID's simulator tells wrong from right, as the service would: what partners call, signed and not."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from enrollment.gateways.vneid_hub import raw_mac
from enrollment.gateways.vneid_line import mac, signed
from tests.enrollment.citizens import SECRET, VAN, Citizen, Simulator, vneid_at_work

pytestmark = pytest.mark.django_db
INIT, STATUS, EVENTS = "/api/v1/share/init", "/api/v1/certificates/get-status", "/api/v1/partners/events"
CALLS = [INIT, "/api/v1/share/fetch", "/api/v1/certificates/register", STATUS]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with vneid_at_work(monkeypatch, "hub") as at_work:
        yield at_work


def calls(simulator: Simulator, path: str, body: bytes = b"{}", secret: str = SECRET, signature: str = "") -> Any:
    known = {**signed("SMARTCA", secret, body), "X-Webhook-Signature": signature}
    return requests.post(f"{simulator.origin}{path}", body, headers=known, timeout=5)


@pytest.mark.parametrize("path", [*CALLS, EVENTS])
def test_it_hears_nobody_without_the_secret(hub: Simulator, path: str) -> None:
    assert calls(hub, path, secret="another").status_code == 401


@pytest.mark.parametrize("path", [*CALLS, EVENTS])
def test_it_hears_nobody_who_could_be_heard_twice(hub: Simulator, path: str) -> None:
    stamp = str(int(time.time()))
    headers = {**signed("SMARTCA", SECRET, b"{}"), "X-Timestamp": stamp, "X-Nonce": ""}
    headers["X-Signature"] = mac(SECRET, "SMARTCA", stamp, "", b"{}")
    assert requests.post(f"{hub.origin}{path}", b"{}", headers=headers, timeout=5).status_code == 401


@pytest.mark.parametrize("path", CALLS)
def test_it_hears_nobody_twice(hub: Simulator, path: str) -> None:
    headers = signed("SMARTCA", SECRET, b"{}")
    first, second = (requests.post(f"{hub.origin}{path}", b"{}", headers=headers, timeout=5) for _time in range(2))
    assert first.status_code != 401
    assert (second.status_code, second.json()) == (401, {"status": "23"})


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("body", [b"[]", b"<", b"null"])
def test_it_answers_what_is_no_question(hub: Simulator, path: str, body: bytes) -> None:
    assert calls(hub, path, body).status_code == 400


def test_it_sends_nobody_to_an_address_that_was_not_registered(hub: Simulator) -> None:
    question = {"returnUrl": "https://elsewhere.example/vneid/back/", "redirectUri": "https://elsewhere.example/"}
    body = json.dumps(question).encode()
    assert calls(hub, INIT, body).status_code == 400
    assert calls(hub, "/api/v1/certificates/register", body).json()["status"] == "02"


def test_it_hears_no_event_without_its_signature(hub: Simulator) -> None:
    assert calls(hub, EVENTS).status_code == 401
    signature = f"sha256={raw_mac(SECRET, b'{}')}"
    assert calls(hub, EVENTS, signature=signature).status_code == 401


def test_it_hears_no_event_of_a_transaction_that_it_does_not_know(hub: Simulator) -> None:
    body = json.dumps({"id": "n", "data": {"transactionCode": "VN1", "statusCode": 0}}).encode()
    signature = f"sha256={raw_mac(SECRET, body)}"
    assert calls(hub, EVENTS, body, signature=signature).status_code == 404


def test_whoever_has_agreed_is_sent_straight_back(hub: Simulator) -> None:
    citizen = Citizen(hub, VAN)
    assert citizen.agrees().startswith("/vneid/back/VN")


@pytest.mark.parametrize("path", ["/share/VN0", "/oauth2/authorize?client_id=OTHER", "/nowhere"])
def test_it_knows_no_other_page(hub: Simulator, path: str) -> None:
    assert Citizen(hub).signs_in().tap(path).status_code in (400, 404)
