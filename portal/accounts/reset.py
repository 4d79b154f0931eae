"""Forgotten passwords: a code to the phone and e-mail, and a new password for it."""

from datetime import timedelta

from allauth.core import context
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from portal import audit, codes, outbox
from portal.accounts.notifying import notify_change
from portal.accounts.signing_in import SIGN_IN, AccountAdapter, network_of
from portal.models import User
from portal.refusals import Refusal

RESET = "password reset"
RESET_LASTS = timedelta(minutes=15)


def request_reset(number: str, place: str) -> str:
    """Send a code to the phone and e-mail of whoever has this number, and say nothing of whether there is one.

    An unknown number gets a code too, sent to nobody, so that the next page behaves alike."""
    target = User.username_for(number)
    with transaction.atomic():
        code = codes.make(RESET, target, lasts=RESET_LASTS, network=network_of(place))
        user = may_reset(target)
        if user is None:
            post_to_nobody(code)
        else:
            minutes = str(int(RESET_LASTS.total_seconds() // 60))
            outbox.post(
                "portal/messages/password_reset",
                [code.digits, minutes],
                user,
                intent=f"{RESET} {target} {code.expires_at.timestamp()}",
                good_until=code.expires_at,
            )
        audit.record("password reset asked", user or "")
    return target


def may_reset(target: str) -> User | None:
    """No code for staff whose roles nobody confirmed: they cannot come in."""
    holders = User.objects.filter(username=target, is_active=True)
    holder = (holders if settings.DEMO else holders.filter(is_demo=False)).first()
    return holder if holder and holder.may_enter else None


def post_to_nobody(code: codes.OneTimeCode) -> None:
    """The same sealing and writing as for somebody, and then undone: the time tells nothing either."""
    undo = transaction.savepoint()
    nobody = User(phone="0900000000", email="nobody@example.vn", language="vi")
    outbox.post("portal/messages/password_reset", [code.digits, "15"], nobody, intent=f"{RESET} nobody {undo}")
    transaction.savepoint_rollback(undo)
    transaction.on_commit(outbox.waker.wake, robust=True)


def check_reset(target: str, digits: str) -> None:
    try:
        codes.check(RESET, target, digits)
    except Refusal:
        audit.record("password reset", User.objects.filter(username=target).first() or "", result="refused")
        raise


def reset_password(target: str, password: str) -> None:
    """After the code was right: set the password, and with it end every session of this person."""
    user = may_reset(target)
    if user is None:
        raise codes.ended()
    validate_password(password, user)
    with transaction.atomic():
        AccountAdapter(context.request).set_password(user, password)
        SIGN_IN.restore(target)
        notify_change(user, "password_changed")
