"""At a counter the customer's own device is let in: a phone that scans a QR or opens a link, or the counter's second screen.

The link alone opens nothing: the device proves itself by a code that goes to the phone declared. That is also how this phone
is shown to be the customer's; the agent never sees the code. One device at a time; another invitation sends it away."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from enrollment import journey
from enrollment.journey import Channel
from enrollment.models import Application, Pairing
from enrollment.steps import budgets, payment
from enrollment.steps.notifying import notify
from enrollment.steps.pairing import CARRY_ON, Errand, over
from portal import audit
from portal.models import Message

IN_PROGRESS = Q(channel=Channel.COUNTER, user=None) & ~Q(step__in=journey.ENDS)
INVITE = Errand("counter", IN_PROGRESS, timedelta(minutes=10))
# Whoever has an account by now signs in: on a device of their own without being asked, else once more at the second screen.
COME_BACK = Errand(
    "counter return", Q(channel=Channel.COUNTER) & ~Q(user=None) & ~Q(step__in=journey.ENDS), timedelta(minutes=10)
)
AT_SCREEN = (INVITE, COME_BACK)
LET_IN = (CARRY_ON, INVITE)  # errands whose device holds the application as the browser does that opened one


def is_in(device: str) -> bool:
    """Whether a device that came in by an errand may stay."""
    return any((pairing := errand.held(device)) and pairing.confirmed_at for errand in LET_IN)


def errand_of(application: Application) -> Errand:
    """For which its next device is let in."""
    return COME_BACK if application.user_id else INVITE


def end(application: Application) -> None:
    """Whatever device was let in at the counter."""
    for errand in AT_SCREEN:
        errand.end(application)


def link(ticket: str) -> str:
    return f"{settings.SITE_URL}{reverse('enrollment:invited')}?t={ticket}"


def send_link(application: Application, ticket: str) -> None:
    """To the phone declared, for whoever cannot scan."""
    pairing = INVITE.scanned(ticket)
    with transaction.atomic():
        budgets.count_code(application)
        notify(
            application,
            "invitation",
            [str(application.branch or ""), link(ticket), str(int(INVITE.within.total_seconds() // 60))],
            intent=f"invitation {application.pk} {pairing.pk} {timezone.now().timestamp()}",
            channels=[Message.Channel.SMS],
            good_until=pairing.made_at + INVITE.within,
        )
    audit.record("counter link sent", application)


def come_in(pairing: Pairing, digits: str) -> None:
    """The code that came to the phone was typed on this device."""
    payment.confirm_phone(pairing.application, digits)
    if pairing.confirmed_at or not pairing.becomes(confirmed_at=timezone.now()):
        raise over()
    audit.record("counter confirmed", pairing.application)


def come_back(ticket: str) -> str:
    """Its owner signed in just now: what the second screen keeps. Another that was there before is sent away."""
    device, _digits = COME_BACK.claim(ticket)
    pairing = COME_BACK.held(device)
    if pairing is None:
        raise over()
    INVITE.end(pairing.application)
    pairing.becomes(confirmed_at=timezone.now())
    audit.record("counter confirmed", pairing.application)
    return device
