"""Ending, holding and restoring a serial: the row first, then list and answer at once (promise P4)."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.refusals import Refusal
from portal.waking import Waker
from signing.authority.models import Issued, Reason

FINAL = frozenset(set(Reason) - {Reason.HOLD})  # a hold is no end: it has a verb of its own
waker = Waker("signing.authority.tasks.publish")


class Ended(Refusal):
    """What was revoked stays revoked, and what is not on hold is not restored."""


def revoke(serial: Issued, reason: int = Reason.UNSPECIFIED) -> None:
    """From the moment of the hold, if it was on hold: what was signed since then does not become good again."""
    if reason not in FINAL:
        raise Refusal("reason", _("Lý do thu hồi không có trong danh sách. Vui lòng chọn lại lý do."), status=400)
    revocable = Q(revoked_at=None) | Q(reason=Reason.HOLD)
    _write(serial, revocable, revoked_at=Coalesce("revoked_at", timezone.now()), reason=reason)


def hold(serial: Issued) -> None:
    _write(serial, Q(revoked_at=None), revoked_at=timezone.now(), reason=Reason.HOLD)


def restore(serial: Issued) -> None:
    _write(serial, Q(reason=Reason.HOLD), revoked_at=None, reason=Reason.UNSPECIFIED)


def _write(serial: Issued, allowed: Q, **changes: Any) -> None:
    """By one conditional update. An answer that was signed ahead says what was; it goes with the change."""
    row = Issued.objects.filter(allowed, pk=serial.pk)
    if row.update(answer=None, answer_until=None, **changes) != 1:
        raise Ended("ended", _("Số sê-ri này đã thu hồi, hoặc không ở trạng thái tạm dừng. Vui lòng tải lại trang."))
    serial.refresh_from_db(fields=["revoked_at", "reason", "answer", "answer_until"])
    transaction.on_commit(waker.wake, robust=True)
