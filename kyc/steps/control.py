"""Control cases: files whose right outcome is known, slipped in among the real ones. Whoever decides one does not know
that; it tells of the reviewer, not of a person."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from enrollment import journey
from enrollment.identity import Declaration
from enrollment.journey import Channel, Step
from enrollment.models import Application, Trail
from enrollment.orders.models import Plan
from enrollment.steps import leaving
from kyc.models import Case, Sample
from kyc.steps import capture
from kyc.steps.review import arriving
from portal import audit
from portal.accounts.roles import check_vouched
from portal.models import DataKey, User


@dataclass(frozen=True)
class Control:
    truth: str  # pass or fail
    declaration: Declaration
    given: capture.Given


def add_control_case(control: Control, by: User | None) -> Case:
    if by:
        check_vouched(by)
    with transaction.atomic():
        application = Application.objects.create(
            channel=Channel.BROWSER,
            step=Step.REVIEW,
            reached=Step.REVIEW,
            data_key=DataKey.make(),
            plan=Plan.on_sale().order_by("?").first(),
        )
        began = timezone.now() - timedelta(minutes=25 + secrets.randbelow(60))
        declared = application.as_declared(control.declaration)
        Application.objects.filter(pk=application.pk).update(created_at=began, **declared)
        application.refresh_from_db()
        walk(application, began)
        capture.give(application, control.given)
        arriving.received(application)
        Case.objects.filter(application=application).update(truth=control.truth)
        audit.record("control case added", "", user=by)  # which one it is stays between the table and the figures
    return Case.objects.get(application=application)


def walk(application: Application, began: datetime) -> None:
    """The trail of somebody who came here step by step."""
    route = journey.ROUTES[Channel(application.channel)]
    steps = route[: route.index(Step.REVIEW) + 1]
    share = (timezone.now() - began) / len(steps)
    for place, step in enumerate(steps):
        move = Trail.objects.create(
            application=application,
            verb="finished" if place else "opened",
            origin=steps[place - 1] if place else "",
            step=step,
        )
        Trail.objects.filter(pk=move.pk).update(at=began + share * place)


def conclude(case: Case, by: User, verdict: str) -> None:
    """It was decided as any other; now it tells whether rightly. It ends here, and nothing follows from it."""
    Sample.objects.get_or_create(
        case=case,
        defaults={
            "expected": case.truth, "decided_by": by, "verdict": verdict, "by": by, "at": timezone.now(), "is_control": True,
        },
    )  # fmt: skip
    leaving.leave(case.application, "control")
