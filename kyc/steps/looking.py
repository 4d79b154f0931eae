"""Looking at a file and its pictures: who may without a word, and who for a reason."""

from kyc.models import Case, Evidence
from kyc.steps import sampling
from kyc.steps.review import queues
from portal import looks
from portal.accounts.roles import is_vouched
from portal.models import User


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
