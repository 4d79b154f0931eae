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
    newest = [lists.newest(Authority.now(role)) for role in ("issuing", "root")]
    crls = [x509.load_der_x509_crl(bytes(each.der)).public_bytes(Encoding.PEM) for each in newest if each]
    (folder / "crls.pem").write_bytes(b"".join(crls))
    return folder


def pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def run(folder: Path, command: str) -> str:
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def issued(deciders: tuple[User, User]) -> Certificate:
    return certificate_of(to(Step.COMPLETE, deciders))


def revoked_in(client: Client) -> dict[int, str]:
    issuer = Authority.now("issuing")
    published = x509.load_der_x509_crl(client.get(f"/pki/{issuer.serial}.crl").content)
    key = issuer.read.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert published.is_signature_valid(key)
    return {
        entry.serial_number: entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.name
        for entry in published
    }
