""" "Ký biên bản nghiệm thu": shown first, signed with the new key, checked, countersigned; then the certificate is active."""

import hashlib
from datetime import timedelta

import structlog
from cryptography import x509
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import telling
from portal import audit
from portal.refusals import Refusal
from signing import printing
from signing.authority import profile
from signing.holders import holder_of
from signing.models import Act, Certificate, Key, Paper
from signing.papers import pades, paper, texts
from signing.steps import acting
from signing.steps.acting import No, Told, settle
from signing.steps.contract import frozen_of, number_of, spaced
from signing.steps.issuance import der_of
from signing.steps.sealing import by_customer, by_provider, evidence, keep, lasting
from signing.steps.standing import serial_of

log = structlog.get_logger(__name__)
State, Kind = Certificate.State, Paper.Kind
TEMPLATE = "signing/pdf/minutes.html"
ACCEPTING = (State.ACCEPTANCE_WAITING, State.ACCEPTANCE_FAILED)
acting.SAID.update(
    {
        "not-in-force": _("Chứng thư số không còn hiệu lực nên không ký được. Quý khách gọi 18001260 nhánh 1."),
    }
)


def certificate_of(application: Application) -> Certificate:
    found = Certificate.issued().select_related("key").filter(application=application).first()
    if found is None:
        raise Refusal("no-certificate", _("Chứng thư số chưa được cấp."), status=404)
    found.application = application
    return found


def prepare(application: Application) -> Paper:
    """The minutes as they will be signed: printed once, the same for every look."""
    found = Paper.of(application, Kind.MINUTES)
    if found and found.shown_hash:
        return found
    facts = facts_of(application)
    now = timezone.now()
    with transaction.atomic():
        application.hold()
        found = Paper.of(application, Kind.MINUTES) or Paper.objects.create(
            application=application,
            kind=Kind.MINUTES,
            number=number_of("minutes", facts["unit"], "BBNT"),
            version=texts.CURRENT,
            facts=facts,
            frozen=frozen_of(facts),
            begun_at=now,
            ends_at=now + timedelta(days=3650),
        )
    shown, digest = keep(printed(found), application.data_key)
    if not Paper.objects.filter(pk=found.pk, shown=None).update(shown=shown, shown_hash=digest):
        shown.forget()  # another tab was quicker
    found = Paper.of(application, Kind.MINUTES)
    assert found
    return found


def facts_of(application: Application) -> dict[str, str]:
    certificate, told = certificate_of(application), application.declaration
    assert told
    assert certificate.issuer
    contract, order = Paper.of(application, Kind.CONTRACT), application.order
    unit = printing.unit_of(application, told)
    return {
        "full_name": told.full_name,
        "document_number": told.number,
        "unit": unit.name if unit else "VNPT",
        "contract": contract.number if contract else "–",
        "plan": order.name if order else "–",
        "st": holder_of(application).province,
        **certificate_facts(certificate),
    }


def certificate_facts(certificate: Certificate) -> dict[str, str]:
    read = profile.read(der_of(certificate))
    emails = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    kind = certificate.key.kind if certificate.key else ""
    return {
        "serial": f"{read.serial_number:032x}".upper(),
        "subject": profile.line(read.subject),
        "san_email": ", ".join(emails.get_values_for_type(x509.RFC822Name)),
        "issuer": profile.line(read.issuer),
        "not_before": printing.moment(read.not_valid_before_utc),
        "not_after": printing.moment(read.not_valid_after_utc),
        "key_kind": printing.KEY_KINDS.get(kind, kind),
        "fingerprint": spaced(serial_of(certificate).fingerprint.upper()),
    }


def printed(found: Paper) -> bytes:
    facts = {
        **found.facts,
        "day": printing.day(found.facts["st"], found.begun_at),
        "number": f"Số: {found.number}",
    }
    fixed = printing.fixed_minutes(found.version)
    return paper.make(TEMPLATE, fixed, printing.MINUTES_PLACES, facts, found.begun_at)


# ── In the signer ──


def accept(act: Act, told: Told) -> None:
    """Over the very bytes that were shown; the certificate looked at before, the signature after."""
    application = Application.objects.select_related("data_key", "plan").get(pk=act.application_id)
    found = Paper.of(application, Kind.MINUTES)
    if application.step != Step.ACCEPTANCE or found is None or found.pk != act.paper_id or found.shown is None:
        raise No("moved")
    shown = found.shown.read()
    if [hashlib.sha256(shown).hexdigest()] != act.digests or act.digests != [found.shown_hash]:
        log.error("minutes differ from what was shown", alarm=True, paper=found.pk)
        raise No("other-document")
    certificate = certificate_of(application)
    if not is_in_force(certificate):
        raise No("not-in-force")
    key = Key.objects.get(certificate=certificate)
    told_status = evidence([certificate])
    wrapped = acting.unlocked(key, told)
    signed = certificate_signed(certificate, shown, wrapped, found)
    pdf = lasting(by_provider(signed), told_status)
    file, digest = keep(pdf, application.data_key)
    now = timezone.now()
    with transaction.atomic():
        application.hold()
        here = Paper.objects.filter(pk=found.pk, state=Paper.State.OPEN)
        if here.update(state=Paper.State.SEALED, file=file, file_hash=digest, agreed_at=now, sealed_at=now) != 1:
            raise No("moved")
        certificate.move(State.SYNC_WAITING)
        certificate.move(State.ACTIVE, activated_at=now)
        application.finish()
        audit.record("minutes signed", application, way=told.way, hash=digest[:16])
        telling.tell(
            application, "certificate_active", [found.number], intent=f"active {certificate.pk}", app="signing"
        )
        if not settle(act, Act.State.DONE):
            raise No("late")  # told as failed meanwhile: then nothing is signed either


def is_in_force(certificate: Certificate) -> bool:
    """In time, not suspended, not revoked: looked at before anything is signed (Circular 15/2025)."""
    begins, ends = certificate.not_before, certificate.not_after
    in_time = bool(begins and ends and begins <= timezone.now() < ends)
    return in_time and certificate.state in ACCEPTING and not certificate.revoked_at


def hindrance(certificate: Certificate) -> str:
    """Why it cannot be signed with, known before anything is typed."""
    answer = "" if is_in_force(certificate) else "not-in-force"
    if certificate.key and not certificate.key.tries_left:
        answer = "locked"
    return str(acting.SAID[answer]) if answer else ""


def certificate_signed(certificate: Certificate, shown: bytes, wrapped: bytes, found: Paper) -> bytes:
    """The signature is checked by other hands than made it, before anything is kept."""
    issuer, key = certificate.issuer, certificate.key
    assert issuer
    assert key
    signed = by_customer(shown, der_of(certificate), issuer, key, wrapped, found.facts["full_name"])
    if not pades.is_intact(signed):
        certificate.move(State.ACCEPTANCE_FAILED)
        log.error("signature of the minutes is not valid", alarm=True, paper=found.pk)
        raise No("failed")
    return signed
