"""Leaving: cancelled, begun anew, or forgotten. Forgotten ones are told in time; what was declared is erased on schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import journey
from enrollment.journey import Channel, Step
from enrollment.models import ORDERED, Application
from enrollment.orders.models import Payment, Refund
from enrollment.orders.steps import refunding
from enrollment.parts import all_parts
from enrollment.steps.notifying import notify
from portal import audit, jobs, sealing
from portal.accounts import closing
from portal.models import User
from portal.refusals import Refusal

DAY = timedelta(days=1)
# Typed by an agent; whoever it is about has not agreed to it, so nobody keeps it.
UNAGREED = Q(channel=Channel.COUNTER, reached__in=(Step.DECLARATION, Step.CONSENT))


@dataclass(frozen=True)
class Patience:
    """Where an application may be forgotten, after how long its owner is reminded, and after how long it stops."""

    steps: tuple[Step, ...]
    expires: timedelta
    reminds: timedelta | None = None
    among: Q = ~UNAGREED

    @property
    def rows(self) -> "QuerySet[Application]":
        return Application.objects.filter(self.among, step__in=self.steps)


PATIENCE = (
    Patience((Step.PLAN, Step.DECLARATION, Step.CONSENT, Step.PAYMENT), expires=7 * DAY, reminds=5 * DAY),
    # What was settled waits longer; also of an account, whose number would be held for ever else.
    Patience(
        (Step.ACTIVATION, Step.CAPTURE, Step.HANDOVER, Step.CONTRACT, Step.PIN, Step.CONFIRMATION),
        expires=30 * DAY,
        reminds=25 * DAY,
    ),
    Patience((Step.DECLARATION, Step.CONSENT), expires=2 * DAY, among=UNAGREED),
)
ERASE_AFTER, ERASE_UNAGREED_AFTER = 30 * DAY, DAY
KEPT = (Step.ACCEPTANCE, Step.COMPLETE)  # once reached, a certificate was issued on it


@transaction.atomic
def leave(application: Application, reason: str) -> None:
    application.stop(reason)
    refunding.close(application.orders)


def cancel(application: Application, reason: str = "cancelled") -> None:
    if not application.may_cancel:
        raise Refusal(
            "not-cancellable",
            _(
                "Hồ sơ đã vào khâu thẩm định nên không hủy được trên trang này. Quý khách vui lòng gọi 18001260 nhánh 1."
            ),
        )
    leave(application, reason)


def stop(application: Application, reason: str) -> None:
    """By staff."""
    if application.step not in journey.STOPPABLE:
        raise Refusal(
            "not-stoppable", _("Hồ sơ đang được thẩm định hoặc đã kết thúc nên không dừng ở đây được."), status=409
        )
    leave(application, reason)


# ── On schedule ──


def remind() -> None:
    now = timezone.now()
    for patience in PATIENCE:
        if patience.reminds is None:
            continue
        stale = patience.rows.filter(reminded_at=None, touched_at__lt=now - patience.reminds)
        ends = timezone.localtime(now + patience.expires - patience.reminds)
        jobs.each(jobs.through(stale), partial(_remind, ends=ends))


def _remind(application: Application, ends: datetime) -> None:
    try:
        _tell(application, ends)
    except sealing.Broken:
        # Nobody can be told; but its term runs on, or what does not open would never be erased.
        Application.objects.filter(pk=application.pk).update(reminded_at=timezone.now())
        raise


@transaction.atomic
def _tell(application: Application, ends: datetime) -> None:
    if Application.objects.filter(pk=application.pk, reminded_at=None).update(reminded_at=timezone.now()):
        notify(
            application,
            "reminder_account" if application.user_id else "reminder",
            [application.reference, f"{ends:%d/%m/%Y}"],
            intent=f"reminder {application.pk} {application.moves} {application.touched_at.timestamp()}",
        )


def expire() -> None:
    now = timezone.now()
    for patience in PATIENCE:
        due = Q(touched_at__lt=now - patience.expires)
        if patience.reminds is not None:  # and reminded in time
            due &= Q(reminded_at__lt=now - (patience.expires - patience.reminds))
        forgotten = patience.rows.filter(due)
        held = Payment.objects.filter(status=Payment.Status.HELD, order__purpose=ORDERED)
        rows = forgotten.exclude(pk__in=held.values("order__subject"))
        jobs.each(jobs.through(rows), partial(_expire, still=due))


@transaction.atomic
def _expire(application: Application, still: Q) -> None:
    application.hold()
    if Application.objects.filter(still, pk=application.pk, moves=application.moves).exists():
        leave(application, "expired")  # else its owner came back this very moment


def erase() -> None:
    """What was declared in an application that came to nothing: its key goes, and with it every copy. Where a
    certificate was issued, what it was issued on is kept as the law wants, also when nobody accepted it."""
    now = timezone.now()
    long_ago = Q(touched_at__lt=now - ERASE_AFTER) | UNAGREED & Q(touched_at__lt=now - ERASE_UNAGREED_AFTER)
    ended = Application.objects.filter(long_ago, step=Step.STOPPED, erased_at=None).exclude(reached__in=KEPT)
    jobs.each(jobs.through(ended.select_related("data_key")), _erase)


@transaction.atomic
def _erase(application: Application) -> None:
    now = timezone.now()
    application.data_key.erase(now)
    Application.objects.filter(pk=application.pk).update(
        draft=None, declared=None, person_index="", phone_index="", email_index="", erased_at=now
    )
    application.consents.update(place="")
    application.pairings.all().delete()
    for introduction in application.introductions.select_related("data_key"):
        introduction.data_key.erase(now)
        application.introductions.filter(pk=introduction.pk).update(said=None, ticket=None, person_index="", subject="")
        introduction.links.update(ended_at=now, subject="", mac="")
    for part in all_parts():
        part.erased(application)
    audit.record("application erased", application)


def erase_accounts() -> None:
    """Accounts all of whose applications came to nothing and are erased. One with a certificate, with an application that
    lives, with power, or to whose holder money is owed is kept."""
    erased = Application.objects.exclude(user=None).exclude(erased_at=None)
    jobs.each(jobs.through(User.objects.filter(pk__in=erased.values("user")).exclude(email_index="")), _erase_account)


def keeps_account(application: Application) -> bool:
    """Whether its holder has an account also for something else, which stays when this application is erased."""
    if application.user is None:
        return False
    forgotten = Q(step=Step.STOPPED) & ~Q(reached__in=KEPT)
    others = application.user.applications.filter(erased_at=None).exclude(pk=application.pk).exclude(forgotten)
    return application.user.is_staff or application.reached in KEPT or others.exists()


@transaction.atomic
def _erase_account(user: User) -> None:
    User.objects.select_for_update().get(pk=user.pk)  # an application being opened waits, or is seen here
    owed = Refund.objects.filter(status=Refund.Status.DUE, payment__order__buyer=user)
    if not (user.is_staff or user.applications.filter(erased_at=None).exists() or owed.exists()):
        closing.erase(user)
