"""What stays true for a while, kept in this process for as long: rows of authorities, and answers about their certificates.

For a minute at most, so that what another process has turned is soon known here too; what was turned is good for weeks more."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.utils import timezone

Thing = TypeVar("Thing")
MOST = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), None
KEPT: dict[Hashable, tuple[datetime, datetime, Any]] = {}


def remembered(name: Hashable, make: Callable[[], tuple[Thing, datetime]]) -> Thing:
    """What `make` gives, and the moment until which it holds."""
    now = timezone.now()
    since, until, thing = KEPT.get(name, NEVER)
    if not since <= now < until:  # nor when the clock was set back
        thing, ends = make()
        KEPT[name] = now, min(ends, now + MOST), thing
    known: Thing = thing
    return known


def forget() -> None:
    """When something was turned in this very process."""
    KEPT.clear()
