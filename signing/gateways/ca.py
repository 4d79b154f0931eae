"""Who issues certificates: the authority within (no legal value), or one outside that speaks EJBCA's REST interface."""

import base64
import ssl
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from signing.authority import der, profile
from signing.gateways.vault import sign_as_provider
from signing.models import Authority, Certificate

TIMEOUT = (3, 10)


class Away(Exception):
    """It did not answer, or not with a certificate that was asked for; the job tries again later."""


class CA(Protocol):
    outside: bool  # chooses its own serials

    def issue(self, certificate: Certificate) -> bytes:
        """The certificate for a stored intent; asked twice, it gives the same and makes no second one."""

    def issuer(self, certificate: Certificate) -> Authority:
        """Who stands above what it issues for this intent."""


class EmbeddedCA:
    """Signs the intent as it stands: RSA signatures are the same each time, so is the certificate."""

    outside = False

    def issue(self, certificate: Certificate) -> bytes:
        issuer, content = self.issuer(certificate), content_of(certificate)
        signed = der.signed(content, issuer.algorithm, sign_as_provider(issuer.wrapped, content))
        if wrong := fault(certificate, signed):
            raise Away(wrong)
        return signed

    def issuer(self, certificate: Certificate) -> Authority:
        assert certificate.issuer
        return certificate.issuer


class EJBCA:
    """EJBCA's REST enrolment, as its documentation tells it; tried against a stand-in only.

    `ejbca+https://host/ejbca/ejbca-rest-api?ca=…&profile=…&entity=…&chain=/path/to/chain.pem&client=/path/to/client.pem`;
    the chain begins with the authority that issues and ends with its root. The end entity is named by the application
    and the intent: before asking for a certificate it looks whether one was made already."""

    outside = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        choices = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.base = f"{parts.scheme.partition('+')[2]}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/v1"
        self.ca, self.profile, self.entity = choices["ca"], choices["profile"], choices["entity"]
        self.password = unquote(parts.password or "")
        self.client = choices.get("client")
        self.chain = x509.load_pem_x509_certificates(Path(choices["chain"]).read_bytes())

    def issue(self, certificate: Certificate) -> bytes:
        key = certificate.key
        assert key
        # Each intent is an entity of its own: a corrected file is not given what was made before the correction.
        reference = f"{certificate.application.reference}-{(certificate.serial or '')[-8:]}"
        made = self._made(reference)
        if made is None:
            self._enter(certificate, reference)
            request = x509.load_der_x509_csr(bytes(key.request or b"")).public_bytes(Encoding.PEM).decode()
            told = self._ask(
                "POST",
                "/certificate/certificaterequest",
                {
                    "certificate_request": request,
                    "certificate_authority_name": self.ca,
                    "username": reference,
                    "password": self.password,
                    "include_chain": False,
                },
            )
            made = base64.b64decode(told["certificate"])
        if wrong := fault_of_theirs(certificate, made, self.chain[0]):
            raise Away(f"the authority made something else: {wrong}")
        return made

    def issuer(self, certificate: Certificate) -> Authority:
        """Kept beside our own, without a key: what it issued is shown and signed with these above it."""
        above: Authority | None = None
        for one in reversed(self.chain):
            content, name = one.public_bytes(Encoding.DER), one.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
            above = Authority.objects.filter(role=Authority.Role.OUTSIDE, certificate=content).first() or (
                Authority.objects.create(
                    role=Authority.Role.OUTSIDE, name=str(name[0].value)[:64] if name else "", kind="", live=False,
                    public=profile.public_of(one.public_key()), certificate=content, issuer=above,
                    serial=f"{one.serial_number:x}", not_after=one.not_valid_after_utc,
                )
            )  # fmt: skip
        assert above
        return above

    def _enter(self, certificate: Certificate, reference: str) -> None:
        """Whom the certificate shall name; there already is right too."""
        intended = intended_of(certificate)
        name = ",".join(
            f"{profile.LABELS[part.oid.dotted_string]}={escaped(str(part.value))}" for part in intended.subject
        )
        told = {
            "username": reference,
            "password": self.password,
            "subject_dn": name,
            "subject_alt_name": f"rfc822Name={mails_of(intended)[0]}",
            "ca_name": self.ca,
            "certificate_profile_name": self.profile,
            "end_entity_profile_name": self.entity,
            "token": "USERGENERATED",
        }
        self._ask("POST", "/endentity", told, there=409)

    def _made(self, reference: str) -> bytes | None:
        criteria = [{"property": "QUERY", "value": reference, "operation": "EQUAL"}]
        told = self._ask("POST", "/certificate/search", {"max_number_of_results": 2, "criteria": criteria})
        found = [base64.b64decode(one["certificate"]) for one in told.get("certificates", [])]
        return found[0] if found else None

    def _ask(self, method: str, path: str, told: dict[str, Any] | None = None, there: int = 0) -> dict[str, Any]:
        try:
            answer = requests.request(
                method, self.base + path, json=told, timeout=TIMEOUT, cert=self.client, allow_redirects=False
            )
            if answer.status_code == there:
                return {}
            if not answer.ok:
                raise Away(f"{path} answered {answer.status_code}")
            found: dict[str, Any] = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError, ssl.SSLError) as wrong:
            raise Away(type(wrong).__name__) from wrong
        return found


# ── What came of an intent ──


def fault(certificate: Certificate, signed: bytes) -> str:
    """Why this is not what was intended, or nothing; by whoever made it, whatever the setting says today."""
    assert certificate.issuer
    above = profile.read(bytes(certificate.issuer.certificate or b""))
    return (fault_of_theirs if certificate.outside else fault_of_ours)(certificate, signed, above)


def fault_of_ours(certificate: Certificate, signed: bytes, above: x509.Certificate) -> str:
    found = x509.load_der_x509_certificate(signed)
    if found.tbs_certificate_bytes != content_of(certificate):
        return "content"
    return "" if is_issued_by(found, above) else "signature"


def fault_of_theirs(certificate: Certificate, signed: bytes, above: x509.Certificate) -> str:
    """Its profile is its own; whom and what key it names is ours, and that it lasts as long as was bought."""
    try:
        found, intended = x509.load_der_x509_certificate(signed), intended_of(certificate)
    except ValueError:
        return "not a certificate"
    if found.public_key() != intended.public_key():
        return "key"
    if named(found) != named(intended):
        return "subject"
    if mails_of(found) != mails_of(intended):
        return "mail address"
    if found.not_valid_after_utc < intended.not_valid_after_utc - timedelta(days=1):
        return "too short"
    return "" if is_issued_by(found, above) else "signature"


def content_of(certificate: Certificate) -> bytes:
    return base64.b64decode(certificate.content or "")


def intended_of(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(der.signed(content_of(certificate), "rsa", bytes(256)))


def named(certificate: x509.Certificate) -> list[tuple[str, str]]:
    return sorted((part.oid.dotted_string, str(part.value)) for part in certificate.subject)


def mails_of(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return found.get_values_for_type(x509.RFC822Name)


def is_issued_by(certificate: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def escaped(value: str) -> str:
    """As a distinguished name in one line wants it."""
    return "".join(f"\\{letter}" if letter in ',+"\\<>;=' else letter for letter in value)


@cache
def ca_for(url: str) -> CA:
    scheme = urlsplit(url).scheme
    if scheme == "embedded":
        return EmbeddedCA()
    if scheme.startswith("ejbca+"):
        try:
            return EJBCA(url)
        except (KeyError, OSError, ValueError) as wrong:
            raise ImproperlyConfigured(f"CA_URL: {wrong} is missing or cannot be read.") from wrong
    raise ImproperlyConfigured(f"CA_URL begins with embedded: or ejbca+https:, not {scheme}:.")


def authority() -> CA:
    return ca_for(settings.CA_URL)
