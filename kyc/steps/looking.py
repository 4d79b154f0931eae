"""Looking at pictures of people: who may, each look on the record, and an alarm where one looks too often."""

from datetime import timedelta

import structlog
from django.utils.translation import gettext_lazy as _

from kyc.models import Case, Evidence
from kyc.steps import sampling
from kyc.steps.review import queues
from portal import audit
from portal.accounts.roles import is_vouched
from portal.allowances import Limit
from portal.models import User
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
LOOKS = Limit("evidence looks", 600, timedelta(hours=1))  # sixty files an hour with five pictures each, twice over


def may_look(case: Case | None, user: User) -> bool:
    """Whoever holds the file, whoever is asked to judge it blind, and the supervisor."""
    if case is None or not is_vouched(user):
        return False
    if case.holder_id == user.pk or queues.SUPERVISOR in user.roles:
        return True
    return sampling.waiting_for(user).filter(case=case).exists() and queues.REVIEWER in user.roles


def look(evidence: Evidence, user: User) -> None:
    if not may_look(getattr(evidence.application, "case", None), user):
        audit.record("evidence looked at", evidence.application, result="refused", kind=evidence.kind)
        raise Refusal("not-yours", _("Chỉ người đang giữ hồ sơ xem được ảnh. Hãy nhận hồ sơ trước."), status=403)
    audit.record("evidence looked at", evidence.application, kind=evidence.kind, evidence=evidence.pk)
    if LOOKS.spend(str(user.pk)) == 0:
        log.error("unusual number of looks at evidence", user=user.pk, alarm=True)
        audit.record("evidence looked at", "too many in an hour", result="refused")
