"""What the head of a counter sees: what is open and whose, what is to be asked about, and what strikes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from enrollment.counter.listing import OPEN
from enrollment.counter.steps import rechecking, signals
from enrollment.journey import Actor
from enrollment.models import Application
from portal.models import Branch, User

MOST, SHOWN = 1000, 5
SINCE = timedelta(days=30)


@dataclass
class Load:
    """What an agent has open now."""

    agent: User | None
    by: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    files: list[Application] = field(default_factory=list)  # the longest untouched first

    @property
    def number(self) -> int:
        return sum(self.by.values())

    @property
    def oldest(self) -> Sequence[Application]:
        return self.files[:SHOWN]

    @property
    def waits(self) -> int:
        return self.by[Actor.AGENT]

    @property
    def since(self) -> datetime:
        return self.files[0].touched_at


def loads(branch: Branch) -> list[Load]:
    """Index `newest_at_counters`: of what is open alone, however many the counter has had."""
    of: dict[int | None, Load] = {}
    rows = Application.objects.filter(OPEN, branch=branch).select_related("agent").order_by("-pk")[:MOST]
    for application in rows:
        load = of.setdefault(application.agent_id, Load(application.agent))
        load.by[application.turn.actor] += 1
        load.files.append(application)
    for load in of.values():
        load.files.sort(key=lambda each: each.touched_at)
    return sorted(of.values(), key=lambda load: -load.number)


def known_of(branch: Branch) -> dict[str, Any]:
    return {
        "branch": branch,
        "loads": loads(branch),
        "due": rechecking.due(branch),
        "signals": signals.of(branch, timezone.now() - SINCE),
        "since": SINCE.days,
    }
