"""The gateways against real peers: Kannel with its fake SMS centre, an SMTP server, an S3 server."""

import email
import io
import json
import socket
import threading
import time
from email import policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.files.storage import storages
from django.core.mail import get_connection
from moto.server import ThreadedMotoServer

from portal import health, outbox
from portal.gateways import mail, sms
from portal.gateways.delivery import Undelivered
from portal.models import DataKey, Message, SealedFile
from tests.conftest import People
from tests.peers import MailServer
from tests.postgresql import free_port

pytestmark = pytest.mark.django_db


def text(**differently: Any) -> sms.Text:
    facts = {
        "id": "11111111-2222-3333-4444-555555555555",
        "to": "0912345678",
        "template": "portal/messages/password_reset",
        "params": ("135790", "15"),
        "body": "VNPT SmartCA: Ma dat mat khau la 135790",
        "report_url": "http://127.0.0.1:1/report/",
    }
    return sms.Text(**{**facts, **differently})


class Recorder(HTTPServer):
    """A peer that writes down what it is asked and answers what it is told to."""

    def __init__(self, answer: bytes = b"", status: int = 200) -> None:
        self.asked: list[tuple[str, bytes]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library calls it so
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder.asked.append((self.path, body))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_args: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


# ── VNPT brandname ──


def brandname(peer: Recorder) -> sms.SMSGateway:
    return sms.gateway_for(f"vnpt+http://user:p%40ss@127.0.0.1:{peer.server_port}/send?label=7&contract=9&agent=3")


def test_brandname_sends_a_template_with_numbered_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SMS_TEMPLATES", {"portal/messages/password_reset": "4711"})
    peer = Recorder(json.dumps({"RPLY": {"name": "send_sms_list", "ERROR": "0", "ERROR_DESC": "success"}}).encode())
    assert brandname(peer).send(text()) == text().id
    order = json.loads(peer.asked[0][1])["RQST"]
    assert (order["REQID"], order["TEMPLATEID"], order["MOBILELIST"]) == (text().id, "4711", "84912345678")
    assert order["PARAMS"] == [{"NUM": "1", "CONTENT": "135790"}, {"NUM": "2", "CONTENT": "15"}]
    assert (order["APIUSER"], order["APIPASS"], order["LABELID"]) == ("user", "p@ss", "7")


@pytest.mark.parametrize(("status", "doubtful"), [(400, False), (401, False), (500, True), (504, True)])
def test_only_a_plain_no_is_certain(status: int, doubtful: bool) -> None:
    peer = Recorder(b"", status)
    with pytest.raises(Undelivered) as no:
        sms.gateway_for(f"kannel+http://a:b@127.0.0.1:{peer.server_port}/cgi-bin/sendsms").send(text())
    assert no.value.doubtful is doubtful


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b'{"RPLY": {"ERROR": "101", "ERROR_DESC": "no credit"}}', 200), (b"", 500), (b"not json", 200)],
)
def test_brandname_says_why_it_took_nothing(answer: bytes, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SMS_TEMPLATES", {"portal/messages/password_reset": "4711"})
    with pytest.raises(Undelivered) as no:
        brandname(Recorder(answer, status)).send(text())
    assert "135790" not in str(no.value)
    assert "0912345678" not in str(no.value)


def test_a_template_the_provider_does_not_know_is_a_final_no() -> None:
    with pytest.raises(Undelivered) as no:
        brandname(Recorder()).send(text(template="portal/messages/unknown"))
    assert no.value.final


# ── Kannel ──


def test_a_code_reaches_the_sms_centre_through_kannel_and_the_report_comes_back(
    kannel: tuple[str, Path], person: People, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    url, log = kannel
    gateway, peer = sms.gateway_for(url), Recorder()
    monkeypatch.setattr(sms, "gateway", lambda: gateway)
    monkeypatch.setattr(settings, "SITE_URL", f"http://127.0.0.1:{peer.server_port}")
    user = person()
    outbox.post("portal/messages/password_reset", ["246801", "15"], user, intent="kannel")
    outbox.deliver()
    message = Message.objects.get(channel="sms")
    assert (message.status, message.error, message.provider_id) == ("sent", "", str(message.pk))
    for _ in range(50):
        if b"246801" in log.read_bytes() and peer.asked:
            break
        time.sleep(0.2)
    # The text arrived as one message to the number, in plain letters.
    assert f"+84{user.phone[1:]} text VNPT SmartCA: Ma dat mat khau la 246801".encode() in log.read_bytes()
    assert client.get(peer.asked[0][0]).status_code == 200
    assert Message.objects.get(channel="sms").status == "delivered"


def test_kannel_refuses_a_wrong_password_and_the_message_waits(kannel: tuple[str, Path]) -> None:
    with pytest.raises(Undelivered):
        sms.gateway_for(kannel[0].replace(":secret@", ":wrong@")).send(text())


def test_a_gateway_that_is_not_there_leaves_no_number_in_the_error() -> None:
    with pytest.raises(Undelivered, match="ConnectionError") as no:
        sms.gateway_for(f"kannel+http://a:b@127.0.0.1:{free_port()}/cgi-bin/sendsms").send(text())
    assert no.value.__cause__ is None
    assert not no.value.doubtful


def test_a_gateway_that_is_silent_may_have_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "TIMEOUT", (1, 0.3))
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        with pytest.raises(Undelivered, match="ReadTimeout") as no:
            sms.gateway_for(f"kannel+http://a:b@127.0.0.1:{deaf.getsockname()[1]}/cgi-bin/sendsms").send(text())
    assert no.value.doubtful


# ── SMTP ──


def test_mails_travel_by_smtp_and_one_bad_address_spoils_only_itself(
    person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    backend = "django.core.mail.backends.smtp.EmailBackend"
    monkeypatch.setattr(mail, "get_connection", lambda: get_connection(backend, host="127.0.0.1", port=controller.port))
    good, bad, worse, ugly = (
        person(language="en"),
        person(email="refused@example.vn"),
        person(email="disliked@example.vn"),
        person(email="a,b@example.vn"),
    )
    for user in (bad, worse, ugly, good):
        outbox.post("portal/messages/password_reset", ["975310", "15"], user, intent=f"smtp {user.pk}")
    outbox.deliver()
    controller.stop()
    [letter] = server.letters
    parsed = email.message_from_bytes(letter.content, policy=policy.default)
    plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert parsed["Subject"] == "Your VNPT SmartCA password code"
    assert "975310" in plain.get_content()
    assert "975310" in html.get_content()
    assert letter.rcpt_tos == [good.email]
    dead = Message.objects.filter(channel="email", status="dead").order_by("created_at")
    assert [message.error for message in dead] == ["recipient refused", "smtp 554", "address not valid"]
    assert Message.objects.filter(channel="sms", status="sent").count() == 4


def test_a_mail_server_that_is_not_there_delays_all_and_loses_none(
    person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = "django.core.mail.backends.smtp.EmailBackend"
    port = free_port()
    monkeypatch.setattr(mail, "get_connection", lambda: get_connection(backend, host="127.0.0.1", port=port))
    for place in range(3):
        outbox.post("portal/messages/password_reset", ["975310", "15"], person(), intent=f"smtp {place}")
    outbox.deliver()
    assert set(Message.objects.filter(channel="email").values_list("status", "error")) == {
        ("due", "ConnectionRefusedError")
    }


@pytest.mark.parametrize("answer", ["421 closing", "550 who are you"])
def test_a_server_that_refuses_us_kills_no_letter(answer: str, person: People, monkeypatch: pytest.MonkeyPatch) -> None:
    server = MailServer()

    async def handle_mail(*_args: Any) -> str:
        return answer

    monkeypatch.setattr(server, "handle_MAIL", handle_mail, raising=False)
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    backend = "django.core.mail.backends.smtp.EmailBackend"
    monkeypatch.setattr(mail, "get_connection", lambda: get_connection(backend, host="127.0.0.1", port=controller.port))
    for place in range(3):
        outbox.post("portal/messages/password_reset", ["975310", "15"], person(), intent=f"smtp {place}")
    outbox.deliver()
    controller.stop()
    assert set(Message.objects.filter(channel="email").values_list("status", "lost")) == {("due", 0)}


# ── Object storage ──


def test_sealed_files_lie_in_an_object_store_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port())
    server.start()
    address = f"http://127.0.0.1:{server._port}"
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket="portal")
    options = {"bucket_name": "portal", "access_key": "key", "secret_key": "secret", "endpoint_url": address}
    store = storages.create_storage({"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options})
    monkeypatch.setattr("portal.models.sealed.default_storage", store)
    monkeypatch.setattr("portal.health.default_storage", store)
    sealed = SealedFile.store(io.BytesIO(b"a card" * 50_000), "image/jpeg", DataKey.make())
    assert sealed.read() == b"a card" * 50_000
    assert health.storage() == "ok"
    server.stop()
    assert health.storage() != "ok"
