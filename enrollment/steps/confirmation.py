"""After the PIN, a code to the contact phone (guide 5): whoever made the PIN holds the phone too."""

from datetime import timedelta

import structlog
from django.db import transaction

from enrollment.models import Application
from enrollment.steps import budgets
from enrollment.steps.notifying import notify
from portal import audit, codes, sealing
from portal.models import Code, Message
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
PURPOSE = "confirmation"
LASTS = timedelta(minutes=10)


def target(application: Application) -> str:
    """Of this PIN: another one, made anew, wants another code."""
    return sealing.blind_index(PURPOSE, f"{application.pk} {application.phone_index} {application.moves}")


@transaction.atomic
def send(application: Application, network: str = "", *, at_once: bool = False) -> None:
    budgets.count_code(application)
    code = codes.make(
        PURPOSE, target(application), lasts=LASTS, account=application.phone_index, network=network, at_once=at_once
    )
    notify(
        application,
        "confirmation_code",
        [code.digits, str(int(LASTS.total_seconds() // 60))],
        intent=f"{PURPOSE} {application.pk} {code.expires_at.timestamp()}",
        channels=[Message.Channel.SMS],
        good_until=code.expires_at,
    )


def arrived(application: Application) -> None:
    try:
        send(application, at_once=True)
    except Refusal as no:  # the page says so and offers another later
        log.warning("no confirmation code", code=no.code)


def confirm(application: Application, digits: str) -> None:
    codes.check(PURPOSE, target(application), digits, account=application.person_index)
    with transaction.atomic():
        application.finish()
        audit.record("activation confirmed", application)


def live(application: Application) -> Code | None:
    return Code.objects.filter(purpose=PURPOSE, target=target(application), live=True).first()
