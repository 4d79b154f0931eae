"""Figures of the review: how old the queue is, whether promises are kept, who decides what and how well; plain SVG."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import corrections
from enrollment.models import Application
from kyc.models import Case, Decision
from kyc.steps import sampling
from kyc.steps.review import acts, queues
from portal import looks
from portal.models import Event, User
from portal.waits import span

DAYS = 14
AGES = (
    (15, _("dưới 15 phút")),
    (60, _("15–60 phút")),
    (240, _("1–4 giờ")),
    (1440, _("4–24 giờ")),
    (None, _("trên 1 ngày")),
)


@dataclass(frozen=True)
class Bar:
    label: Any
    value: int
    of: int

    @property
    def wide(self) -> int:
        return round(200 * self.value / self.of) if self.of else 0


def bars(pairs: list[tuple[Any, int]]) -> list[Bar]:
    most = max((value for _label, value in pairs), default=0)
    return [Bar(label, value, most) for label, value in pairs]


def percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else "–"


def figures() -> dict[str, Any]:
    since = timezone.now() - timedelta(days=DAYS)
    decided = Decision.objects.filter(at__gte=since).exclude(by=None)
    return {
        "ages": ages(),
        "oldest": waited(Case.objects.filter(queue__in=Case.RUNNING).order_by("received_at").first()),
        "late": Case.objects.filter(queues.is_late()).count(),
        "kept": kept(since),
        "by_day": bars([(f"{day:%d/%m}", number) for day, number in by_day(decided)]),
        "by_act": bars([(Decision.ACTS[act], number) for act, number in counted(decided, "act")]),
        "reasons": bars(reasons(decided)),
        "tables": tables(decided, since),
        "days": DAYS,
    }


def waited(case: Case | None) -> str:
    return span((timezone.now() - case.received_at).total_seconds()) if case else ""


def ages() -> list[Bar]:
    now = timezone.now()
    pairs: list[tuple[Any, int]] = []
    newest = now
    for minutes, label in AGES:
        oldest = now - timedelta(minutes=minutes) if minutes else None
        rows = Case.objects.filter(queue__in=Case.RUNNING, received_at__lte=newest)
        pairs.append((label, (rows.filter(received_at__gt=oldest) if oldest else rows).count()))
        newest = oldest or newest
    return bars(pairs)


def kept(since: Any) -> dict[str, Any]:
    promises = (
        Case.objects.filter(received_at__gte=since)
        .exclude(kept=None)
        .aggregate(all=Count("pk"), good=Count("pk", filter=Q(kept=True)))
    )
    return {**promises, "percent": percent(promises["good"], promises["all"])}


def counted(decided: Any, name: str) -> list[tuple[Any, int]]:
    return list(decided.values_list(name).annotate(number=Count("pk")).order_by("-number", name))


def by_day(decided: Any) -> list[tuple[Any, int]]:
    return list(decided.annotate(day=TruncDate("at")).values_list("day").annotate(number=Count("pk")).order_by("day"))


def reasons(decided: Any) -> list[tuple[Any, int]]:
    numbers: dict[str, int] = {}
    for items, reason in decided.filter(act__in=("send-back", "reject")).values_list("items", "reason"):
        for name in corrections.named(items) or [str(acts.REJECTIONS[reason][0])]:
            numbers[name] = numbers.get(name, 0) + 1
    return sorted(numbers.items(), key=lambda pair: -pair[1])[:12]


def openings() -> list[Event]:
    """Who opened what another holds, each file by its reference."""
    events = list(looks.openings()[:30])
    numbers = [
        int(pk) for event in events for kind, _colon, pk in [event.about.partition(":")] if kind == "application"
    ]
    references = {
        f"application:{pk}": reference
        for pk, reference in Application.objects.filter(pk__in=numbers).values_list("pk", "reference")
    }
    for event in events:
        event.about = references.get(event.about, event.about)
    return events


@dataclass(frozen=True)
class Table:
    """What stands first in each row is what the others are about."""

    title: Any
    columns: tuple[Any, ...]
    rows: list[tuple[Any, ...]]


def tables(decided: Any, since: Any) -> list[Table]:
    looked, agreed = _("Được xem lại"), _("Trùng ý kiến")
    return [
        Table(
            _("Người thẩm định"),
            (_("Họ tên"), _("Quyết định"), _("Giây mỗi hồ sơ (trung bình)"), looked, agreed),
            people(decided),
        ),
        Table(_("Chất lượng, qua xem lại mù"), (_("Quyết định, nhân viên hỗ trợ"), looked, agreed), samples()),
        Table(_("Theo đơn vị"), (_("Đơn vị"), _("Hồ sơ"), _("Đã xong"), _("Đúng hẹn")), branches(since)),
    ]


def people(decided: Any) -> list[tuple[Any, ...]]:
    """Each person's decisions, the usual time from taking a file to deciding, and how often a second look agreed."""
    rows = decided.values("by").annotate(number=Count("pk"), seconds=Avg("seconds")).order_by("-number")[:50]
    again = {row["decided_by"]: row for row in sampling.agreement("decided_by")}
    users = User.objects.in_bulk([row["by"] for row in rows])
    figures = []
    for row in rows:
        user, second = users[row["by"]], again.get(row["by"], {"looked": 0, "agreed": 0})
        name = looks.legible(lambda: user.full_name, user)  # noqa: B023
        share = percent(second["agreed"], second["looked"])
        figures.append((name, row["number"], round(row["seconds"] or 0), second["looked"], share))
    return figures


def branches(since: Any) -> list[tuple[Any, ...]]:
    rows = Case.objects.filter(received_at__gte=since).values("branch__name")
    figures = rows.annotate(
        number=Count("pk"), closed=Count("pk", filter=Q(queue="closed")), good=Count("pk", filter=Q(kept=True)),
        known=Count("pk", filter=Q(kept__isnull=False)),
    ).order_by("-number")  # fmt: skip
    return [
        (row["branch__name"] or _("Trực tuyến"), row["number"], row["closed"], percent(row["good"], row["known"]))
        for row in figures
    ]


def samples() -> list[tuple[Any, ...]]:
    """Agreement with approvals and with rejections, and per agent who opened the application."""
    every = sampling.agreement("expected")
    agents = sampling.agreement("case__application__trail__actor")
    helpers = User.objects.filter(groups__name="agent").in_bulk(
        [row["case__application__trail__actor"] for row in agents]
    )
    named = [(sampling.VERDICTS[row["expected"]], row) for row in every]
    for row in agents:
        if helper := helpers.get(row["case__application__trail__actor"]):
            named.append((looks.legible(lambda: helper.full_name, helper), row))
    return [(name, row["looked"], percent(row["agreed"], row["looked"])) for name, row in named]
