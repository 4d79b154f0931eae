"""From an approved file to one certificate: intent, lint, signature, row, publication.

Authority comes from the approval that binds to the file's hash, never from a status. The intent (serial and content)
is stored before anything is signed, once and for good; so a job that was killed anywhere signs the same bytes again, and
thirty at once still make one certificate (promises P1 to P3)."""

import base64
import hashlib
import secrets
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import approving, notifying
from portal import audit, jobs, sealing
from portal.waking import Waker
from signing import custody
from signing.authority import intents, lint, ocsp, profile, register, requests
from signing.authority.gateways import ca
from signing.authority.gateways.vault import VaultError
from signing.authority.intents import Away, Intent
from signing.authority.models import Authority, Issued
from signing.holders import holder_of
from signing.models import Certificate, Key, Paper, take
from signing.steps.standing import serial_of

log = structlog.get_logger(__name__)
State = Certificate.State
TURN = timedelta(seconds=30)  # for whoever takes a certificate
waker = Waker("signing.tasks.issue")


class Nonconforming(Exception):
    """What was to be signed has faults: it is not signed, and a person must look."""


def issue_due() -> None:
    now = timezone.now()
    waiting = Certificate.objects.filter(state=State.ISSUE_WAITING, due_at__lte=now).order_by("due_at")
    whole = waiting.select_related("application__data_key", "application__plan", "application__subscription")
    jobs.each(whole[:20], in_turn)


def in_turn(certificate: Certificate) -> None:
    if take(certificate, TURN, timezone.now()):
        attempt(certificate)


def attempt(certificate: Certificate) -> None:
    try:
        issue(certificate.application)
    except (Nonconforming, VaultError, sealing.Broken, sealing.Erased, Away) as wrong:
        if not Certificate.objects.filter(pk=certificate.pk, state=State.ISSUE_WAITING).exists():
            return  # another has issued it meanwhile
        log.error("certificate not issued", alarm=True, application=certificate.application_id, reason=str(wrong))


def issue(application: Application) -> Certificate | None:
    """One certificate, or none where there is no authority for it."""
    certificate = certificate_of(application)
    if certificate.state != State.ISSUE_WAITING:
        return certificate
    if certificate.content is None and not intend(certificate):
        return None
    certificate = certificate_of(application)
    check_intent(certificate)
    store(certificate, ca.authority().issue(intent_of(certificate)))
    return certificate


def certificate_of(application: Application) -> Certificate:
    certificate = Certificate.objects.select_related("register__issuer", "key").get(application=application)
    certificate.application = application
    return certificate


def intend(certificate: Certificate) -> bool:
    """Serial and content, written where none is yet. Whoever comes second finds the first one's."""
    application = certificate.application
    approval, key = approving.granted(application), own_key(application)
    contract = Paper.of(application, Paper.Kind.CONTRACT)
    if approval is None or key is None or contract is None or contract.state != Paper.State.SEALED:
        log.error("no authority to issue", alarm=True, application=application.pk)
        return False
    authority = Authority.now(Authority.Role.ISSUING)
    issuer, holder = authority.as_issuer, holder_of(application)
    serial, now = profile.new_serial(), timezone.now().replace(microsecond=0)
    until = profile.clamped(now, months_of(application), issuer)
    content = profile.subscriber(holder, bytes(key.public), issuer, authority.algorithm, serial, now, until)
    if wrong := list(lint.faults(content, authority.algorithm, holder, bytes(key.public), issuer)):
        raise Nonconforming(", ".join(wrong))
    waiting = Certificate.objects.filter(pk=certificate.pk, state=State.ISSUE_WAITING, register=None)
    with transaction.atomic():
        row = register.intend(authority, serial, now, until)
        sealed = certificate.sealed("content", base64.b64encode(content).decode())
        if waiting.update(register=row, content=sealed, key=key, approval=approval):
            audit.record("certificate intended", application, serial=row.serial, file=approval.file_hash[:16])
        else:
            row.delete()  # nobody has seen it
    return True


def months_of(application: Application) -> int:
    """As ordered; a reissue without an order goes on with its plan."""
    bought = application.order or application.plan
    assert bought
    return bought.months


def own_key(application: Application) -> Key | None:
    """The key that the vault itself says is this subscription's, and that proved itself; a row that was written by other
    means is none."""
    key = Key.of(application)
    if key:
        custody.check(key)
        if wrong := requests.fault(bytes(key.request or b""), application.reference, bytes(key.public)):
            raise Nonconforming(f"key {key.pk}: {wrong}")
    return key


def check_intent(certificate: Certificate) -> None:
    """Before it is signed, however it came there: the stored content conforms, and the file is still as approved."""
    authority = certificate.issuer
    assert authority
    approval = approving.granted(certificate.application)
    if approval is None or approval.pk != certificate.approval_id:
        raise Nonconforming("the approval does not stand")
    content, holder = content_of(certificate), holder_of(certificate.application)
    key = own_key(certificate.application)
    if key is None or key != certificate.key:
        raise Nonconforming("another key")
    certificate.key = key  # as it was looked at just now
    wrong = list(lint.faults(content, authority.algorithm, holder, bytes(key.public), authority.as_issuer))
    if wrong:
        raise Nonconforming(", ".join(wrong))


def intent_of(certificate: Certificate) -> Intent:
    """What the authority is handed: nothing of the person but what the certificate will say."""
    row, key = certificate.register, certificate.key
    assert row
    assert key
    reference = f"{certificate.application.reference}-{row.serial[-8:]}"
    return Intent(row.issuer, content_of(certificate), bytes(key.request or b""), reference, row.outside)


def content_of(certificate: Certificate) -> bytes:
    return base64.b64decode(certificate.content or "")


def der_of(certificate: Certificate) -> bytes:
    return base64.b64decode(certificate.der or "")


def store(certificate: Certificate, signed: bytes) -> None:
    """With the step, the message and the state, at once; the second of two that signed the same stores nothing."""
    application, now, row = certificate.application, timezone.now(), certificate.register
    assert row
    sealed, read = certificate.sealed("der", base64.b64encode(signed).decode()), profile.read(signed)
    maker = ca.authority()
    with transaction.atomic():
        held = Application.objects.select_for_update(of=("self",)).select_related("data_key", "plan")
        fresh = held.get(pk=application.pk)  # first the application, as whoever stops it or sends it back does
        # Of this very intent: one that was given up meanwhile, and perhaps replaced, is not brought back.
        intent = Certificate.objects.filter(register=row, approval=certificate.approval, state=State.ISSUE_WAITING)
        status = secrets.token_hex(16)
        if not intent.filter(pk=certificate.pk).update(state=State.ACCEPTANCE_WAITING, der=sealed, status=status):
            return
        if fresh.step != Step.ISSUANCE or not register.store(row, signed, read, maker, now):
            raise Nonconforming("the application stands elsewhere")
        fresh.finish()
        audit.record("certificate issued", application, serial=row.serial)
        notifying.notify(
            fresh, "certificate_issued", [fresh.reference], intent=f"certificate {certificate.pk}", app="signing"
        )
    if not maker.outside:
        ocsp.sign_answer(Issued.objects.select_related("issuer").get(pk=row.pk), now)


# ── Every night ──


def recheck() -> int:
    """Whether each certificate is still what was intended, and each intent ended somewhere. How many are not."""
    wrong = 0
    for certificate in Certificate.issued().select_related("key", "application__data_key").iterator(200):
        fault = fault_of(certificate)
        if fault:
            wrong += 1
            log.error("certificate differs", alarm=True, certificate=certificate.pk, fault=fault)
    a_while_ago = timezone.now() - timedelta(minutes=5)
    stuck = Certificate.objects.filter(
        state=State.ISSUE_WAITING, register__issued_at=None, register__intended_at__lt=a_while_ago
    ).count()
    if stuck:
        log.error("intents without a certificate", alarm=True, number=stuck)
    return wrong + stuck


def key_fault(certificate: Certificate, signed: bytes) -> str:
    """Of one in force, for nobody signs with another's."""
    key = certificate.key
    if key is None or certificate.revoked_at:
        return ""
    custody.check(key)
    return "" if profile.public_of(profile.read(signed).public_key()) == bytes(key.public) else "key"


def fault_of(certificate: Certificate) -> str:
    try:
        signed = der_of(certificate)
        if hashlib.sha256(signed).hexdigest() != serial_of(certificate).fingerprint:
            return "fingerprint"
        return key_fault(certificate, signed) or intents.fault(intent_of(certificate), signed)
    except VaultError:
        return "key"
    except (sealing.Broken, sealing.Erased, ValueError):
        return "unreadable"
