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
from enrollment.steps import notifying
from portal import audit
from portal.refusals import Refusal
from signing import printing
from signing.answers import ANSWERS
from signing.authority import profile
from signing.authority.gateways.vault import KeyPair
from signing.holders import holder_of
from signing.models import Act, Certificate, Paper
from signing.papers import intact, texts
from signing.papers.paper import make
from signing.steps import acts
from signing.steps.acts import Confirmation, NotDone, settle
from signing.steps.contract import frozen_of, number_of
from signing.steps.issuance import der_of
from signing.steps.signatures import by_customer, by_provider, evidence, keep, lasting, stamping
from signing.steps.standing import serial_of

log = structlog.get_logger(__name__)
State, Kind = Certificate.State, Paper.Kind
TEMPLATE = "signing/pdf/minutes.html"
ACCEPTING = (State.ACCEPTANCE_WAITING, State.ACCEPTANCE_FAILED)


def certificate_of(application: Application) -> Certificate:
    certificate = Certificate.issued().select_related("key").filter(application=application).first()
    if certificate is None:
        raise Refusal("no-certificate", _("Chứng thư số chưa được cấp."), status=404)
    certificate.application = application
    return certificate


def prepare(application: Application) -> Paper:
    """The minutes as they will be signed: printed once, the same for every look as long as what they say is true."""
    facts, now = facts_of(application), timezone.now()
    frozen = frozen_of(facts, texts.CURRENT)
    paper = Paper.of(application, Kind.MINUTES)
    if paper and paper.shown_hash and paper.frozen == frozen:
        return paper
    with transaction.atomic():
        application.hold()
        outdated = Paper.objects.filter(application=application, kind=Kind.MINUTES, state=Paper.State.OPEN)
        outdated.exclude(frozen=frozen).update(state=Paper.State.VOID)
        paper = Paper.of(application, Kind.MINUTES) or Paper.objects.create(
            application=application,
            kind=Kind.MINUTES,
            number=number_of("minutes", facts["unit"], "BBNT"),
            version=texts.CURRENT,
            facts=facts,
            frozen=frozen,
            begun_at=now,
            ends_at=now + timedelta(days=3650),
        )
    shown, digest = keep(printed(paper), application.data_key)
    if not Paper.objects.filter(pk=paper.pk, shown=None).update(shown=shown, shown_hash=digest):
        shown.forget()  # another tab was quicker
    paper = Paper.of(application, Kind.MINUTES)
    assert paper
    return paper


def facts_of(application: Application) -> dict[str, str]:
    certificate, declaration = certificate_of(application), application.declaration
    assert declaration
    contract, order = Paper.of(application, Kind.CONTRACT), application.order
    unit = printing.unit_of(application, declaration)
    return {
        "full_name": declaration.full_name,
        "document_number": declaration.number,
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
        "fingerprint": printing.spaced(serial_of(certificate).fingerprint.upper()),
    }


def printed(paper: Paper) -> bytes:
    facts = {
        **paper.facts,
        "day": printing.day(paper.facts["st"], paper.begun_at),
        "number": f"Số: {paper.number}",
        "serial_spaced": printing.spaced(paper.facts["serial"]),
    }
    return make(TEMPLATE, printing.fixed_minutes(paper.version), printing.MINUTES_PLACES, facts, paper.begun_at)


def ask(application: Application, place: str = "") -> Act:
    """To sign the minutes as they are shown, with the key of the certificate that they tell of."""
    certificate, paper = certificate_of(application), prepare(application)
    assert certificate.subscription
    return acts.ask(
        Act.Kind.ACCEPT, certificate.subscription, [acts.entry(paper)],
        key=certificate.key, application=application, place=place,
    )  # fmt: skip


# ── In the signer ──


def accept(act: Act, confirmation: Confirmation) -> None:
    """Over the very bytes that were shown; the certificate looked at before, the signature after."""
    application = acts.application_of(act)
    paper = Paper.of(application, Kind.MINUTES)
    if application.step != Step.ACCEPTANCE or paper is None or not act.entries.filter(paper=paper).exists():
        raise NotDone("moved")
    if paper.frozen != frozen_of(facts_of(application), paper.version):
        raise NotDone("moved")
    shown = shown_of(paper, confirmation)
    certificate = certificate_of(application)
    if not is_in_force(certificate):
        raise NotDone("not-in-force")
    if certificate.key is None or certificate.key != act.key:
        raise NotDone("moved")
    status = evidence([certificate])
    signed = certificate_signed(certificate, shown, acts.unlocked(act, confirmation), paper)
    paper.stamped_by = stamping()
    keep_signed(act, certificate, paper, lasting(by_provider(signed), status), confirmation.way)


def shown_of(paper: Paper, confirmation: Confirmation) -> bytes:
    if paper.shown is None:
        raise NotDone("moved")
    shown = paper.shown.read()
    digest = hashlib.sha256(shown).hexdigest()
    try:
        confirmation.require([digest])
        if digest != paper.shown_hash:
            raise NotDone("other-document")
    except NotDone:
        log.error("minutes differ from what was shown", alarm=True, paper=paper.pk)
        raise
    return shown


def keep_signed(act: Act, certificate: Certificate, paper: Paper, pdf: bytes, way: str) -> None:
    """With the step, the certificate's state and the act's end, at once or not at all."""
    application, now = certificate.application, timezone.now()
    file, digest = keep(pdf, application.data_key)
    with transaction.atomic():
        application.hold()
        unsigned = Paper.objects.filter(pk=paper.pk, state=Paper.State.OPEN)
        kept = {"file": file, "file_hash": digest, "stamped_by": paper.stamped_by}
        if unsigned.update(state=Paper.State.SEALED, agreed_at=now, sealed_at=now, **kept) != 1:
            raise NotDone("moved")
        certificate.move(State.SYNC_WAITING)
        certificate.move(State.ACTIVE, activated_at=now)
        application.finish()
        audit.record("minutes signed", application, way=way, hash=digest[:16])
        notifying.notify(
            application, "certificate_active", [paper.number], intent=f"active {certificate.pk}", app="signing"
        )
        if not settle(act, Act.State.DONE):
            raise NotDone("late")  # told as failed meanwhile: then nothing is signed either


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
    return str(ANSWERS[answer]) if answer else ""


def certificate_signed(certificate: Certificate, shown: bytes, pair: KeyPair, paper: Paper) -> bytes:
    """The signature is checked by other hands than made it, before anything is kept."""
    issuer = certificate.issuer
    assert issuer
    signed = by_customer(shown, der_of(certificate), issuer, pair, paper.facts["full_name"])
    if not intact.is_intact(signed):
        certificate.move(State.ACCEPTANCE_FAILED)
        log.error("signature of the minutes is not valid", alarm=True, paper=paper.pk)
        raise NotDone("failed")
    return signed
