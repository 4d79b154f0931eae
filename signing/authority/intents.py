"""What is to be issued, as it was stored before anything was signed; and whether what came of it is that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from signing.authority import der
from signing.authority.models import Authority


@dataclass(frozen=True)
class Intent:
    issuer: Authority
    content: bytes  # to be signed, DER
    request: bytes  # PKCS #10: proof that the key was at hand
    reference: str  # by which an authority outside finds again what it made
    outside: bool = False  # made there already, with a serial and a profile of its own

    @property
    def certificate(self) -> x509.Certificate:
        """As it would be, but for its signature."""
        return x509.load_der_x509_certificate(der.signed(self.content, self.issuer.algorithm, bytes(256)))


class Away(Exception):
    """The authority did not answer, or not with a certificate that was asked for; the job tries again later."""


def fault(intent: Intent, signed: bytes) -> str:
    """Why this is not what was intended, or nothing; by whoever made it, whatever the setting says today."""
    return (fault_of_theirs if intent.outside else fault_of_ours)(intent, signed, intent.issuer.read)


def fault_of_ours(intent: Intent, signed: bytes, above: x509.Certificate) -> str:
    certificate = x509.load_der_x509_certificate(signed)
    if certificate.tbs_certificate_bytes != intent.content:
        return "content"
    return "" if is_issued_by(certificate, above) else "signature"


def fault_of_theirs(intent: Intent, signed: bytes, above: x509.Certificate) -> str:
    """Its profile is its own; whom and what key it names is ours, and that it lasts as long as was bought."""
    try:
        certificate, intended = x509.load_der_x509_certificate(signed), intent.certificate
    except ValueError:
        return "not a certificate"
    if certificate.public_key() != intended.public_key():
        return "key"
    if named(certificate) != named(intended):
        return "subject"
    if mails_of(certificate) != mails_of(intended):
        return "mail address"
    if certificate.not_valid_after_utc < intended.not_valid_after_utc - timedelta(days=1):
        return "too short"
    return "" if is_issued_by(certificate, above) else "signature"


def named(certificate: x509.Certificate) -> list[tuple[str, str]]:
    return sorted((part.oid.dotted_string, str(part.value)) for part in certificate.subject)


def mails_of(certificate: x509.Certificate) -> Sequence[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.RFC822Name)


def is_issued_by(certificate: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
