"""A PDF of anybody's: what its signatures are worth, and what our own rows know of them. Nothing of the file is kept."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils import timezone

from signing.authority.models import Authority
from signing.models import Certificate, Paper
from signing.papers import isolation


def roots() -> list[bytes]:
    """Ours, and those that the operator laid into a folder (the national ones, for instance)."""
    ours = Authority.objects.filter(role=Authority.Role.ROOT).values_list("certificate", flat=True)
    return [*(bytes(root) for root in ours if root), *others()]


def others() -> list[bytes]:
    folder = Path(settings.TRUSTED_ROOTS) if settings.TRUSTED_ROOTS else None
    if folder is None or not folder.is_dir():
        return []
    files = [file.read_bytes() for file in sorted(folder.iterdir()) if file.suffix in (".pem", ".crt", ".cer")]
    return [certificate_in(content).public_bytes(Encoding.DER) for content in files]


def certificate_in(content: bytes) -> x509.Certificate:
    is_text = b"-----BEGIN" in content
    return (x509.load_pem_x509_certificate if is_text else x509.load_der_x509_certificate)(content)


def check(pdf: bytes) -> dict[str, Any]:
    """Plain facts about its signatures."""
    known = Paper.objects.filter(file_hash=hashlib.sha256(pdf).hexdigest(), state=Paper.State.SEALED).exists()
    facts = isolation.examined(pdf, roots(), known=known)
    for signature in facts.get("signatures", ()):
        serial, fingerprint = signature.get("serial", ""), signature.get("fingerprint", "")
        ours = Certificate.issued().filter(register__serial=serial, register__fingerprint=fingerprint)
        certificate = ours.first()
        signature["ours"] = str(certificate.get_state_display()) if certificate else of_provider(serial, fingerprint)
        if "then" in signature and certificate and was_revoked(certificate, signature["time"]):
            signature["then"]["status"] = "revoked"
    return {**facts, "known": known}


def was_revoked(certificate: Certificate, stamped: str) -> bool:
    """Whether by our own rows it was revoked or on hold when it signed, whatever evidence the file brings or leaves
    out; a hold that was lifted is not remembered. Without a timestamp nothing shows that it signed earlier than now."""
    at = datetime.fromisoformat(stamped) if stamped else timezone.now()
    return certificate.revoked_at is not None and certificate.revoked_at <= at


def of_provider(serial: str, fingerprint: str) -> str:
    """What our own rows say today of a certificate of our own keys."""
    ours = Authority.objects.filter(serial=serial, not_after__gt=timezone.now()).first()
    same = ours and ours.fingerprint == fingerprint
    return str(Certificate.State.ACTIVE.label) if same else ""
