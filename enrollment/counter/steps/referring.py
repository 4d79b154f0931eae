"""Codes by which customers at home say which agent sent them, and who came by one."""

from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from enrollment.counter.models import Referral
from enrollment.counter.rights import SERVE
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.parts import Referred
from portal import audit, writing
from portal.accounts.roles import is_vouched
from portal.models import Branch, User
from portal.references import new_reference

log = structlog.get_logger(__name__)
LETTERS = 6
LOOKS_BACK = timedelta(days=365)


def own(agent: User, branch: Branch) -> Referral:
    """The living one; the first is made when it is first looked at. Of two looks at once the database lets one make it."""
    referral = Referral.objects.filter(agent=agent, branch=branch, ended_at=None).first()
    if referral and referral.is_ours:
        return referral
    return anew(agent, branch, instead_of=referral)


def anew(agent: User, branch: Branch, *, instead_of: Referral | None) -> Referral:
    """Whoever reads the old one from a poster sends nobody here any more."""
    try:
        with transaction.atomic():
            if instead_of:
                end(instead_of)
            referral = Referral(code=new_reference(LETTERS), agent=agent, branch=branch)
            referral.mac = referral.mac_of_row
            referral.save(force_insert=True)
            audit.record("referral code made", agent, user=agent, code=referral.code, branch=branch.name)
            return referral
    except IntegrityError:  # another tab was first, or the code is taken already
        return own(agent, branch)


def end(referral: Referral) -> None:
    if not referral.is_ours:
        log.error("a referral code was written by other means", referral=referral.pk, alarm=True)
    referral.ended_at = timezone.now()
    living = Referral.objects.filter(pk=referral.pk, ended_at=None)
    living.update(ended_at=referral.ended_at, mac=referral.mac_of_row)


def referred(code: str) -> Referred | None:
    """Whose it is, however typed: as long as they still serve at that branch."""
    code = writing.document_number(code)
    referral = Referral.objects.select_related("agent", "branch").filter(code=code, ended_at=None).first()
    if referral is None or not referral.is_ours or not serves(referral.agent, referral.branch):
        return None
    return Referred(referral.branch, referral.agent)


def serves(agent: User, branch: Branch) -> bool:
    return is_vouched(agent) and branch.pk in agent.branch_ids and agent.has_perm(SERVE)


# ── Who came by them ──


def came(branch: Branch, agent: User | None = None) -> "QuerySet[Application]":
    """Within a year; of all agents of the branch, or of this one."""
    of_whom = {"referred_branch": branch, **({"referred_agent": agent} if agent else {})}
    return Application.objects.filter(created_at__gte=timezone.now() - LOOKS_BACK, **of_whom)


def by_step(rows: "QuerySet[Application]") -> list[tuple[Step, int]]:
    """In the order of the way."""
    numbers = dict(rows.order_by().values_list("step").annotate(Count("pk")))
    return [(step, numbers[step]) for step in Step if step in numbers]


def codes_of(branch: Branch) -> list[tuple[Referral, int, int]]:
    """The living ones, with how many came by their agents and how many of those have their certificate."""
    finished = Count("pk", filter=Q(step=Step.COMPLETE))
    rows = came(branch).order_by().values_list("referred_agent").annotate(came=Count("pk"), finished=finished)
    numbers = {agent: counts for agent, *counts in rows}
    living = Referral.objects.filter(branch=branch, ended_at=None).select_related("agent").order_by("made_at")
    return [(row, *numbers.get(row.agent_id, (0, 0))) for row in living if row.is_ours]
