"""Figures of the review: how old the queue is, whether promises are kept, who decides what and how well; plain SVG."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import corrections
from kyc.models import Case, Decision
from kyc.steps import sampling
from kyc.steps.review import acts, queues
from portal.models import User
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
        "people": people(decided),
        "branches": branches(since),
        "samples": samples(),
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


def people(decided: Any) -> list[dict[str, Any]]:
    """Each person's decisions, the usual time from taking a file to deciding, and how often a second look agreed."""
    rows = decided.values("by").annotate(number=Count("pk"), seconds=Avg("seconds")).order_by("-number")[:50]
    agreed = {row["decided_by"]: row for row in sampling.agreement("decided_by")}
    users = User.objects.in_bulk([row["by"] for row in rows])
    return [
        {
            "user": users[row["by"]],
            "number": row["number"],
            "seconds": round(row["seconds"] or 0),
            "looked": agreed.get(row["by"], {}).get("looked", 0),
            "agreed": percent(agreed.get(row["by"], {}).get("agreed", 0), agreed.get(row["by"], {}).get("looked", 0)),
        }
        for row in rows
    ]


def branches(since: Any) -> list[dict[str, Any]]:
    rows = Case.objects.filter(received_at__gte=since).values("branch__name")
    figures = rows.annotate(
        number=Count("pk"), closed=Count("pk", filter=Q(queue="closed")), good=Count("pk", filter=Q(kept=True)),
        known=Count("pk", filter=Q(kept__isnull=False)),
    ).order_by("-number")  # fmt: skip
    return [{**row, "kept": percent(row["good"], row["known"])} for row in figures]


def samples() -> dict[str, Any]:
    """Agreement with approvals and with rejections, and per agent who opened the application."""
    every = sampling.agreement("expected")
    agents = sampling.agreement("case__application__trail__actor")
    helpers = User.objects.filter(groups__name="agent").in_bulk(
        [row["case__application__trail__actor"] for row in agents]
    )
    return {
        "kinds": [
            (sampling.VERDICTS[row["expected"]], row["looked"], percent(row["agreed"], row["looked"])) for row in every
        ],
        "agents": [
            (helpers[row["case__application__trail__actor"]], row["looked"], percent(row["agreed"], row["looked"]))
            for row in agents
            if row["case__application__trail__actor"] in helpers
        ],
    }
