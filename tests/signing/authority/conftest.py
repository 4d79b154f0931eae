"""What other programs are given to look at."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client

from enrollment.journey import Step
from portal.models import User
from signing.authority import lists
from signing.authority.models import Authority
from signing.models import Certificate
from tests.signing.conftest import certificate_of, to


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return laid(tmp_path)


def laid(folder: Path) -> Path:
    """The provider's own certificates and all their lists."""
    for key in Authority.objects.exclude(certificate=None):
        (folder / f"{key.role}.pem").write_bytes(pem(bytes(key.certificate or b"")))
    crls = [list_in_pem(issuer, shard) for issuer in issuers() for shard in range(issuer.shards)]
    (folder / "crls.pem").write_bytes(b"".join(crls))
    return folder


def list_in_pem(issuer: Authority, shard: int = 0) -> bytes:
    newest = lists.newest(issuer, shard)
    return x509.load_der_x509_crl(bytes(newest.der)).public_bytes(Encoding.PEM) if newest else b""


def issuers() -> list[Authority]:
    return [Authority.now(role) for role in ("issuing", "root")]


def pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def run(folder: Path, command: str) -> str:
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def issued(deciders: tuple[User, User]) -> Certificate:
    return certificate_of(to(Step.COMPLETE, deciders))


def revoked_in(client: Client) -> dict[int, str]:
    """By all shards of the issuing authority's list."""
    issuer = Authority.now("issuing")
    key, revoked = issuer.read.public_key(), dict[int, str]()
    assert isinstance(key, rsa.RSAPublicKey)
    for shard in range(issuer.shards):
        published = x509.load_der_x509_crl(client.get(f"/pki/{issuer.serial}/{shard}.crl").content)
        assert published.is_signature_valid(key)
        reasons = {entry.serial_number: reason_of(entry) for entry in published}
        assert all(serial % issuer.shards == shard for serial in reasons)
        revoked |= reasons
    return revoked


def reason_of(entry: x509.RevokedCertificate) -> str:
    reasons = [each.value for each in entry.extensions if isinstance(each.value, x509.CRLReason)]
    return reasons[0].reason.name if reasons else ""
