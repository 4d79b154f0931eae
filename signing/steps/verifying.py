"""A stranger's PDF, examined in a process of its own and forgotten; what our own rows know of it is added."""

import base64
import hashlib
import json
import subprocess
import sys
import threading
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils import timezone

from signing.models import Authority, Certificate, Paper
from signing.steps import founding

log = structlog.get_logger(__name__)
PATIENCE = 15  # seconds
# Of this process: one file is looked at and one waits a moment. The others are told, and its threads go on serving pages.
WAITING, TURNS = threading.BoundedSemaphore(2), threading.BoundedSemaphore(1)


def roots() -> list[bytes]:
    """Ours, and those that the operator laid into a folder (the national ones, for instance)."""
    ours = Authority.objects.filter(role=Authority.Role.ROOT).values_list("certificate", flat=True)
    return [*(bytes(one) for one in ours if one), *others()]


def others() -> list[bytes]:
    folder = Path(settings.TRUSTED_ROOTS) if settings.TRUSTED_ROOTS else None
    if folder is None or not folder.is_dir():
        return []
    found = [one.read_bytes() for one in sorted(folder.iterdir()) if one.suffix in (".pem", ".crt", ".cer")]
    read = [
        x509.load_pem_x509_certificate(one) if b"-----BEGIN" in one else x509.load_der_x509_certificate(one)
        for one in found
    ]
    return [one.public_bytes(Encoding.DER) for one in read]


def check(pdf: bytes) -> dict[str, Any]:
    """Plain facts about its signatures. Nothing of the file is kept."""
    known = Paper.objects.filter(file_hash=hashlib.sha256(pdf).hexdigest(), state=Paper.State.SEALED).exists()
    told = examined(pdf, known=known)
    for one in told.get("signatures", ()):
        serial, fingerprint = one.get("serial", ""), one.get("fingerprint", "")
        certificate = Certificate.issued().filter(serial=serial, fingerprint=fingerprint).first()
        one["ours"] = str(certificate.get_state_display()) if certificate else of_provider(serial, fingerprint)
        if "then" in one and certificate and was_revoked(certificate, one["time"]):
            one["then"]["status"] = "revoked"
    return {**told, "known": known}


def examined(pdf: bytes, *, known: bool) -> dict[str, Any]:
    if not pdf[:1024].lstrip().startswith(b"%PDF"):
        return {"problem": "not-a-pdf"}
    with ExitStack() as taken:
        for semaphore, patience in ((WAITING, 0), (TURNS, 3)):
            if not semaphore.acquire(timeout=patience):
                return {"problem": "busy"}
            taken.callback(semaphore.release)
        return apart(pdf, known=known)


def apart(pdf: bytes, *, known: bool) -> dict[str, Any]:
    asked = {"roots": [base64.b64encode(one).decode() for one in roots()], "known": known}
    lines = json.dumps(asked).encode() + b"\n"
    command = [sys.executable, "-m", "signing.examining"]
    try:
        done = subprocess.run(
            command,
            input=lines + pdf,
            capture_output=True,
            timeout=PATIENCE,
            cwd=settings.BASE_DIR,
            check=False,
            env={},
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        log.warning("file not examined in time", size=len(pdf))
        return {"problem": "busy"}
    except ValueError:
        log.warning("file not examined", size=len(pdf))
        return {"problem": "too-much"}
    return found


def was_revoked(certificate: Certificate, stamped: str) -> bool:
    """Whether by our own rows it was revoked or on hold when it signed, whatever evidence the file brings or leaves
    out; a hold that was lifted is not remembered. Without a timestamp nothing shows that it signed earlier than now."""
    at = datetime.fromisoformat(stamped) if stamped else timezone.now()
    return certificate.revoked_at is not None and certificate.revoked_at <= at


def of_provider(serial: str, fingerprint: str) -> str:
    """What our own rows say today of a certificate of our own keys."""
    ours = Authority.objects.filter(serial=serial, not_after__gt=timezone.now()).first()
    same = ours and founding.fingerprint(ours) == fingerprint
    return str(Certificate.State.ACTIVE.label) if same else ""
