"""A second device is let in: it scans a QR, shows a code, and comes in when that code is typed on the first.

The QR alone opens nothing, nor does a picture of the first device's screen: its owner must hold both. For each errand there is
one device at a time, and its row is there as long as that device may come or stay. Each of its moves is one conditional update
of this row alone: the row is asked again after a wait for whoever was quicker."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application, Pairing
from portal import audit, sealing
from portal.allowances import Limit
from portal.refusals import Refusal

TRIES, DIGITS = 3, 6
OFFERS = Limit("second devices", 30, timedelta(days=1))


@dataclass(frozen=True)
class Errand:
    """What a second device is let in for: into which applications, within what time, and how long it may stay."""

    name: str
    into: Q
    within: timedelta
    stays: timedelta | None = None

    # ── On the first device ──

    def offer(self, application: Application, before: str = "") -> str:
        """What the QR carries. The same as before while it is good: a page loaded again leaves the scanned one alone."""
        if before and self.alive().filter(application=application, ticket=self.blind(before)).exists():
            return before
        OFFERS.require(
            f"{self.name} {application.pk}", _("Quý khách đã mở quá nhiều mã hôm nay. Vui lòng thử lại ngày mai.")
        )
        ticket = secrets.token_urlsafe(18)
        with transaction.atomic():
            application.hold()
            self.rows(application).delete()
            pairing = Pairing(application=application, errand=self.name, ticket=self.blind(ticket))
            pairing.mac = pairing.mac_of_row
            pairing.save(force_insert=True)
        return ticket

    def confirm(self, application: Application, digits: str) -> None:
        """What the second device shows was typed here. Each try is counted before it is looked at."""
        pairing = self.current(application)
        if pairing is None or not pairing.holder:
            raise over()
        waiting = Pairing.objects.filter(pk=pairing.pk, confirmed_at=None)
        if not waiting.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
            raise over()
        if not hmac.compare_digest(pairing.code, self.code_of(pairing, digits)):
            left = TRIES - (waiting.values_list("tries", flat=True).first() or TRIES)
            if not left:
                waiting.delete()
                raise over()
            raise wrong(left)
        if pairing.confirmed_at or not pairing.becomes(confirmed_at=timezone.now()):
            raise over()
        audit.record(f"{self.name} confirmed", application)

    def standing(self, application: Application) -> str:
        return self.state_of(self.current(application))

    def state_of(self, pairing: Pairing | None) -> str:
        """Offered, scanned, confirmed, or nothing."""
        if pairing is None:
            return ""
        return "confirmed" if pairing.confirmed_at else "scanned" if pairing.holder else "offered"

    def end(self, application: Application) -> None:
        """Whichever device is in, or about to be."""
        if self.rows(application).delete()[0]:
            audit.record(f"{self.name} left", application)

    # ── On the second ──

    def scanned(self, ticket: str) -> Pairing:
        """What a ticket is for. A look alone uses nothing up: cameras, mail programs and messengers look ahead."""
        pairing = self.offered(ticket)
        if pairing is None:
            raise used_up()
        return pairing

    def offered(self, ticket: str) -> Pairing | None:
        return ours(self.alive().filter(ticket=self.blind(ticket), holder=""))

    def claim(self, ticket: str) -> tuple[str, str]:
        """The first device that comes with it, and no other after it: what it keeps, and the code that it shows."""
        pairing, holder, digits = self.scanned(ticket), secrets.token_urlsafe(18), f"{secrets.randbelow(10**DIGITS):06}"
        if not pairing.becomes(holder=self.blind(holder), code=self.code_of(pairing, digits)):
            raise used_up()
        audit.record(f"{self.name} scanned", pairing.application)
        return holder, digits

    def held(self, holder: str) -> Pairing | None:
        """Of the device that keeps this, while it may come or stay."""
        return ours(self.alive().filter(holder=self.blind(holder)))

    def lasts(self, holder: str) -> bool:
        """Nobody ended it, whatever has become of the application since."""
        return ours(Pairing.objects.filter(errand=self.name, holder=self.blind(holder))) is not None

    def leave(self, holder: str) -> None:
        """The device goes by itself."""
        pairings = Pairing.objects.filter(errand=self.name, holder=self.blind(holder)).select_related("application")
        for pairing in pairings:
            if pairing.delete()[0]:
                audit.record(f"{self.name} left", pairing.application)

    # ── Of both ──

    def current(self, application: Application) -> Pairing | None:
        return ours(self.alive().filter(application=application))

    def alive(self) -> "QuerySet[Pairing]":
        """In time, and for an application that still stands where the errand leads."""
        now = timezone.now()
        stays = Q(confirmed_at__gt=now - self.stays) if self.stays else ~Q(confirmed_at=None)
        in_time = Q(confirmed_at=None, made_at__gt=now - self.within) | stays
        into = Application.objects.filter(self.into)
        pairings = Pairing.objects.filter(in_time, errand=self.name, application__in=into)
        return pairings.select_related("application__data_key", "application__plan")

    def rows(self, application: Application) -> "QuerySet[Pairing]":
        return application.pairings.filter(errand=self.name)

    def blind(self, secret: str) -> str:
        return sealing.blind_index(self.name, secret)

    def code_of(self, pairing: Pairing, digits: str) -> str:
        return self.blind(f"{pairing.pk} {digits}")


def ours(rows: "QuerySet[Pairing]") -> Pairing | None:
    """Among what a device keeps there is one row at most."""
    pairing = rows.first()
    return pairing if pairing and pairing.is_ours else None


# Carries on with a draft; whoever has an account signs in instead.
CARRY_ON = Errand("other device", Q(user=None), timedelta(minutes=5))


def used_up() -> Refusal:
    return Refusal(
        "ticket-used",
        _("Mã QR đã hết hạn hoặc đã được dùng. Quý khách hãy mở mã mới trên máy thứ nhất rồi quét lại."),
        status=410,
    )


def over() -> Refusal:
    return Refusal(
        "pairing-over", _("Lần kết nối này đã hết hiệu lực. Quý khách hãy mở mã mới và quét lại."), status=410
    )


def wrong(left: int) -> Refusal:
    return Refusal(
        "code-wrong",
        _("Mã chưa đúng. Quý khách xem lại trên máy kia; còn %(left)d lần thử.") % {"left": left},
        status=403,
    )
