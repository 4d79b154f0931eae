"""Looking at what people entrusted to us, in clear: declarations, numbers, contacts, pictures. One verb for all of it:
each look is on the record, so many an hour are enough for anybody's work, and where there are many an alarm is raised.

Whoever holds a file looks at it because it is theirs to judge. All others first say why (`open_up`), in words that their
supervisor reads; the answer holds for half an hour, for that person and that file alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit, sealing, writing
from portal.allowances import Limit
from portal.models import Allowance, Event, User
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
HOUR, STAYS_OPEN = timedelta(hours=1), timedelta(minutes=30)
OPENED = "opened for a reason"
UNOPENED = _("không mở được")


@dataclass(frozen=True)
class Kind:
    verb: str  # of the audit trail
    alarm: int  # from this many in an hour on somebody is told; at twice that it ends

    @property
    def limit(self) -> Limit:
        return Limit(self.verb, 2 * self.alarm, HOUR)

    @property
    def alarms(self) -> Limit:
        return Limit(f"{self.verb}: alarm", 1, HOUR)


FILE = Kind("file looked at", 120)  # sixty files an hour, each opened twice over
PICTURE = Kind("picture looked at", 600)  # with five pictures each
KINDS = (FILE, PICTURE)
REASONS: dict[str, Any] = {
    "customer": _("Khách hỏi, nhờ hỗ trợ"),
    "complaint": _("Giải quyết khiếu nại"),
    "fraud": _("Nghi giả mạo, gian lận"),
    "quality": _("Kiểm tra chất lượng thẩm định"),
    "authority": _("Cơ quan có thẩm quyền yêu cầu"),
    "technical": _("Xử lý sự cố kỹ thuật"),
}


def look(about: models.Model, user: User, kind: Kind, /, **details: Any) -> None:
    left = kind.limit.spend(str(user.pk))
    if left is None:
        audit.record(kind.verb, about, user=user, result="refused", **details)
        raise Refusal(
            "too-many-looks",
            _("Bạn đã xem quá nhiều dữ liệu cá nhân trong một giờ. Hãy chờ, hoặc báo người giám sát."),
            status=429,
            wait=kind.limit.seconds_to_wait(str(user.pk)),
        )
    audit.record(kind.verb, about, user=user, **details)
    if left <= kind.alarm and kind.alarms.spend(str(user.pk)) is not None:
        log.error("unusual number of looks at personal data", kind=kind.verb, user=user.pk, alarm=True)
        audit.record("many looks in an hour", user, user=user, kind=kind.verb)


def refuse(about: models.Model, user: User, kind: Kind, /, **details: Any) -> Refusal:
    """One that is not theirs, to be raised."""
    audit.record(kind.verb, about, user=user, result="refused", **details)
    return Refusal("not-yours", _("Hồ sơ này không do bạn giữ. Hãy nhận hồ sơ, hoặc nêu lý do cần xem."), status=403)


def legible(read: Callable[[], Any], row: models.Model) -> Any:
    """What a list shows of one row: a mark where a sealed value does not open, so that the others stay readable."""
    try:
        return read()
    except (sealing.Broken, sealing.Erased) as wrong:
        log.error("a sealed value does not open", row=audit.named(row), reason=str(wrong), alarm=True)
        return UNOPENED


# ── Not one's own: for a reason ──


def open_up(about: models.Model, user: User, reason: str, words: str) -> None:
    words = writing.line(words)[:200]
    if reason not in REASONS or not says_something(words):
        raise Refusal(
            "reason-needed",
            _("Cần chọn lý do và viết rõ trong ít nhất ba từ, không ghi số giấy tờ, số điện thoại hay email."),
            status=422,
        )
    audit.record(OPENED, about, user=user, reason=reason, words=words)


def says_something(words: str) -> bool:
    """Three different words at least, and no number or address of anybody: the record names no one."""
    spoken = {word for word in re.findall(r"[^\W\d_]{2,}", words.casefold()) if len(set(word)) > 1}
    return len(spoken) >= 3 and "@" not in words and not re.search(r"(\d\W?){6}", words)


def is_open(about: models.Model, user: User) -> bool:
    """Whether this person gave a reason a moment ago: by an entry that is ours, and not by a row that somebody wrote."""
    event = openings(about).filter(actor=user, at__gt=timezone.now() - STAYS_OPEN).first()
    return event is not None and audit.is_ours(event)


def openings(about: models.Model | None = None) -> "QuerySet[Event]":
    """Who looked at what was not theirs, and why: of one file or of all, the newest first."""
    events = Event.objects.filter(verb=OPENED).select_related("actor").order_by("-id")
    return events if about is None else events.filter(about=audit.named(about))


def reason_of(event: Event) -> str:
    words = REASONS.get(event.details.get("reason", ""), "")
    return f"{words}: {event.details.get('words', '')}"


def many() -> int:
    """How many people look at more than work explains, in this hour."""
    now = timezone.now()
    return sum(
        Allowance.objects.filter(purpose=kind.verb, spent__gte=kind.alarm, renews_at__gt=now).count() for kind in KINDS
    )
