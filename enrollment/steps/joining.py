"""A second device carries on: it scans a QR, shows a code, and comes in when that code is typed on the first.

The QR alone opens nothing, nor does a picture of the first device's screen: its owner must hold both. Both are told, and the
first can send the second away."""

import secrets
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application, Joining
from portal import audit, sealing
from portal.references import new_reference
from portal.refusals import Refusal

LASTS = timedelta(minutes=5)
TRIES = 3


def index_of(secret: str) -> str:
    return sealing.blind_index("joining", secret)


def open_ones() -> "QuerySet[Joining]":
    """In time, not in yet, and of somebody who has no account to sign in to."""
    fresh = Joining.objects.filter(offered_at__gt=timezone.now() - LASTS, tries_left__gt=0)
    return fresh.filter(joined_at=None, ended_at=None, application__user=None)


# ── On the first device ──


def offer(application: Application, before: str) -> str:
    """What the QR carries. The same as before while it is good: a page that is loaded again leaves the scanned one alone."""
    if before and open_ones().filter(application=application, ticket=index_of(before)).exists():
        return before
    Joining.objects.filter(application=application, joined_at=None).delete()
    secret = new_reference(24)
    Joining.objects.create(application=application, ticket=index_of(secret), tries_left=TRIES)
    return secret


def admit(application: Application, digits: str) -> None:
    """The code that the other device shows was typed here."""
    waiting = open_ones().filter(application=application).exclude(device="")
    tried = list(waiting.values_list("pk", flat=True))
    if not waiting.update(tries_left=F("tries_left") - 1):
        raise used_up()
    mine = Joining.objects.filter(pk__in=tried, joined_at=None, code=index_of(f"{application.pk} {digits}"))
    if not mine.update(joined_at=timezone.now()):
        left = Joining.objects.filter(pk__in=tried).values_list("tries_left", flat=True).first()
        if not left:
            raise used_up()
        raise Refusal(
            "code-wrong",
            _("Mã chưa đúng. Quý khách xem lại trên máy kia; còn %(left)d lần thử.") % {"left": left},
            status=403,
        )
    audit.record("application resumed", application, by="other device")


def joined(application: Application) -> "QuerySet[Joining]":
    """The other devices that are in."""
    return Joining.objects.filter(application=application, ended_at=None).exclude(joined_at=None)


def send_away(application: Application) -> None:
    """Every device that came in by a QR, and whichever is about to."""
    if Joining.objects.filter(application=application, ended_at=None).update(ended_at=timezone.now()):
        audit.record("other device sent away", application)


# ── On the second ──


def named(ticket: str) -> Application:
    """The application that a QR is for, without using it up: mail programs and messengers look ahead."""
    row = open_ones().filter(ticket=index_of(ticket), device="").select_related("application").first()
    if row is None:
        raise used_up()
    return row.application


def come(ticket: str) -> tuple[str, str]:
    """The first device to come with this QR, and no other after it: what it keeps, and the code that it shows."""
    device, digits = new_reference(24), "".join(secrets.choice("0123456789") for _digit in range(6))
    application = named(ticket)
    row = open_ones().filter(ticket=index_of(ticket), device="")
    if row.update(device=index_of(device), code=index_of(f"{application.pk} {digits}")) != 1:
        raise used_up()
    return device, digits


def admitted(device: str) -> Application | None:
    """Where this device is in; nothing yet while the code was not typed."""
    row = Joining.objects.filter(device=index_of(device)).select_related("application").first()
    if row is None or row.ended_at or not (row.joined_at or open_ones().filter(pk=row.pk).exists()):
        raise used_up()
    return row.application if row.joined_at and row.application.user_id is None else None


def is_sent_away(device: str) -> bool:
    return not Joining.objects.filter(device=index_of(device), ended_at=None).exclude(joined_at=None).exists()


def used_up() -> Refusal:
    return Refusal(
        "ticket-used",
        _("Mã QR đã hết hạn hoặc đã được dùng. Quý khách hãy mở mã mới trên máy thứ nhất rồi quét lại."),
        status=410,
    )
