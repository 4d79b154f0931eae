"""Coming back to an application on another device, by its reference and a code to its phone."""

from datetime import timedelta

from django.db import transaction

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps.notifying import contact_of
from portal import audit, codes, outbox, sealing, writing
from portal.accounts.reset import post_to_nobody
from portal.models import Message

PURPOSE = "resume"
LASTS = timedelta(minutes=10)


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
