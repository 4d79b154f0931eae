"""Office time: the review's clock runs in office hours only, and not on holidays."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from django.conf import settings
from django.utils import timezone

Span = tuple[datetime, datetime]
FAR = 400  # days after which no promise looks


@cache
def opening(setting: str) -> tuple[frozenset[int], tuple[tuple[time, time], ...]]:
    """ "1-5 07:30-11:30 13:00-17:00": the days, 1 for Monday, and the hours of each."""
    days, *spans = setting.split()
    first, _dash, last = days.partition("-")
    hours = [span.split("-") for span in spans]
    return (
        frozenset(range(int(first), int(last or first) + 1)),
        tuple((time.fromisoformat(begins), time.fromisoformat(ends)) for begins, ends in hours),
    )


def is_holiday(day: date) -> bool:
    return f"{day:%m-%d}" in settings.HOLIDAYS or f"{day:%Y-%m-%d}" in settings.HOLIDAYS


def spans_from(moment: datetime) -> Iterator[Span]:
    """The stretches of office time after this moment."""
    days, hours = opening(settings.OFFICE_HOURS)
    zone, local = timezone.get_default_timezone(), timezone.localtime(moment, timezone.get_default_timezone())
    for ahead in range(FAR):
        day = local.date() + timedelta(days=ahead)
        if day.isoweekday() not in days or is_holiday(day):
            continue
        for begins, ends in hours:
            start = max(moment, datetime.combine(day, begins, zone).astimezone(UTC))
            end = datetime.combine(day, ends, zone).astimezone(UTC)
            if start < end:
                yield start, end


def after(moment: datetime, work: timedelta) -> datetime:
    """When that much office time will have passed."""
    left = work
    for start, end in spans_from(moment):
        if left <= end - start:
            return start + left
        left -= end - start
    return moment + timedelta(days=FAR)


def between(start: datetime, end: datetime) -> timedelta:
    """How much office time lies between; negative where the end came first."""
    if end < start:
        return -between(end, start)
    total = timedelta()
    for begins, ends in spans_from(start):
        if begins >= end:
            break
        total += min(ends, end) - begins
    return total
