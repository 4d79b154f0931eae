"""Good, revoked, suspended, given up: Java, pyHanko, OpenSSL and GnuTLS come to the same, by list and by answer."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import crl, ocsp, pem, x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder
from django.conf import settings
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import RevokedError

from signing.authority import lists, register, revocation
from signing.authority import ocsp as answers
from signing.authority.lists import newest
from signing.authority.models import Authority, Issued
from signing.authority.profile import read
from tests.signing.authority.conftest import laid, list_in_pem, run
from tests.signing.authority.test_profile import content, signed
from tests.signing.conftest import newly_laid, sure

pytestmark = pytest.mark.once
JAVA = Path(__file__).parent / "Standing.java"


def hold_and_restore(row: Issued) -> None:
    revocation.hold(row)
    revocation.restore(row)


WAYS: dict[str, Callable[[Issued], None]] = {
    "good": lambda row: None,
    "revoked": lambda row: revocation.revoke(row, 1),
    "held": revocation.hold,
    "restored": hold_and_restore,
    "withdrawn": register.give_up,
}
EXPECTED = {
    "good": "good",
    "revoked": "revoked key compromise",
    "held": "revoked certificate hold",
    "restored": "good",
    "withdrawn": "revoked cessation of operation",
}


@pytest.fixture(params=["rsa-2048", "pss-2048", "p-256"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of each standing, the lists, and the answer to a question about each; in each way of signing."""
    if request.param != settings.AUTHORITY_KIND:
        newly_laid(request.param, tmp_path, monkeypatch)
    issuing = Authority.now("issuing")
    for name, change in WAYS.items():
        certificate = signed(content()[0])
        subject = read(certificate)
        row = register.intend(issuing, subject.serial_number, subject.not_valid_before_utc, subject.not_valid_after_utc)
        if name != "withdrawn":
            Issued.objects.filter(pk=row.pk).update(issued_at=datetime.now(UTC))
        change(row)
        (tmp_path / f"{name}.pem").write_bytes(subject.public_bytes(Encoding.PEM))
        question = OCSPRequestBuilder().add_certificate(subject, issuing.read, SHA1()).build()
        (tmp_path / f"{name}.ocsp").write_bytes(answers.answer(question.public_bytes(Encoding.DER)))
    lists.publish_due()
    return laid(tmp_path)


def test_java_openssl_gnutls_and_pyhanko_agree_by_list_and_by_answer(folder: Path) -> None:
    """Promise P4."""
    by_java = java(folder)
    for name, standing in EXPECTED.items():
        for way, readers in (("list", BY_LIST), ("answer", BY_ANSWER)):
            verdicts = {reader.__name__: reader(folder, name) for reader in readers}
            verdicts["java"] = by_java[name, way]
            assert set(verdicts.values()) <= {standing, standing.split()[0]}, (name, way, verdicts)
            assert standing in verdicts.values()  # some tell the reason, too


def java(folder: Path) -> dict[tuple[str, str], str]:
    """One start for all of them."""
    said = run(folder, f"java -XX:TieredStopAtLevel=1 {JAVA} . {' '.join(WAYS)}")
    lines = re.findall(r"^(\w+) (\w+) (.*)$", said, re.M)
    return {(name, way): verdict.lower().replace("_", " ") for name, way, verdict in lines}


def openssl_by_list(folder: Path, name: str) -> str:
    said = run(
        folder,
        "openssl verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile crls.pem"
        f" {name}.pem",
    )
    if said == f"{name}.pem: OK\n":
        return "good"
    return "revoked" if "error 23 at 0 depth lookup: certificate revoked" in said else said


def gnutls_by_list(folder: Path, name: str) -> str:
    """Given the list that the certificate names, as whoever fetches it: what a list's scope is it does not look at."""
    issuing, root = Authority.now("issuing"), Authority.now("root")
    serial = read(dearmoured(folder / f"{name}.pem")).serial_number
    (folder / "named.pem").write_bytes(list_in_pem(root) + list_in_pem(issuing, serial % issuing.shards))
    (folder / "chain.pem").write_bytes((folder / f"{name}.pem").read_bytes() + (folder / "issuing.pem").read_bytes())
    said = run(folder, "certtool --verify --load-ca-certificate root.pem --load-crl named.pem --infile chain.pem")
    assert said.count("Checked against CRL") == 2
    verdict = said.split("Chain verification output: ")[1]
    if verdict.startswith("Verified. The certificate is trusted."):
        return "good"
    return "revoked" if "The certificate chain is revoked." in verdict else said


def openssl_by_answer(folder: Path, name: str) -> str:
    said = run(
        folder,
        f"openssl ocsp -respin {name}.ocsp -issuer issuing.pem -cert {name}.pem -CAfile root.pem -no_nonce",
    )
    return words(said, f"{name}.pem: (.*)", "Reason: (.*)") if "Response verify OK" in said else said


def gnutls_by_answer(folder: Path, name: str) -> str:
    said = run(folder, f"ocsptool --verify-response --load-response {name}.ocsp --load-trust issuing.pem")
    if "Verifying OCSP Response: Success" not in said:
        return said
    serial = read(dearmoured(folder / f"{name}.pem")).serial_number
    return words(said, "Certificate Status: (.*)", "Reason: (.*)") if f"Serial Number: {serial:x}" in said else said


def words(said: str, *parts: str) -> str:
    """Status and reason as these programs write them: keyCompromise."""
    spoken = [match.group(1) for part in parts if (match := re.search(part, said))]
    return re.sub("(?=[A-Z])", " ", " ".join(spoken)).lower()


def pyhanko_by_list(folder: Path, name: str) -> str:
    lists = [
        crl.CertificateList.load(each) for _kind, _head, each in pem.unarmor((folder / "crls.pem").read_bytes(), True)
    ]
    return pyhanko(folder, name, crls=lists)


def pyhanko_by_answer(folder: Path, name: str) -> str:
    lists = [crl.CertificateList.load(bytes(sure(newest(Authority.now("root"))).der))]
    return pyhanko(folder, name, crls=lists, ocsps=[ocsp.OCSPResponse.load((folder / f"{name}.ocsp").read_bytes())])


def pyhanko(folder: Path, name: str, **evidence: Any) -> str:
    leaf, issuing, root = (
        x509.Certificate.load(dearmoured(folder / f"{each}.pem")) for each in (name, "issuing", "root")
    )
    context = ValidationContext(
        trust_roots=[root], allow_fetching=False, revocation_mode="require", retroactive_revinfo=True, **evidence
    )
    checker: Any = CertificateValidator(leaf, intermediate_certs=[issuing], validation_context=context)
    try:
        asyncio.run(checker.async_validate_usage({"digital_signature"}))
    except RevokedError as revoked:
        return f"revoked {revoked.reason.native}".replace("_", " ")
    return "good"


def dearmoured(file: Path) -> bytes:
    content: bytes = pem.unarmor(file.read_bytes())[2]
    return content


BY_LIST = (openssl_by_list, gnutls_by_list, pyhanko_by_list)
BY_ANSWER = (openssl_by_answer, gnutls_by_answer, pyhanko_by_answer)
