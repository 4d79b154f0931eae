"""PKCS #1 v1.5, RSASSA-PSS and ECDSA: whichever is set, the whole way is walked, and others verify what came of it."""

import io
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader

from enrollment.journey import Step
from portal import environment
from portal.models import User
from signing.authority import intents, profile, requests
from signing.authority.models import Authority
from signing.authority.timestamps import signer_of, stamp
from signing.models import Paper
from signing.papers import intact, pades
from signing.steps import issuance
from tests.signing.authority.conftest import laid, pem, run
from tests.signing.conftest import certificate_of, newly_laid, sure, to
from tests.signing.papers.test_pades import findings, pyhanko_agrees
from tests.signing.papers.test_paper import contract_pdf

pytestmark = pytest.mark.once
WAYS = {"pss-2048": "rsassa_pss", "p-256": "ecdsa"}


@pytest.mark.parametrize("kind", WAYS)
def test_certificate_papers_and_stamps_are_signed_so_and_others_agree(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deciders: tuple[User, User]
) -> None:
    newly_laid(kind, tmp_path, monkeypatch)
    certificate = certificate_of(to(Step.COMPLETE, deciders))
    key, read = sure(certificate.key), profile.read(issuance.der_of(certificate))
    assert key.kind == kind
    assert requests.fault(bytes(sure(key.request)), certificate.application.reference, bytes(key.public)) == ""
    assert intents.fault(issuance.intent_of(certificate), issuance.der_of(certificate)) == ""
    assert issuance.recheck() == 0
    laid(tmp_path)
    (tmp_path / "leaf.pem").write_bytes(pem(issuance.der_of(certificate)))
    how = "-x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile crls.pem"
    assert run(tmp_path, f"openssl verify {how} leaf.pem") == "leaf.pem: OK\n"
    for signed in (read, *(Authority.now(role).read for role in ("root", "issuing", "timestamp", "organisation"))):
        assert isinstance(signed.signature_algorithm_parameters, type(read.signature_algorithm_parameters))
    for paper in Paper.objects.filter(application=certificate.application):
        pdf = sure(paper.file).read()
        signatures = 1 if paper.kind == Paper.Kind.CONTRACT else 2
        pyhanko_agrees(pdf, signatures)
        assert set(ways_in(pdf)) == {WAYS[kind]}
        assert findings(pdf)["tone"] == "good"
        (tmp_path / "one.pdf").write_bytes(pdf)
        assert run(tmp_path, "pdfsig -nocert one.pdf").count("Signature is Valid") == signatures


def ways_in(pdf: bytes) -> list[str]:
    """Of each signature, each stamp, and each stamp within."""
    infos: list[Any] = []
    for each in PdfFileReader(io.BytesIO(pdf)).embedded_signatures:
        infos.append(each.signer_info)
        for attribute in each.signer_info["unsigned_attrs"]:
            infos += [cms.ContentInfo.load(token.dump())["content"]["signer_infos"][0] for token in attribute["values"]]
    return [info["signature_algorithm"].signature_algo for info in infos]


@pytest.mark.parametrize("kind", WAYS)
def test_openssl_takes_a_stamp_made_so(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newly_laid(kind, tmp_path, monkeypatch)
    laid(tmp_path)
    token = stamp(bytes(32), signer_of("timestamp"))
    (tmp_path / "token.der").write_bytes(token)
    how = "-inform DER -in token.der -CAfile root.pem -purpose timestampsign -out info.der"
    assert "CMS Verification successful" in run(tmp_path, f"openssl cms -verify {how}")
    if kind == "p-256":  # OpenSSL's `ts` reads an older form, in which there was no PSS yet
        verdict = run(tmp_path, f"openssl ts -verify -digest {'00' * 32} -in token.der -token_in -CAfile root.pem")
        assert "Verification: OK" in verdict


@pytest.mark.parametrize("kind", ["rsa-2048", *WAYS])
def test_a_signature_in_another_way_than_it_names_is_not_intact(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind != settings.AUTHORITY_KIND:
        newly_laid(kind, tmp_path, monkeypatch)
    signer = signer_of("organisation")
    signed = pades.sign(contract_pdf(), signer, "VNPT")
    assert intact.is_intact(signed)
    other = "pss" if signer.kind == "rsa" else "rsa"
    misnamed = pades.sign(contract_pdf(), type(signer)(signer.chain, other, signer.sign), "VNPT", at=timezone.now())
    assert not intact.is_intact(misnamed)


def test_a_way_that_we_do_not_know_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_KIND", "rsa-1024")
    with pytest.raises(ImproperlyConfigured):
        environment.key_kind("KEY_KIND")
