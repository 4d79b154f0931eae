"""An authority outside, over EJBCA's REST enrolment as documented, tried against a stand-in that answers so."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from pyhanko.pdf_utils.reader import PdfFileReader

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from signing.authority import der, intents, ocsp, profile
from signing.authority.gateways.vault import CUSTOMER, sign_with, vault
from signing.authority.models import Authority
from signing.authority.profile import Issuer
from signing.models import Act, Paper
from signing.steps import issuance
from signing.steps.standing import serial_of
from tests.signing.conftest import again, browser_of, certificate_of, confirmed, to

pytestmark = pytest.mark.once


class StandIn(BaseHTTPRequestHandler):
    """Answers as EJBCA's documentation shows; keeps what it was asked."""

    asked: ClassVar[list[tuple[str, str, dict[str, Any]]]] = []
    issued: ClassVar[dict[str, bytes]] = {}
    trouble: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.removeprefix("/ejbca/ejbca-rest-api/v1")
        self.asked.append(("POST", path, question))
        if self.trouble:
            return self.answer(*{"down": (503, {}), "odd": (200, {"certificate": "AAAA"})}[self.trouble[0]])
        if path == "/certificate/search":
            name = question["criteria"][0]["value"]
            rows = [{"certificate": base64.b64encode(self.issued[name]).decode()}] if name in self.issued else []
            return self.answer(200, {"certificates": rows, "more_results": False})
        if path == "/endentity":
            return self.answer(201 if question["username"] not in self.issued else 409, {})
        request = x509.load_pem_x509_csr(question["certificate_request"].encode())
        entity = next(entity for _how, place, entity in reversed(self.asked) if place == "/endentity")
        self.issued[question["username"]] = issue(entity, profile.public_of(request.public_key()))
        return self.answer(201, {"certificate": base64.b64encode(self.issued[question["username"]]).decode()})

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


@cache
def outside() -> tuple[Any, list[bytes]]:
    """An authority that is not ours: its key, and its chain up to its root."""
    chain, above, now = list[bytes](), None, datetime.now(UTC).replace(microsecond=0)
    for role, name in ((Authority.Role.ROOT, "Root elsewhere"), (Authority.Role.ISSUING, "Authority elsewhere")):
        key = rsa.generate_private_key(65537, 2048)
        issuer = Issuer(chain[0], "http://pki.example.vn/1") if chain else None
        subject, serial = profile.name((profile.NAME, name)), 0x5000 + len(chain)
        body = profile.provider(
            role, subject, profile.public_of(key), issuer, "rsa", serial, now, now + timedelta(days=3650)
        )
        chain.insert(0, der.signed(body, "rsa", sign_with(above or key, body)))
        above = key
    return above, chain


def issue(entity: dict[str, Any], public: bytes, days: int = 366, mail: str = "") -> bytes:
    """By a key of its own, with a serial of its own choosing, for whom it was told."""
    key, chain = outside()
    now = datetime.now(UTC).replace(microsecond=0)
    parts = dict(part.split("=", 1) for part in entity["subject_dn"].split(","))
    mail = mail or entity["subject_alt_name"].removeprefix("rfc822Name=")
    holder, issuer = (
        profile.Holder(parts["ST"], parts["L"], parts["CN"], parts["UID"], mail),
        Issuer(chain[0], "http://pki.example.vn/2"),
    )
    serial, ends = 0x7777 + len(StandIn.issued), now + timedelta(days=days)
    body = profile.subscriber(holder, public, issuer, "rsa", serial, now, ends)
    return der.signed(body, "rsa", sign_with(key, body))


@pytest.fixture
def _ejbca(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    StandIn.asked.clear()
    StandIn.issued.clear()
    StandIn.trouble.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chain = tmp_path / "chain.pem"
    chain.write_bytes(b"".join(profile.read(link).public_bytes(Encoding.PEM) for link in outside()[1]))
    place = f"ejbca+http://:secret@127.0.0.1:{server.server_port}/ejbca/ejbca-rest-api"
    monkeypatch.setattr(settings, "CA_URL", f"{place}?ca=SmartCA&profile=SMARTCA&entity=CITIZEN&chain={chain}")
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
    certificate, declaration = certificate_of(waiting), waiting.declaration
    assert declaration
    assert again(waiting).step == Step.ACCEPTANCE
    assert certificate.serial == "7777"
    paths = [path for _how, path, _told in StandIn.asked]
    assert paths == ["/certificate/search", "/endentity", "/certificate/certificaterequest"]
    entity = StandIn.asked[1][2]
    assert entity["subject_dn"].endswith(f"CN={declaration.full_name},UID=CCCD:{declaration.number}")
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
    assert len(StandIn.issued) <= 1
    assert certificate_of(waiting).issued_at


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ejbca")
def test_what_it_made_is_shown_signed_with_and_vouched_for_as_its_own_not_as_ours(waiting: Application) -> None:
    issuance.issue_due()
    certificate, chain = certificate_of(waiting), outside()[1]
    assert certificate.issuer
    assert certificate.issuer.chain == chain
    read = profile.read(issuance.der_of(certificate))
    assert (certificate.not_before, certificate.not_after) == (read.not_valid_before_utc, read.not_valid_after_utc)
    kept = browser_of(waiting).get(f"/certificate/{certificate.pk}/chain/").content
    assert [link.public_bytes(Encoding.DER) for link in x509.load_pem_x509_certificates(kept)][1:] == chain
    assert (ocsp.sign_answers(), serial_of(certificate).answer) == (0, None)
    assert ocsp.status_of(Authority.now("issuing"), 0x7777) == ocsp.UNKNOWN
    assert confirmed(again(waiting), Act.Kind.ACCEPT).state == Act.State.DONE
    minutes = Paper.of(waiting, Paper.Kind.MINUTES)
    assert minutes
    assert minutes.file
    signatures = PdfFileReader(io.BytesIO(minutes.file.read())).embedded_signatures
    assert [each.dump() for each in signatures[0].other_embedded_certs] == chain[:1]
    assert issuance.fault_of(certificate_of(waiting)) == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ejbca")
@pytest.mark.parametrize(
    ("fault", "less"), [("mail address", {"mail": "other@example.vn"}), ("too short", {"days": 300})]
)
def test_less_than_was_intended_is_not_taken(fault: str, less: dict[str, Any], waiting: Application) -> None:
    issuance.intend(certificate_of(waiting))
    certificate = certificate_of(waiting)
    intended = issuance.intent_of(certificate).certificate
    name = ",".join(f"{profile.LABELS[part.oid.dotted_string]}={part.value!s}" for part in intended.subject)
    entity = {"subject_dn": name, "subject_alt_name": f"rfc822Name={intents.mails_of(intended)[0]}"}
    public = profile.public_of(intended.public_key())
    above, stranger = (
        profile.read(bytes(content or b"")) for content in (outside()[1][0], Authority.now("issuing").certificate)
    )
    assert intents.fault_of_theirs(issuance.intent_of(certificate), issue(entity, public), above) == ""
    assert intents.fault_of_theirs(issuance.intent_of(certificate), issue(entity, public, **less), above) == fault
    assert intents.fault_of_theirs(issuance.intent_of(certificate), issue(entity, public), stranger) == "signature"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_ejbca")
def test_a_certificate_for_another_is_not_taken(waiting: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    other = vault().make(CUSTOMER, "rsa-2048").public
    entity = {"subject_dn": "C=VN,ST=A,L=B,CN=Khac,UID=CCCD:1", "subject_alt_name": "rfc822Name=a@example.vn"}
    issuance.intend(certificate_of(waiting))
    StandIn.issued[f"{waiting.reference}-{certificate_of(waiting).serial[-8:]}"] = issue(entity, other)
    issuance.issue_due()
    assert certificate_of(waiting).issued_at is None
