"""Coming back to an application on another device: by its reference and a code to its phone, or by a ticket in a QR."""

from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps.notifying import contact_of
from portal import audit, codes, outbox, sealing, writing
from portal.accounts.reset import post_to_nobody
from portal.allowances import Limit
from portal.models import Message
from portal.references import new_reference
from portal.refusals import Refusal

PURPOSE = "resume"
LASTS = timedelta(minutes=10)
TICKETS = Limit("resume ticket", 1, timedelta(days=1))  # each works once


def request_code(reference: str, network: str) -> str:
    """A code to the phone of this application; for one that does not exist, the same answer and no message."""
    reference = writing.document_number(reference)
    target = sealing.blind_index("resume", reference)
    application = resumable(reference)
    phone = contact_of(application)[0] if application else ""
    with transaction.atomic():
        code = codes.make(
            PURPOSE, target, lasts=LASTS, account=sealing.blind_index("phone", phone) if phone else "", network=network
        )
        if application is None or not phone:
            post_to_nobody(code)
        else:
            outbox.post_to(
                Message.Channel.SMS,
                phone,
                "enrollment/messages/resume_code",
                [code.digits, str(int(LASTS.total_seconds() // 60))],
                language=application.language,
                intent=f"{PURPOSE} {target} {code.expires_at.timestamp()}",
                good_until=code.expires_at,
            )
    return reference


def resumable(reference: str) -> Application | None:
    """Whoever has an account signs in instead."""
    return Application.objects.exclude(step=Step.COMPLETE).filter(reference=reference, user=None).first()


def check(reference: str, digits: str) -> Application:
    codes.check(PURPOSE, sealing.blind_index("resume", reference), digits)
    application = resumable(reference)
    if application is None:
        raise codes.ended()
    audit.record("application resumed", application, by="code")
    return application


# ── The QR on the first device ──


def ticket(application: Application) -> str:
    return signing.dumps({"at": application.pk, "once": new_reference(16)}, salt=PURPOSE, compress=True)


def named(ticket: str) -> Application:
    """The application that a ticket is for, without using it up."""
    return _opened(ticket)[1]


def _opened(ticket: str) -> tuple[str, Application]:
    try:
        content = signing.loads(ticket, salt=PURPOSE, max_age=LASTS)
    except signing.BadSignature as wrong:
        raise used_up() from wrong
    application = Application.objects.filter(pk=content["at"], user=None).first()
    if application is None:
        raise used_up()
    return content["once"], application


def redeem(ticket: str) -> Application:
    """Within ten minutes, once."""
    once, application = _opened(ticket)
    if TICKETS.spend(sealing.blind_index("resume ticket", once)) is None:
        raise used_up()
    audit.record("application resumed", application, by="ticket")
    return application


def used_up() -> Refusal:
    return Refusal(
        "ticket-used", _("Mã QR đã hết hạn hoặc đã được dùng. Quý khách hãy mở mã mới trên máy thứ nhất."), status=410
    )
