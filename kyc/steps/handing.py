"""Capture handed to a phone, by whoever sits at a desk without a camera. The QR alone opens nothing: whoever scans it gets a
code, which works only when it is typed where the person is signed in. One phone, one time, for this one step."""

import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.models import Application
from kyc.models import Phone
from portal import audit, sealing
from portal.allowances import Limit
from portal.refusals import Refusal

PAIRED_WITHIN, STAYS_OPEN = timedelta(minutes=10), timedelta(minutes=30)
TRIES, DIGITS = 3, 6
OFFERS = Limit("capture phones", 30, timedelta(days=1))


def offer(application: Application) -> str:
    """A new ticket for the QR; one that was offered before ends here."""
    OFFERS.require(str(application.pk), _("Quý khách đã mở quá nhiều mã hôm nay. Vui lòng thử lại ngày mai."))
    ticket = secrets.token_urlsafe(18)
    with transaction.atomic():
        application.hold()
        Phone.objects.filter(application=application, ended_at=None).update(ended_at=timezone.now())
        Phone.objects.create(application=application, ticket=blind(ticket))
    return ticket


def scanned(ticket: str) -> Phone:
    """What a ticket is for. A look alone uses nothing up: cameras and messengers look ahead."""
    phone = alive().filter(ticket=blind(ticket), holder="").first()
    if phone is None:
        raise Refusal(
            "ticket-used",
            _("Mã QR đã hết hạn hoặc đã được máy khác quét. Quý khách hãy mở mã mới trên máy tính."),
            status=410,
        )
    return phone


def claim(ticket: str) -> tuple[str, str]:
    """The first browser that comes with it: its secret, and the code that it shows."""
    phone, holder, digits = scanned(ticket), secrets.token_urlsafe(18), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    first = alive().filter(pk=phone.pk, holder="")
    if not first.update(holder=blind(holder), code=blind(f"{phone.pk} {digits}")):
        raise scanned_by_another()
    audit.record("capture phone scanned", phone.application)
    return holder, digits


def scanned_by_another() -> Refusal:
    return Refusal("ticket-used", _("Mã QR vừa được máy khác quét. Quý khách hãy mở mã mới trên máy tính."), status=410)


def confirm(application: Application, digits: str) -> None:
    """At the desk: what the phone shows was typed. Each try is counted before it is looked at."""
    waiting = alive().filter(application=application, confirmed_at=None, tries__lt=TRIES).exclude(holder="")
    phone = waiting.first()
    if phone is None or not waiting.filter(pk=phone.pk).update(tries=F("tries") + 1):
        raise over()
    if not hmac.compare_digest(phone.code, blind(f"{phone.pk} {digits}")):
        if Phone.objects.filter(pk=phone.pk, tries__gte=TRIES, confirmed_at=None).update(ended_at=timezone.now()):
            raise over()
        raise Refusal(
            "wrong-code", _("Mã chưa đúng. Quý khách nhập đúng 6 chữ số đang hiện trên điện thoại."), status=422
        )
    if not alive().filter(pk=phone.pk, confirmed_at=None).update(confirmed_at=timezone.now()):
        raise over()
    audit.record("capture phone confirmed", application)


def over() -> Refusal:
    return Refusal("phone-over", _("Lần kết nối này đã hết hiệu lực. Quý khách hãy mở mã mới và quét lại."), status=410)


def standing(application: Application) -> str:
    """For the desk: offered, scanned, confirmed, or nothing."""
    phone = alive().filter(application=application).first()
    if phone is None:
        return ""
    return "confirmed" if phone.confirmed_at else "scanned" if phone.holder else "offered"


def held(holder: str) -> Phone | None:
    """The phone whose browser this is, while it may still be used."""
    return alive().filter(holder=blind(holder)).select_related("application__data_key", "application__plan").first()


def end(phone: Phone) -> None:
    if Phone.objects.filter(pk=phone.pk, ended_at=None).update(ended_at=timezone.now()):
        audit.record("capture phone left", phone.application)


def alive() -> "QuerySet[Phone]":
    """Not ended, in time, and for an application that still stands here."""
    now: datetime = timezone.now()
    in_time = Q(confirmed_at=None, made_at__gt=now - PAIRED_WITHIN) | Q(confirmed_at__gt=now - STAYS_OPEN)
    return Phone.objects.filter(in_time, ended_at=None, application__step=Step.CAPTURE).select_related("application")


def blind(secret: str) -> str:
    return sealing.blind_index("capture phone", secret)
