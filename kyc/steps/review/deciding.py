"""The one door through which a file is acted on, from page, key press or program alike."""

from django.db import transaction

from kyc.models import Case
from kyc.steps.review import law
from kyc.steps.review.queues import Queue, in_queue
from kyc.steps.review.turns import Choice, outrun
from kyc.steps.review.verbs import VERBS
from portal.accounts.roles import check_vouched
from portal.models import User
from portal.refusals import Refusal


def decide(case: Case, verb: str, by: User, choice: Choice) -> None:
    """One conditional update on the number of turns decides between two at once; all else is in its transaction."""
    with transaction.atomic():
        case.application.hold()
        fresh = Case.objects.select_related("application", "application__data_key", "application__plan").get(pk=case.pk)
        if fresh.turns != choice.turns:
            raise outrun(case)
        if verb not in VERBS:
            raise law.not_allowed()
        law.check(fresh, VERBS[verb], by, choice)
        VERBS[verb].act(fresh, by, choice)
    case.refresh_from_db()


def next_for(user: User) -> Case | None:
    """Take the next: of two who ask at once each gets another one. What is already mine comes first."""
    check_vouched(user)
    held = Case.objects.filter(holder=user).exclude(queue=Queue.CLOSED).exclude(asking=Case.Asking.ASKED)
    mine = held.order_by("due_at").first()
    if mine:
        return mine
    passed_over: list[int] = []
    for _try in range(200):
        case = in_queue(user).exclude(pk__in=passed_over).select_related("application").first()
        if case is None:
            return None
        try:
            decide(case, "take", user, Choice(case.turns))
        except Refusal:
            passed_over.append(case.pk)
        else:
            return case
    return None
