"""Which role works off which queue, what is free for whom, and how many are before a file."""

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


def is_left_lying(case: Case) -> bool:
    return bool(case.held_at and timezone.now() - case.held_at > PATIENCE)


def in_queue(user: User) -> "QuerySet[Case]":
    """What is free for this person, the next promise first; without what the own hand has decided already."""
    free = Case.objects.filter(queue__in=queues_of(user), holder=None)
    mine = Decision.objects.filter(by=user, case=OuterRef("pk"))
    first = Exists(mine.filter(act__in=("pass", "ask")))
    second = Q(queue__in=(Queue.APPROVAL, Queue.SECOND)) & first | Q(queue=Queue.OBJECTION) & Exists(mine)
    return free.exclude(second).order_by("due_at", "pk")


def ahead_of(case: Case) -> int:
    """How many are before this one, for whoever waits."""
    before = Q(due_at__lt=case.due_at) | Q(due_at=case.due_at, pk__lt=case.pk)
    return Case.objects.filter(before, queue__in=Case.RUNNING).count()
