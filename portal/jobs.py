"""Work on a schedule: each job stands by itself, and in it each row. What falls holds up nothing behind it; it is named in the
log, counted for the operator, and tried again when its turn comes."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db.models import F, Model, QuerySet
from django.utils import timezone

from portal.models import Failure

log = structlog.get_logger(__name__)
Row = TypeVar("Row", bound=Model)
KEPT = timedelta(days=2)  # no job's next turn is further away
BATCH, ROUNDS = 500, 100  # a job's work has an end; its next turn goes on


def run(*jobs: Callable[[], object]) -> None:
    """One after another, whatever becomes of those before."""
    for job in jobs:
        _attempt(name_of(job), "", job, _failing(job))


def each(rows: Iterable[Row], act: Callable[[Row], object]) -> None:
    """The same with every row. Outside of a transaction: each row has its own, if `act` wants one."""
    job, failing = name_of(act), _failing(act)
    for row in rows:
        _attempt(job, f"{row._meta.model_name}:{row.pk}", partial(act, row), failing)


def through(rows: QuerySet[Row]) -> Iterator[Row]:
    """Every row once, in batches: one that stays where it is comes no second time and keeps no other away."""
    ordered, last = rows.order_by("pk"), None
    for _round in range(ROUNDS):
        batch = list((ordered if last is None else ordered.filter(pk__gt=last))[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1].pk


def name_of(act: Callable[..., object]) -> str:
    """Where its verb stands: enrollment.steps.leaving.erase. Of a partial, the verb within."""
    verb: Any = getattr(act, "func", act)
    return f"{verb.__module__}.{verb.__qualname__}"


def _failing(act: Callable[..., object]) -> set[str]:
    return set(Failure.objects.filter(job=name_of(act)).values_list("row", flat=True))


def _attempt(job: str, row: str, act: Callable[[], object], failing: set[str]) -> None:
    try:
        act()
    # As in the outbox, anything at all: whatever nobody foresaw about one row would stop erasure, or signing, for everybody.
    # Where the database itself is away, putting this down fails too, and the turn ends.
    except Exception as error:  # noqa: BLE001
        _put_down(job, row, error)
    else:
        if row in failing:
            Failure.objects.filter(job=job, row=row).delete()


def _put_down(job: str, row: str, error: Exception) -> None:
    """The kind of the fault and where it stands, never its words: they may quote what a person typed."""
    now, kind = timezone.now(), type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    failure, is_new = Failure.objects.get_or_create(
        job=job, row=row, defaults={"reason": kind[:80], "since": now, "at": now}
    )
    Failure.objects.filter(pk=failure.pk).update(reason=kind[:80], at=now, times=F("times") + 1)
    way = " ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
    log.error("job failed", alarm=is_new, job=job, row=row, reason=kind, way=way)
