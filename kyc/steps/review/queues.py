"""Which role works off which queue, who may lay hands on a file, what is free for whom, and how many are before a file."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from kyc.models import Case, Decision
from portal.models import User

Queue = Case.Queue
REVIEWER, APPROVER, SUPERVISOR = "reviewer", "approver", "supervisor"
PATIENCE = timedelta(minutes=30)  # after which a held file may be taken over by a colleague
# Which role works off which queue.
WORKS: dict[str, tuple[str, ...]] = {
    REVIEWER: (Queue.APPRAISAL, Queue.SECOND, Queue.OBJECTION),
    APPROVER: (Queue.APPROVAL, Queue.OBJECTION),
    SUPERVISOR: (Queue.OBJECTION,),
}


def queues_of(user: User) -> list[str]:
    return [queue for role in user.roles for queue in WORKS.get(role, ())]


def works_off(roles: Iterable[str], queue: str) -> bool:
    """A supervisor sees to all."""
    return any(role == SUPERVISOR or queue in WORKS.get(role, ()) for role in roles)


def is_free(case: Case, _user: User) -> bool:
    return case.holder_id is None


def is_left_lying(case: Case) -> bool:
    return bool(case.held_at and timezone.now() - case.held_at > PATIENCE)


def may_be_taken_over(case: Case, user: User) -> bool:
    return case.holder_id not in (None, user.pk) and (SUPERVISOR in user.roles or is_left_lying(case))


def may_be_taken_back(case: Case, user: User) -> bool:
    """By the one who appraised it, while nobody looks at it."""
    last = case.decisions.order_by("-pk").first()
    return case.holder_id is None and last is not None and last.act == "pass" and last.by_id == user.pk


def is_late() -> Q:
    """Past its promise, while the clock runs."""
    return Q(queue__in=Case.RUNNING, due_at__lt=timezone.now()) & ~Q(asking=Case.Asking.ASKED)


def late_for(user: User) -> Q:
    """Of what this person may decide, what nobody else holds; a supervisor sees to all."""
    if SUPERVISOR in user.roles:
        return is_late()
    return is_late() & Q(queue__in=queues_of(user)) & (Q(holder=None) | Q(holder=user))


def in_queue(user: User) -> "QuerySet[Case]":
    """What is free for this person, the next promise first; without what the own hand has decided already."""
    free = Case.objects.filter(queue__in=queues_of(user), holder=None).exclude(asking=Case.Asking.ASKED)
    mine = Decision.objects.filter(by=user, case=OuterRef("pk"))
    first = Exists(mine.filter(act__in=("pass", "ask")))
    second = Q(queue__in=(Queue.APPROVAL, Queue.SECOND)) & first | Q(queue=Queue.OBJECTION) & Exists(mine)
    return free.exclude(second).order_by("due_at", "pk")


def ahead_of(case: Case) -> int:
    """How many are before this one, for whoever waits."""
    before = Q(due_at__lt=case.due_at) | Q(due_at=case.due_at, pk__lt=case.pk)
    return Case.objects.filter(before, queue__in=Case.RUNNING).count()
