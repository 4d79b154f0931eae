"""Office time: the review's clock runs in office hours only, and not on holidays."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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


# ── In words ──

WEEKDAYS = (_("thứ Hai"), _("thứ Ba"), _("thứ Tư"), _("thứ Năm"), _("thứ Sáu"), _("thứ Bảy"), _("chủ nhật"))
DAYS = {0: _("hôm nay"), 1: _("ngày mai")}
AND = _("và")


def clock(moment: time) -> str:
    return f"{moment.hour}:{moment.minute:02}"


def in_words(moment: datetime) -> str:
    """ "7:30 sáng thứ Hai, 07/12/2026": as a clerk says when something will be."""
    local = timezone.localtime(moment)
    far = f"{WEEKDAYS[local.weekday()]}, {local:%d/%m/%Y}"
    day = DAYS.get((local.date() - timezone.localdate()).days, far)
    half = _("%(time)s sáng %(day)s") if local.hour < 12 else _("%(time)s chiều %(day)s")
    return str((_("%(time)s tối %(day)s") if local.hour >= 18 else half) % {"time": clock(local.time()), "day": day})


def next_look(moment: datetime) -> datetime:
    """When people are at work: now, or when they will be again."""
    return next(spans_from(moment))[0]


def office() -> str:
    """ "thứ Hai – thứ Sáu, 7:30–11:30 và 13:00–17:00"."""
    days, hours = opening(settings.OFFICE_HOURS)
    spans = [f"{clock(begins)}–{clock(ends)}" for begins, ends in hours]
    joined = f" {AND} ".join(spans)
    return f"{WEEKDAYS[min(days) - 1]} – {WEEKDAYS[max(days) - 1]}, {joined}"
