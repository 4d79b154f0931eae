"""An authority outside, over EJBCA's REST enrolment as documented, tried against a stand-in that answers so."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from cryptography import x509
from django.conf import settings

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from signing import der, profile
from signing.gateways.vault import vault
from signing.models import Authority
from signing.steps import issuance
from signing.steps.founding import issuer_of
from tests.signing.conftest import again, certificate_of, to

pytestmark = pytest.mark.once


class StandIn(BaseHTTPRequestHandler):
    """Answers as EJBCA's documentation shows; keeps what it was asked."""

    asked: ClassVar[list[tuple[str, str, dict[str, Any]]]] = []
    made: ClassVar[dict[str, bytes]] = {}
    trouble: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.removeprefix("/ejbca/ejbca-rest-api/v1")
        self.asked.append(("POST", path, told))
        if self.trouble:
            return self.answer(*{"down": (503, {}), "odd": (200, {"certificate": "AAAA"})}[self.trouble[0]])
        if path == "/certificate/search":
            name = told["criteria"][0]["value"]
            rows = [{"certificate": base64.b64encode(self.made[name]).decode()}] if name in self.made else []
            return self.answer(200, {"certificates": rows, "more_results": False})
        if path == "/endentity":
            return self.answer(201 if told["username"] not in self.made else 409, {})
        request = x509.load_pem_x509_csr(told["certificate_request"].encode())
        entity = next(one for _how, place, one in reversed(self.asked) if place == "/endentity")
        self.made[told["username"]] = issue(entity, profile.public_of(request.public_key()))
        return self.answer(201, {"certificate": base64.b64encode(self.made[told["username"]]).decode()})

    def do_PUT(self) -> None:
        self.asked.append(("PUT", self.path, {}))
        self.answer(200, {})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None: ...


def issue(entity: dict[str, Any], public: bytes) -> bytes:
    """By a key of its own choosing of serial, for whom it was told."""
    from datetime import UTC, datetime, timedelta

    authority, now = Authority.now("issuing"), datetime.now(UTC).replace(microsecond=0)
    parts = dict(part.split("=", 1) for part in entity["subject_dn"].split(","))
    holder = profile.Holder(parts["ST"], parts["L"], parts["CN"], parts["UID"], entity["subject_alt_name"][11:])
    issuer = issuer_of(authority)
    body = profile.subscriber(holder, public, issuer, "rsa", 0x7777 + len(StandIn.made), now, now + timedelta(days=365))
    return der.signed(body, "rsa", vault().sign(bytes(authority.wrapped or b""), body))


@pytest.fixture
def _ejbca(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    StandIn.asked.clear()
    StandIn.made.clear()
    StandIn.trouble.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"ejbca+http://:secret@127.0.0.1:{server.server_port}/ejbca/ejbca-rest-api"
    monkeypatch.setattr(settings, "CA_URL", f"{place}?ca=SmartCA&profile=SMARTCA&entity=CITIZEN")
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def waiting(deciders: tuple[User, User]) -> Application:
    return to(Step.ISSUANCE, deciders)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ejbca")
def test_it_is_told_whom_to_name_and_its_certificate_is_taken(waiting: Application) -> None:
    issuance.issue_due()
    certificate, told = certificate_of(waiting), waiting.declaration
    assert told
    assert again(waiting).step == Step.ACCEPTANCE
    assert certificate.serial == "7777"
    paths = [path for _how, path, _told in StandIn.asked]
    assert paths == ["/certificate/search", "/endentity", "/certificate/certificaterequest"]
    entity = StandIn.asked[1][2]
    assert entity["subject_dn"].endswith(f"CN={told.full_name},UID=CCCD:{told.number}")
    assert entity["username"].startswith(f"{waiting.reference}-")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ejbca")
@pytest.mark.parametrize("trouble", ["down", "odd"])
def test_while_it_is_away_the_intent_waits_and_nothing_is_lost(trouble: str, waiting: Application) -> None:
    StandIn.trouble.append(trouble)
    issuance.issue_due()
    assert certificate_of(waiting).issued_at is None
    StandIn.trouble.clear()
    issuance.attempt(certificate_of(waiting))
    assert certificate_of(waiting).issued_at


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ejbca")
def test_one_that_was_made_before_a_fall_is_found_again(waiting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise P2: asked twice it makes one."""

    def falls(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(issuance, "store", falls)
    with pytest.raises(SystemExit):
        issuance.attempt(certificate_of(waiting))
    monkeypatch.undo()
    settings.SIGNER = True
    issuance.attempt(certificate_of(waiting))
    settings.SIGNER = False
    assert len(StandIn.made) <= 1
    assert certificate_of(waiting).issued_at


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ejbca")
def test_a_certificate_for_another_is_not_taken(waiting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    other = vault().make("rsa-2048").public
    entity = {"subject_dn": "C=VN,ST=A,L=B,CN=Khac,UID=CCCD:1", "subject_alt_name": "rfc822Name=a@example.vn"}
    issuance.intend(certificate_of(waiting))
    StandIn.made[f"{waiting.reference}-{certificate_of(waiting).serial[-8:]}"] = issue(entity, other)  # type: ignore[index]
    issuance.issue_due()
    assert certificate_of(waiting).issued_at is None
