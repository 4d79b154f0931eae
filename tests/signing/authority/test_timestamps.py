"""Timestamps, asked for over HTTP by OpenSSL as any client would."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from asn1crypto import tsp
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from signing.authority import clock, der, timestamps
from tests.signing.authority.conftest import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_openssl_takes_our_timestamp(digest: str, folder: Path, live_server: LiveServer) -> None:
    (folder / "data").write_text("hợp đồng")
    run(folder, f"openssl ts -query -data data -{digest} -cert -out query.tsq")
    headers = {"Content-Type": "application/timestamp-query"}
    answer = requests.post(
        f"{live_server.url}/pki/tsa", (folder / "query.tsq").read_bytes(), headers=headers, timeout=5
    )
    assert answer.headers["Content-Type"] == "application/timestamp-reply"
    (folder / "reply.tsr").write_bytes(answer.content)
    assert "Verification: OK" in run(folder, "openssl ts -verify -queryfile query.tsq -in reply.tsr -CAfile root.pem")
    (folder / "data").write_text("hợp đồng khác")
    assert "Verification: OK" not in run(folder, "openssl ts -verify -data data -in reply.tsr -CAfile root.pem")


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("-sha1", "unrecognized or unsupported"),
        ("-sha224", "unrecognized or unsupported"),
        ("-sha256 -tspolicy 1.2.3", "policy"),
    ],
)
def test_a_hash_or_policy_that_is_not_ours_is_refused(how: str, why: str, folder: Path, client: Client) -> None:
    (folder / "data").write_text("x")
    run(folder, f"openssl ts -query -data data {how} -out query.tsq")
    reply = replied(client, (folder / "query.tsq").read_bytes())
    (folder / "reply.tsr").write_bytes(reply)
    assert why in run(folder, "openssl ts -reply -in reply.tsr -text")


def question(**more: Any) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    return bytes(tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, **more}).dump())


def replied(client: Client, query: bytes) -> bytes:
    return client.post("/pki/tsa", query, "application/timestamp-query").content


def status_of(reply: bytes) -> tuple[str, set[str]]:
    status: Any = tsp.PKIStatusInfo.load(der.elements(der.inner(reply))[0])
    return status["status"].native, status["fail_info"].native or set()


@pytest.mark.parametrize("critical", [True, False])
def test_what_it_does_not_understand_is_refused(critical: bool, client: Client) -> None:
    odd = {"extn_id": "1.2.3.4", "critical": critical, "extn_value": b"\x05\x00"}
    assert status_of(replied(client, question())) == ("granted", set())
    assert status_of(replied(client, question(extensions=[odd]))) == ("rejection", {"unaccepted_extensions"})
    later = question().replace(b"\x02\x01\x01", b"\x02\x01\x02", 1)
    assert status_of(replied(client, later)) == ("rejection", {"bad_request"})
    short = {"hash_algorithm": {"algorithm": "sha512"}, "hashed_message": bytes(32)}
    assert status_of(replied(client, question(message_imprint=short))) == ("rejection", {"bad_alg"})


@pytest.mark.parametrize("error", [None, timedelta(seconds=1, milliseconds=1)])
def test_a_clock_that_nobody_keeps_stamps_nothing(
    error: timedelta | None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CLOCK", clock.KERNEL)
    monkeypatch.setattr(clock, "error_of_kernel", lambda: error)
    assert status_of(replied(client, question())) == ("rejection", {"time_not_available"})
    with pytest.raises(clock.Unknown):
        timestamps.stamp(bytes(32), timestamps.signer_of("timestamp"))


def test_it_states_the_accuracy_that_the_clock_keeps_and_the_policy_that_is_set(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert info_of(replied(client, question()))["accuracy"].native is None  # trusted unasked
    monkeypatch.setattr(settings, "CLOCK", clock.KERNEL)
    monkeypatch.setattr(clock, "error_of_kernel", lambda: timedelta(milliseconds=999))
    monkeypatch.setattr(settings, "TIMESTAMP_POLICY", "1.3.6.1.4.1.99999.1")
    info = info_of(replied(client, question(req_policy="1.3.6.1.4.1.99999.1")))
    # A second by which the clock may be off, and the part of a second that the stamp leaves out.
    assert info["accuracy"]["seconds"].native == 2
    assert info["policy"].native == "1.3.6.1.4.1.99999.1"


def test_the_kernel_is_asked_how_well_it_knows_the_time() -> None:
    error = clock.error_of_kernel()
    assert error is None or timedelta(0) <= error < timedelta(seconds=16)


def info_of(reply: bytes) -> Any:
    read: Any = tsp.TimeStampResp.load(reply)
    return read["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
