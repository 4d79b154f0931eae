"""How a counter does: of what was opened there within a period, how far it has come by now, and how long that took.

Every question is one query over the files of that period and those branches (index `opened_at_counters`), whatever else
the tables hold; what came by a code is found by the indexes `sent_by_branch` and `sent_by_agent`."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import corrections
from enrollment.journey import Channel, Step
from enrollment.models import Application, Trail
from portal.models import Branch, User

SPANS: dict[str, Any] = {"day": _("Ngày"), "week": _("Tuần"), "month": _("Tháng")}
MOST = 20_000  # hand-overs and files sent back that are looked at one by one, the newest first
HANDED = Q(verb="finished", origin=Step.HANDOVER)
WHAT: dict[str, tuple[Any, Any]] = {  # a number's name → in words, and which files it counts
    "opened": (_("Đã mở"), Q()),
    "handed": (_("Đã bàn giao"), Exists(Trail.objects.filter(HANDED, application=OuterRef("pk")))),
    "finished": (_("Có chứng thư số"), Q(step=Step.COMPLETE)),
    "sent-back": (_("Bị trả lại"), Exists(Trail.objects.filter(verb="sent back", application=OuterRef("pk")))),
    "stopped": (_("Đã dừng"), Q(step=Step.STOPPED)),
}
NUMBERS = {name.replace("-", "_"): Count("pk", filter=which or None) for name, (_words, which) in WHAT.items()}


@dataclass(frozen=True)
class Period:
    """A day, a week from Monday, or a month."""

    span: str
    first: date
    following: date

    @property
    def last(self) -> date:
        return self.following - timedelta(days=1)

    @property
    def before(self) -> date:
        return self.first - timedelta(days=1)

    @property
    def within(self) -> dict[str, datetime]:
        begins, ends = (timezone.make_aware(datetime.combine(day, time.min)) for day in (self.first, self.following))
        return {"created_at__gte": begins, "created_at__lt": ends}


def period(span: str, day: date) -> Period:
    if span == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(span, monday, monday + timedelta(days=7))
    if span == "month":
        first = day.replace(day=1)
        return Period(span, first, (first + timedelta(days=32)).replace(day=1))
    return Period("day", day, day + timedelta(days=1))


@dataclass(frozen=True)
class Scope:
    """Whose figures: of these branches, or of one agent there."""

    branches: Sequence[Branch]
    agent: User | None = None

    @property
    def by(self) -> str:
        return "branch" if len(self.branches) > 1 else "agent"

    def files(self, within: Period) -> "QuerySet[Application]":
        whose = {"agent": self.agent} if self.agent else {}
        rows = Application.objects.filter(channel=Channel.COUNTER, branch__in=self.branches, **within.within)
        return rows.filter(**whose)

    def sent(self, within: Period) -> "QuerySet[Application]":
        whose = {"referred_agent": self.agent} if self.agent else {}
        return Application.objects.filter(referred_branch__in=self.branches, **within.within).filter(**whose)


@dataclass
class Figures:
    numbers: Counter[str] = field(default_factory=Counter)
    minutes: list[float] = field(default_factory=list)

    @property
    def cells(self) -> list[tuple[str, int]]:
        return [(name, self.numbers[name]) for name in WHAT]

    @property
    def referred(self) -> int:
        return self.numbers["referred"]

    @property
    def half(self) -> int | None:
        """Of the files, half are handed over within so many minutes."""
        return round(median(self.minutes)) if self.minutes else None

    @property
    def most(self) -> int | None:
        """And nine of ten within so many."""
        return round(sorted(self.minutes)[math.ceil(0.9 * len(self.minutes)) - 1]) if self.minutes else None


@dataclass
class Counted:
    by_who: dict[int | None, Figures] = field(default_factory=lambda: defaultdict(Figures))
    by_day: dict[date, Figures] = field(default_factory=lambda: defaultdict(Figures))
    whole: Figures = field(default_factory=Figures)

    def of(self, who: int | None, day: date) -> tuple[Figures, ...]:
        return self.by_who[who], self.by_day[day], self.whole


def counted(scope: Scope, within: Period) -> Counted:
    counts, files = Counted(), scope.files(within)
    for who, day, *numbers in by_who_and_day(files, scope.by, NUMBERS):
        for figures in counts.of(who, day):
            figures.numbers.update(dict(zip(WHAT, numbers, strict=True)))
    for who, opened, minutes in hand_overs(files, scope.by):
        for figures in counts.of(who, timezone.localdate(opened)):
            figures.minutes.append(minutes)
    sent = by_who_and_day(scope.sent(within), f"referred_{scope.by}", {"referred": Count("pk")})
    for who, day, came in sent:
        for figures in counts.of(who, day):
            figures.numbers["referred"] += came
    return counts


def by_who_and_day(rows: "QuerySet[Application]", by: str, numbers: dict[str, Count]) -> Iterable[tuple[Any, ...]]:
    grouped = rows.order_by().values_list(F(by), TruncDate("created_at"))
    return grouped.annotate(**numbers)


def hand_overs(files: "QuerySet[Application]", by: str) -> Iterable[tuple[int | None, datetime, float]]:
    """Whose, when opened, and after how many minutes it was handed over for the first time."""
    trail = Trail.objects.filter(HANDED, application__in=files.order_by().values("pk")).order_by("-pk")
    first: dict[int, tuple[int | None, datetime, datetime]] = {}
    named = ("application", f"application__{by}", "application__created_at", "at")
    for application, who, opened, at in trail.values_list(*named)[:MOST]:
        first[application] = who, opened, at  # the newest come first, so the first stays
    return [(who, opened, (at - opened).total_seconds() / 60) for who, opened, at in first.values()]


def reasons(scope: Scope, within: Period) -> list[tuple[str, int]]:
    """Why files were sent back, in words, the most frequent first."""
    files = scope.files(within).order_by().values("pk")
    asked = Trail.objects.filter(verb="sent back", application__in=files).order_by("-pk")
    words = Counter(word for items in asked.values_list("items", flat=True)[:MOST] for word in corrections.named(items))
    return words.most_common()
