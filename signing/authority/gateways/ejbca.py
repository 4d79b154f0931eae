"""An authority outside, over EJBCA's REST enrolment."""

import base64
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.authority import intents, profile
from signing.authority.intents import Away, Intent
from signing.authority.models import Authority

TIMEOUT = (3, 10)


class EJBCA:
    """EJBCA's REST enrolment, as its documentation tells it; tried against a stand-in only.

    `ejbca+https://host/ejbca/ejbca-rest-api?ca=…&profile=…&entity=…&chain=/path/to/chain.pem&client=/path/to/client.pem`;
    the chain begins with the authority that issues and ends with its root. The end entity is named by the intent:
    before asking for a certificate it looks whether one was made already."""

    outside = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        choices = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.base = f"{parts.scheme.partition('+')[2]}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/v1"
        self.ca, self.profile, self.entity = choices["ca"], choices["profile"], choices["entity"]
        self.password = unquote(parts.password or "")
        self.client = choices.get("client")
        self.chain = x509.load_pem_x509_certificates(Path(choices["chain"]).read_bytes())

    def issue(self, intent: Intent) -> bytes:
        # Each intent is an entity of its own: a corrected file is not given what was made before the correction.
        signed = self._made_before(intent.reference)
        if signed is None:
            self._enter(intent)
            request = x509.load_der_x509_csr(intent.request).public_bytes(Encoding.PEM).decode()
            answer = self._ask(
                "POST",
                "/certificate/certificaterequest",
                {
                    "certificate_request": request,
                    "certificate_authority_name": self.ca,
                    "username": intent.reference,
                    "password": self.password,
                    "include_chain": False,
                },
            )
            signed = base64.b64decode(answer["certificate"])
        if wrong := intents.fault_of_theirs(intent, signed, self.chain[0]):
            raise Away(f"the authority made something else: {wrong}")
        return signed

    def issuer(self, intended: Authority) -> Authority:
        """Kept beside our own, without a key: what it issued is shown and signed with these above it."""
        above: Authority | None = None
        for link in reversed(self.chain):
            content, name = (
                link.public_bytes(Encoding.DER),
                link.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME),
            )
            above = Authority.objects.filter(role=Authority.Role.OUTSIDE, certificate=content).first() or (
                Authority.objects.create(
                    role=Authority.Role.OUTSIDE, name=str(name[0].value)[:64] if name else "", kind="", live=False,
                    public=profile.public_of(link.public_key()), certificate=content, issuer=above,
                    serial=f"{link.serial_number:x}", not_after=link.not_valid_after_utc,
                )
            )  # fmt: skip
        assert above
        return above

    def _enter(self, intent: Intent) -> None:
        """Whom the certificate shall name; there already is right too."""
        intended = intent.certificate
        name = ",".join(
            f"{profile.LABELS[part.oid.dotted_string]}={escaped(str(part.value))}" for part in intended.subject
        )
        entity = {
            "username": intent.reference,
            "password": self.password,
            "subject_dn": name,
            "subject_alt_name": f"rfc822Name={intents.mails_of(intended)[0]}",
            "ca_name": self.ca,
            "certificate_profile_name": self.profile,
            "end_entity_profile_name": self.entity,
            "token": "USERGENERATED",
        }
        self._ask("POST", "/endentity", entity, there=409)

    def _made_before(self, reference: str) -> bytes | None:
        criteria = [{"property": "QUERY", "value": reference, "operation": "EQUAL"}]
        answer = self._ask("POST", "/certificate/search", {"max_number_of_results": 2, "criteria": criteria})
        certificates = [base64.b64decode(row["certificate"]) for row in answer.get("certificates", [])]
        return certificates[0] if certificates else None

    def _ask(self, method: str, path: str, question: dict[str, Any], there: int = 0) -> dict[str, Any]:
        try:
            answer = requests.request(
                method, self.base + path, json=question, timeout=TIMEOUT, cert=self.client, allow_redirects=False
            )
            if answer.status_code == there:
                return {}
            if not answer.ok:
                raise Away(f"{path} answered {answer.status_code}")
            content: dict[str, Any] = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError, ssl.SSLError) as wrong:
            raise Away(type(wrong).__name__) from wrong
        return content


def escaped(value: str) -> str:
    """As a distinguished name in one line wants it."""
    return "".join(f"\\{letter}" if letter in ',+"\\<>;=' else letter for letter in value)
