"""What comes due by the calendar alone."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from enrollment.steps import leaving
from kyc.models import Case, Remark
from kyc.steps.review import asking
from kyc.steps.review.acts import resume
from kyc.steps.review.objections import OBJECTION_DAYS
from kyc.steps.review.turns import Choice, Queue
from portal import jobs


def keep() -> None:
    """Holds whose day has come go back into the queue; rejections nobody objected to end; questions
    nobody answered are asked no more."""
    held = Case.objects.filter(queue=Queue.HOLD, hold_until__lte=timezone.localdate())
    jobs.each(jobs.through(held.select_related("application__data_key")), _resume)
    over = Case.objects.filter(queue=Queue.REJECTED, due_at__lt=timezone.now() - timedelta(days=OBJECTION_DAYS))
    jobs.each(jobs.through(over.select_related("application__data_key")), _end)
    recent = Remark.objects.filter(kind=Remark.Kind.QUESTION, at__gte=asking.since(), case=OuterRef("pk"))
    asked = Case.objects.filter(asking=Case.Asking.ASKED).exclude(queue=Queue.CLOSED).exclude(Exists(recent))
    jobs.each(jobs.through(asked.select_related("application__data_key")), asking.lapse)


@transaction.atomic
def _resume(case: Case) -> None:
    case.application.hold()
    if Case.objects.filter(pk=case.pk, turns=case.turns).exists():
        resume(case, None, Choice(case.turns))


@transaction.atomic
def _end(case: Case) -> None:
    case.application.hold()
    if Case.objects.filter(pk=case.pk, turns=case.turns).exists():
        leaving.leave(case.application, "rejected")
