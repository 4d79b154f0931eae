"""Some of what agents attested is asked about by the head of their counter: a share of each agent's day, chosen by a keyed
hash, so that nobody foresees which. The head sees the facts and no picture, asks the agent, and lets it stand or doubts it."""

import math
from collections import defaultdict
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.counter.models import Attestation, Recheck
from enrollment.counter.rights import LEAD
from enrollment.models import Application
from portal import audit, sealing, writing
from portal.accounts.roles import check_vouched
from portal.looks import says_something
from portal.models import Branch, User
from portal.refusals import Refusal, out_of_step

SHARE, DAYS = 0.05, 7  # of an agent's day, at least one; the days before today, which change no more


def sample(branch: Branch) -> list[int]:
    """The same whenever it is asked (index `attested_at_counters`)."""
    days: dict[tuple[int, date], list[int]] = defaultdict(list)
    today = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    rows = Attestation.objects.filter(branch=branch, at__gte=today - timedelta(days=DAYS), at__lt=today)
    for pk, agent, at in rows.values_list("pk", "agent", "at"):
        days[agent, timezone.localtime(at).date()].append(pk)
    chosen = (sorted(pks, key=lot)[: math.ceil(len(pks) * SHARE)] for pks in days.values())
    return [pk for pks in chosen for pk in pks]


def lot(pk: int) -> str:
    return sealing.blind_index("recheck lot", str(pk))


def due(branch: Branch) -> "QuerySet[Attestation]":
    """Which nobody has looked at."""
    rows = Attestation.objects.filter(pk__in=sample(branch), recheck=None).order_by("at")
    return rows.select_related("agent", "application", "branch")


@transaction.atomic
def recheck(attestation: Attestation, by: User, *, is_doubt: bool, words: str) -> Recheck:
    """Once, by the head of that counter, who is not the agent."""
    check_vouched(by)
    attestation.application.hold()
    words = writing.line(words)[:200]
    if not by.has_perm(LEAD) or attestation.branch_id not in by.branch_ids or attestation.agent_id == by.pk:
        raise Refusal("not-served-here", _("Cam kết này không do bạn kiểm tra."), status=404)
    if not says_something(words):
        raise Refusal(
            "reason-needed", _("Ghi nhân viên trả lời thế nào, ít nhất ba từ, không ghi số hay email."), status=422
        )
    row = Recheck(attestation=attestation, by=by, is_doubt=is_doubt, words=words)
    row.mac = row.mac_of_row
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as taken:
        raise out_of_step() from taken
    audit.record("attestation rechecked", attestation.application, user=by, doubt=is_doubt)
    return row


def doubts(application: Application) -> "list[Recheck]":
    """Also a row that others wrote: whoever makes a doubt up is asked about, and who turns one into none is not believed."""
    rows = Recheck.objects.filter(attestation__application=application).select_related("by").order_by("pk")
    return [row for row in rows if row.is_doubt or not row.is_ours]
