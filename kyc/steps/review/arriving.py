"""An application comes to review, or leaves it by another way."""

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from enrollment.models import Application
from kyc.models import Case, Decision
from kyc.steps import checking, sampling
from kyc.steps.review.turns import Queue, promised

WITHDRAWN = ("cancelled", "anew", "consent-withdrawn")  # of the reasons in endings.REASONS: the customer's own


def received(application: Application) -> None:
    """An application came to review, for the first time or with what was asked for."""
    now, minutes = timezone.now(), settings.REVIEW_MINUTES
    case, new = Case.objects.get_or_create(
        application=application,
        defaults={
            "received_at": now,
            "due_at": promised(now, minutes * 60),
        },
    )
    user = application.user
    Case.objects.filter(pk=case.pk).update(
        branch=application.branch, plan=application.plan, channel=application.channel,
        language=user.language if user else application.language,
    )  # fmt: skip
    if not new:
        waiting = Case.objects.filter(pk=case.pk).exclude(queue__in=Case.RUNNING)
        waiting.update(
            queue=Queue.APPRAISAL, holder=None, held_at=None, checked=False, looks=0, turns=F("turns") + 1, closed_at=None,
            due_at=promised(now, case.left or minutes * 60),
        )  # fmt: skip
    transaction.on_commit(checking.waker.wake, robust=True)


def stopped(application: Application) -> None:
    """It ended, by whatever way: nobody need look at it any more, but perhaps at a rejection that is final now."""
    now, case = timezone.now(), Case.objects.filter(application=application).first()
    Case.objects.filter(application=application).exclude(queue=Queue.CLOSED).update(
        queue=Queue.CLOSED, holder=None, held_at=None, closed_at=now, turns=F("turns") + 1, asking="",
        withdrawn=application.reason in WITHDRAWN,
    )  # fmt: skip
    rejected = Decision.objects.filter(case=case, act="reject").order_by("-pk").first()
    if case and application.reason == "rejected" and rejected and rejected.by:
        sampling.maybe_sample(case, rejected.by, "fail")
