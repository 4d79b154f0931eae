"""Who issues certificates: the authority within (no legal value), or one outside that speaks EJBCA's REST interface."""

import base64
import ssl
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from signing import der, profile
from signing.gateways.vault import sign_as_provider
from signing.models import Certificate

TIMEOUT = (3, 10)


class Away(Exception):
    """It did not answer, or not with a certificate that was asked for; the job tries again later."""


class CA(Protocol):
    outside: bool  # chooses its own serials

    def issue(self, certificate: Certificate) -> bytes:
        """The certificate for a stored intent; asked twice, it gives the same and makes no second one."""

    def fault(self, certificate: Certificate, signed: bytes) -> str:
        """Why this is not what was intended, or nothing."""


class EmbeddedCA:
    """Signs the intent as it stands: RSA signatures are the same each time, so is the certificate."""

    outside = False

    def issue(self, certificate: Certificate) -> bytes:
        issuer = certificate.issuer
        assert issuer
        content = base64.b64decode(certificate.content or "")
        signed = der.signed(content, issuer.algorithm, sign_as_provider(issuer.wrapped, content))
        if fault := self.fault(certificate, signed):
            raise Away(fault)
        return signed

    def fault(self, certificate: Certificate, signed: bytes) -> str:
        issuer = certificate.issuer
        assert issuer
        found, content = x509.load_der_x509_certificate(signed), base64.b64decode(certificate.content or "")
        if found.tbs_certificate_bytes != content:
            return "content"
        try:
            found.verify_directly_issued_by(profile.read(bytes(issuer.certificate or b"")))
        except (InvalidSignature, ValueError, TypeError):
            return "signature"
        return ""


class EJBCA:
    """EJBCA's REST enrolment, as its documentation tells it; tried against a stand-in only.

    `ejbca+https://host/ejbca/ejbca-rest-api?ca=…&profile=…&entity=…&client=/path/to/client.pem`. The end entity is named
    by the application and the intent: before asking for a certificate it looks whether one was made already."""

    outside = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        choices = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.base = f"{parts.scheme.partition('+')[2]}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/v1"
        self.ca, self.profile, self.entity = choices["ca"], choices["profile"], choices["entity"]
        self.password = unquote(parts.password or "")
        self.client = choices.get("client")

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
        if fault := self.fault(certificate, made):
            raise Away(f"the authority made something else: {fault}")
        return made

    def _enter(self, certificate: Certificate, reference: str) -> None:
        """Whom the certificate shall name; there already is right too."""
        intended = self._intended(certificate)
        mail = intended.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        name = ",".join(
            f"{profile.LABELS[part.oid.dotted_string]}={escaped(str(part.value))}" for part in intended.subject
        )
        told = {
            "username": reference,
            "password": self.password,
            "subject_dn": name,
            "subject_alt_name": f"rfc822Name={mail.get_values_for_type(x509.RFC822Name)[0]}",
            "ca_name": self.ca,
            "certificate_profile_name": self.profile,
            "end_entity_profile_name": self.entity,
            "token": "USERGENERATED",
        }
        self._ask("POST", "/endentity", told, there=409)

    def _intended(self, certificate: Certificate) -> x509.Certificate:
        content = base64.b64decode(certificate.content or "")
        return x509.load_der_x509_certificate(der.signed(content, "rsa", bytes(256)))

    def _made(self, reference: str) -> bytes | None:
        criteria = [{"property": "QUERY", "value": reference, "operation": "EQUAL"}]
        told = self._ask("POST", "/certificate/search", {"max_number_of_results": 2, "criteria": criteria})
        found = [base64.b64decode(one["certificate"]) for one in told.get("certificates", [])]
        return found[0] if found else None

    def fault(self, certificate: Certificate, signed: bytes) -> str:
        """Its profile is its own; whom and what key it names is ours."""
        try:
            found = x509.load_der_x509_certificate(signed)
        except ValueError:
            return "not a certificate"
        intended = self._intended(certificate)
        if found.public_key() != intended.public_key():
            return "key"
        told = sorted((part.oid.dotted_string, str(part.value)) for part in found.subject)
        if told != sorted((part.oid.dotted_string, str(part.value)) for part in intended.subject):
            return "subject"
        return ""

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


def escaped(value: str) -> str:
    """As a distinguished name in one line wants it."""
    return "".join(f"\\{letter}" if letter in ',+"\\<>;=' else letter for letter in value)


@cache
def ca_for(url: str) -> CA:
    scheme = urlsplit(url).scheme
    if scheme == "embedded":
        return EmbeddedCA()
    if scheme.startswith("ejbca+"):
        return EJBCA(url)
    raise ImproperlyConfigured(f"CA_URL begins with embedded: or ejbca+https:, not {scheme}:.")


def authority() -> CA:
    return ca_for(settings.CA_URL)


def authority_of(certificate: Certificate) -> CA:
    """Whoever made it, whatever the setting says today."""
    return authority() if certificate.outside else EmbeddedCA()
