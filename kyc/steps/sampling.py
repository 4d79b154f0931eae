"""How well we decide: a share of what was decided goes blind to a second person."""

import secrets
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.steps import approving
from kyc.models import Case, Sample
from kyc.steps import policing
from portal import audit
from portal.accounts.roles import check_vouched
from portal.models import User
from portal.refusals import Refusal

VERDICTS: dict[str, Any] = {"pass": _("Đạt"), "fail": _("Không đạt")}


def maybe_sample(case: Case, by: User, expected: str = "pass") -> None:
    """In the decision's transaction: chance decides, by the share that the policy names."""
    policy = policing.policy_for(case.application)
    share = policy.sampled if policy else policing.SAMPLED
    if secrets.randbelow(100) < share:
        first = case.decisions.filter(act="pass").order_by("-pk").first() if expected == "pass" else None
        decided = first.by if first and first.by else by
        Sample.objects.get_or_create(case=case, defaults={"expected": expected, "decided_by": decided})


def waiting_for(user: User) -> "QuerySet[Sample]":
    """Samples that this person did not decide."""
    unjudged = Sample.objects.filter(verdict="").exclude(decided_by=user)
    return unjudged.exclude(case__decisions__by=user).select_related("case", "case__application").order_by("pk")


@transaction.atomic
def judge(sample: Sample, verdict: str, by: User) -> None:
    check_vouched(by)
    approving.check_stranger(sample.case.application, by)
    if verdict not in VERDICTS or not waiting_for(by).filter(pk=sample.pk).exists():
        raise Refusal("not-allowed", _("Mẫu này đã được xem lại, hoặc không dành cho bạn."), status=403)
    if not Sample.objects.filter(pk=sample.pk, verdict="").update(verdict=verdict, by=by, at=timezone.now()):
        raise Refusal("decided-already", _("Mẫu này vừa được người khác xem lại."))
    audit.record("sample judged", sample.case.application)


def agreement(by: str) -> list[dict[str, Any]]:
    """By whom or what is grouped (`decided_by`, `expected`, an agent's trail): how many looked at again, how many agreed."""
    judged = Sample.objects.exclude(verdict="")
    agreed = Count("pk", filter=Q(verdict=F("expected")), distinct=True)
    return list(judged.values(by).annotate(looked=Count("pk", distinct=True), agreed=agreed).order_by(by))
