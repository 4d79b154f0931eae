"""Answers about a certificate's status, asked for over HTTP by OpenSSL and GnuTLS as any client would."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus, OCSPRequestBuilder, OCSPResponseStatus, load_der_ocsp_response
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from portal.refusals import Refusal
from signing.authority import ceremony, der, lists, ocsp, profile
from signing.authority.models import Authority
from signing.models import Certificate
from signing.steps import standing
from signing.steps.issuance import der_of
from tests.signing.authority.conftest import pem, revoked_in, run
from tests.signing.conftest import sure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def asked(live_server: LiveServer, folder: Path, issued: Certificate) -> Callable[..., str]:
    """What openssl says of a serial, the certificate's own by default."""
    (folder / "leaf.pem").write_bytes(pem(der_of(issued)))
    place = f"{live_server.url}/pki/{sure(issued.issuer).serial}/ocsp"

    def ask(serial: str = "", more: str = "") -> str:
        return run(
            folder,
            f"openssl ocsp -issuer issuing.pem -serial 0x{serial or issued.serial} -CAfile root.pem -url {place} {more}",
        )

    return ask


def test_a_revocation_is_told_at_once_by_answer_and_list(
    asked: Callable[..., str], issued: Certificate, client: Client
) -> None:
    """Promise P4: nobody has to wait, so neither 60 s nor 5 min pass."""
    assert "Response verify OK" in asked()
    assert f"0x{issued.serial}: good" in asked()
    standing.revoke(issued, 1)
    assert f"0x{issued.serial}: revoked" in asked()
    assert "Reason: keyCompromise" in asked()
    lists.publish_due()
    assert revoked_in(client) == {int(issued.serial, 16): "key_compromise"}


def test_a_suspension_ends_and_a_revocation_does_not(
    asked: Callable[..., str], issued: Certificate, client: Client
) -> None:
    standing.suspend(issued)
    assert "Reason: certificateHold" in asked()
    lists.publish_due()
    assert revoked_in(client) == {int(issued.serial, 16): "certificate_hold"}
    standing.restore(issued)
    assert ": good" in asked()
    lists.publish_due()
    assert revoked_in(client) == {}
    standing.suspend(issued)
    held = issued.revoked_at
    standing.revoke(issued)
    assert issued.revoked_at == held  # what was signed since then does not become good again
    with pytest.raises(Refusal):
        standing.restore(issued)
    assert ": revoked" in asked()


def test_what_was_never_issued_is_unknown_and_a_nonce_comes_back(asked: Callable[..., str]) -> None:
    assert "0x1234: unknown" in asked("1234")
    assert "no nonce" not in asked()  # openssl warns where an answer lacks the nonce that was asked with
    assert "Response verify OK" in asked(more="-no_nonce")


def test_gnutls_agrees(asked: Callable[..., str], issued: Certificate, folder: Path, client: Client) -> None:
    run(folder, f"openssl ocsp -issuer issuing.pem -serial 0x{issued.serial} -reqout ask.der")
    answer = client.post(
        f"/pki/{Authority.now('issuing').serial}/ocsp", (folder / "ask.der").read_bytes(), "application/ocsp-request"
    )
    assert answer["Content-Type"] == "application/ocsp-response"
    (folder / "answer.der").write_bytes(answer.content)
    verdict = run(folder, "ocsptool --verify-response --load-response answer.der --load-trust issuing.pem")
    assert "Verifying OCSP Response: Success" in verdict


def test_a_question_without_a_nonce_finds_its_answer_signed_ahead(
    issued: Certificate, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, above = x509.load_der_x509_certificate(der_of(issued)), sure(issued.issuer).read
    question = OCSPRequestBuilder().add_certificate(read, above, SHA1()).build().public_bytes(Encoding.DER)
    ocsp.sign_answers()
    monkeypatch.setattr(settings, "SIGNER", False)
    monkeypatch.setattr("signing.authority.questions.PATIENCE", 0.1)
    place = f"/pki/{Authority.now('issuing').serial}/ocsp"
    answer = load_der_ocsp_response(client.post(place, question, "application/ocsp-request").content)
    assert answer.certificate_status == OCSPCertStatus.GOOD
    assert answer.next_update_utc
    assert answer.next_update_utc > timezone.now() + timedelta(hours=5)
    by_address = client.get(f"{place}/{quote(base64.b64encode(question).decode(), safe='')}")
    assert by_address.content == client.post(place, question, "application/ocsp-request").content


@pytest.mark.parametrize("change", [standing.suspend, standing.revoke])
def test_an_answer_signed_ahead_goes_with_the_change_that_makes_it_untrue(
    change: Callable[[Certificate], None], issued: Certificate
) -> None:
    """Promise P4: whoever asks without a nonce is not told what was true before."""
    read, above = x509.load_der_x509_certificate(der_of(issued)), sure(issued.issuer).read
    question = OCSPRequestBuilder().add_certificate(read, above, SHA1()).build().public_bytes(Encoding.DER)
    ocsp.sign_answers()
    assert ocsp.signed_ahead(question)
    change(issued)
    assert ocsp.signed_ahead(question) is None
    ocsp.sign_answers()
    fresh = load_der_ocsp_response(sure(ocsp.signed_ahead(question)))
    assert fresh.certificate_status == OCSPCertStatus.REVOKED


@pytest.mark.parametrize("question", [b"", b"nonsense", b"\x30\x03\x02\x01", b"0" * 5000])
def test_what_is_no_question_is_told_so(question: bytes, client: Client) -> None:
    place = f"/pki/{Authority.now('issuing').serial}/ocsp"
    answer = load_der_ocsp_response(client.post(place, question, "application/ocsp-request").content)
    assert answer.response_status == OCSPResponseStatus.MALFORMED_REQUEST
    refused = client.post("/pki/tsa", question, "application/timestamp-query").content
    assert b"\x02\x01\x02" in refused[:8]  # status 2: rejection


def test_after_a_roll_over_the_old_authority_still_answers(asked: Callable[..., str], issued: Certificate) -> None:
    root = Authority.now("root")
    ceremony.turn_issuing(root)
    assert Authority.now("issuing") != issued.issuer
    assert f"0x{issued.serial}: good" in asked()
    standing.revoke(issued)
    assert f"0x{issued.serial}: revoked" in asked()
    lists.publish_due()
    assert Authority.objects.filter(role="issuing").count() == 2
    assert all(lists.newest(issuer) for issuer in Authority.objects.filter(role="issuing"))


def test_nothing_but_the_signer_answers_and_says_so_when_it_is_away(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
) -> None:
    monkeypatch.setattr(settings, "SIGNER", False)
    monkeypatch.setattr("signing.authority.questions.PATIENCE", 0.1)
    run(folder, "openssl ocsp -issuer issuing.pem -serial 0x12 -reqout ask.der")
    place = f"/pki/{Authority.now('issuing').serial}/ocsp"
    answer = client.post(place, (folder / "ask.der").read_bytes(), "application/ocsp-request").content
    assert load_der_ocsp_response(answer).response_status == OCSPResponseStatus.TRY_LATER


def test_odd_questions_get_an_answer_and_no_error(client: Client) -> None:
    issuing = Authority.now("issuing")
    named = ocsp.certificate_id("sha1", issuing, 5)
    *parts, _serial = der.elements(der.inner(named))
    negative = der.sequence(der.sequence(der.sequence(der.sequence(der.sequence(*parts, b"\x02\x01\xfb")))))
    nonce = profile.extension(ocsp.NONCE, der.octets(b"1234567812345678"))
    twice = der.explicit(2, der.sequence(nonce, nonce))
    for question in (negative, der.sequence(der.sequence(der.sequence(der.sequence(named)), twice))):
        answer = client.post(f"/pki/{issuing.serial}/ocsp", question, "application/ocsp-request")
        assert load_der_ocsp_response(answer.content).response_status == OCSPResponseStatus.MALFORMED_REQUEST
    imprint = der.sequence(der.SHA256, der.octets(hashlib.sha256(b"x").digest()))
    query = der.sequence(der.integer(1), imprint, b"\x02\x08" + b"\xf1" * 8, der.boolean(True))
    granted = client.post("/pki/tsa", query, "application/timestamp-query").content
    assert b"\x02\x08" + b"\xf1" * 8 in granted
