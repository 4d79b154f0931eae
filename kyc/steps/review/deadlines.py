"""What comes due by the calendar alone."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from enrollment.steps import leaving
from kyc.models import Case
from kyc.steps.review.acts import resume
from kyc.steps.review.objections import OBJECTION_DAYS
from kyc.steps.review.turns import Choice, Queue


def keep() -> None:
    """Holds whose day has come go back into the queue; rejections nobody objected to end."""
    today, now = timezone.localdate(), timezone.now()
    for case in Case.objects.filter(queue=Queue.HOLD, hold_until__lte=today).select_related(
        "application", "application__data_key"
    )[:500]:
        with transaction.atomic():
            case.application.hold()
            if Case.objects.filter(pk=case.pk, turns=case.turns).exists():
                resume(case, None, Choice(case.turns))
    over = Case.objects.filter(queue=Queue.REJECTED, due_at__lt=now - timedelta(days=OBJECTION_DAYS))
    for case in over.select_related("application")[:500]:
        with transaction.atomic():
            case.application.hold()
            if Case.objects.filter(pk=case.pk, turns=case.turns).exists():
                leaving.leave(case.application, "rejected")
