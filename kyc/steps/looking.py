"""Looking at a file and its pictures: who may without a word, and who for a reason."""

from collections import Counter

from django.db.models import Q

from enrollment.parts import Sheet
from kyc.models import Case, Evidence
from kyc.steps import kinship, sampling
from kyc.steps.review import queues
from portal import audit, looks
from portal.accounts.roles import is_vouched
from portal.models import Event, User


def may_look(case: Case | None, user: User) -> bool:
    """Whoever holds the file, and whoever is asked to judge it blind; the supervisor who has said why."""
    if case is None or not is_vouched(user):
        return False
    if case.holder_id == user.pk:
        return True
    if may_open(case, user) and looks.is_open(case.application, user):
        return True
    return queues.REVIEWER in user.roles and sampling.waiting_for(user).filter(case=case).exists()


def may_open(case: Case, user: User) -> bool:
    """Who sees to all files says why they look at this one, which another holds or nobody."""
    return is_vouched(user) and case.holder_id != user.pk and queues.SUPERVISOR in user.roles


def look(evidence: Evidence, user: User) -> None:
    application = evidence.application
    if not may_look(getattr(application, "case", None), user):
        raise looks.refuse(application, user, looks.PICTURE, kind=evidence.kind)
    looks.look(application, user, looks.PICTURE, kind=evidence.kind, evidence=evidence.pk)


def look_beside(case: Case, evidence: Evidence, user: User) -> None:
    """At a picture of another's file that is much like one of the file in hand: that is the reason, and is recorded so."""
    mine, theirs = case.application, evidence.application
    alike, _whole = kinship.compared(mine, [evidence.kind]).get(evidence.kind, ([], True))
    if evidence.replaced_at or not may_look(case, user) or theirs.pk not in {other.pk for other, _at in alike}:
        raise looks.refuse(theirs, user, looks.PICTURE, kind=evidence.kind, beside=mine.reference)
    looks.look(theirs, user, looks.PICTURE, kind=evidence.kind, evidence=evidence.pk, beside=mine.reference)


def look_at_sheet(case: Case, sheet: Sheet, user: User) -> None:
    """At what lies beside the file: the contract, the hand that signed it."""
    if not may_look(case, user):
        raise looks.refuse(case.application, user, looks.PICTURE, kind=sheet.name)
    looks.look(case.application, user, looks.PICTURE, kind=sheet.name)


# ── What the first looked at, for whoever decides next ──


def looked_at(case: Case, user: User) -> dict[str, int]:
    """How often this person opened the file, and what in it; and what of others beside it."""
    own = Q(about=audit.named(case.application)) | Q(details__beside=case.application.reference)
    kinds = (looks.FILE.verb, looks.PICTURE.verb)
    events = Event.objects.filter(own, actor=user, verb__in=kinds, result="ok", at__gte=case.received_at)
    details = events.values_list("details", flat=True)
    return dict(Counter("beside" if "beside" in seen else seen.get("kind", "file") for seen in details))
