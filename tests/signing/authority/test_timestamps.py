"""Timestamps, asked for over HTTP by OpenSSL as any client would."""

from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from tests.signing.authority.conftest import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def test_openssl_takes_our_timestamp(folder: Path, live_server: LiveServer) -> None:
    (folder / "data").write_text("hợp đồng")
    run(folder, "openssl ts -query -data data -sha256 -cert -out query.tsq")
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
    ("how", "why"), [("-sha512", "unrecognized or unsupported"), ("-sha256 -tspolicy 1.2.3", "policy")]
)
def test_a_hash_or_policy_that_is_not_ours_is_refused(how: str, why: str, folder: Path, client: Client) -> None:
    (folder / "data").write_text("x")
    run(folder, f"openssl ts -query -data data {how} -out query.tsq")
    answer: Any = client.post("/pki/tsa", (folder / "query.tsq").read_bytes(), "application/timestamp-query")
    (folder / "reply.tsr").write_bytes(answer.content)
    assert why in run(folder, "openssl ts -reply -in reply.tsr -text")
