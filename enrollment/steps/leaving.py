"""Leaving: cancelled, begun anew, or forgotten. Forgotten ones are told in time; what was declared is erased on schedule."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import payment
from enrollment.steps.telling import tell
from portal import audit
from portal.refusals import Refusal

DRAFTS = (Step.PLAN, Step.DECLARATION, Step.PAYMENT)
REMIND_AFTER = timedelta(days=5)
EXPIRE_AFTER = timedelta(days=7)  # and two days at least after the reminder
WAITS_FOR_CODE = timedelta(days=30)  # what was paid for waits longer for its owner
ERASE_AFTER = timedelta(days=30)


@transaction.atomic
def leave(application: Application, reason: str) -> None:
    application.stop(reason)
    payment.close_orders(application)


def cancel(application: Application, reason: str = "cancelled") -> None:
    if not application.may_cancel:
        raise Refusal(
            "not-cancellable",
            _(
                "Hồ sơ đã vào khâu thẩm định nên không hủy được trên trang này. Quý khách vui lòng gọi 18001260 nhánh 1."
            ),
        )
    leave(application, reason)


# ── On schedule ──


def remind() -> None:
    now = timezone.now()
    stale = Application.objects.filter(step__in=DRAFTS, reminded_at=None, touched_at__lt=now - REMIND_AFTER)
    for application in stale.order_by("touched_at")[:500]:
        with transaction.atomic():
            if Application.objects.filter(pk=application.pk, reminded_at=None).update(reminded_at=now):
                tell(
                    application,
                    "reminder",
                    [application.reference, f"{timezone.localtime(now + EXPIRE_AFTER - REMIND_AFTER):%d/%m/%Y}"],
                    intent=f"reminder {application.pk} {application.moves} {application.touched_at.timestamp()}",
                )


def expire() -> None:
    now = timezone.now()
    drafts = Application.objects.filter(
        step__in=DRAFTS, touched_at__lt=now - EXPIRE_AFTER, reminded_at__lt=now - (EXPIRE_AFTER - REMIND_AFTER)
    )
    unclaimed = Application.objects.filter(step=Step.ACTIVATION, touched_at__lt=now - WAITS_FOR_CODE)
    for application in (*drafts[:500], *unclaimed[:500]):
        try:
            leave(application, "expired")
        except Refusal:
            continue  # its owner came back this very moment


def erase() -> None:
    """What was declared in an application that came to nothing: its key goes, and with it every copy."""
    now = timezone.now()
    ended = Application.objects.filter(step=Step.STOPPED, touched_at__lt=now - ERASE_AFTER, erased_at=None)
    for application in ended.select_related("data_key")[:500]:
        with transaction.atomic():
            application.data_key.erase(now)
            Application.objects.filter(pk=application.pk).update(
                draft=None, declared=None, person_index="", phone_index="", email_index="", erased_at=now
            )
            audit.record("application erased", application)
