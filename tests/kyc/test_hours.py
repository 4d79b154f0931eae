"""Office time: the promise's clock runs in office hours and rests outside of them."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as some

from kyc import hours

pytestmark = pytest.mark.once


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.get_default_timezone())


@pytest.mark.parametrize(
    ("begins", "minutes", "ends"),
    [
        ("2026-11-20 09:00", 60, "2026-11-20 10:00"),  # a Friday
        ("2026-11-20 11:00", 60, "2026-11-20 13:30"),  # over lunch
        ("2026-11-20 16:30", 60, "2026-11-23 08:00"),  # over the weekend
        ("2026-11-21 22:00", 60, "2026-11-23 08:30"),
        ("2026-12-31 16:30", 60, "2027-01-04 08:00"),  # New Year's Day is a Friday
        ("2026-11-20 09:00", 0, "2026-11-20 09:00"),
    ],
)
def test_a_promise_counts_office_hours(begins: str, minutes: int, ends: str) -> None:
    assert hours.after(at(begins), timedelta(minutes=minutes)) == at(ends)


def test_a_holiday_by_setting_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HOLIDAYS", ["2026-11-23"])
    assert hours.after(at("2026-11-20 16:30"), timedelta(hours=1)) == at("2026-11-24 08:00")


@given(minutes=some.integers(1, 3000), start=some.integers(0, 60 * 24 * 21))
def test_what_is_promised_lies_as_much_office_time_away(minutes: int, start: int) -> None:
    begins = at("2026-11-02 00:00") + timedelta(minutes=start)
    ends = hours.after(begins, timedelta(minutes=minutes))
    assert hours.between(begins, ends) == timedelta(minutes=minutes)
    assert hours.between(ends, begins) == -timedelta(minutes=minutes)


# ── In words ──


@pytest.mark.parametrize(
    ("moment", "vietnamese", "english"),
    [
        ("2026-11-20 16:05", "16:05 chiều hôm nay", "16:05 today"),
        ("2026-11-20 21:05", "21:05 tối hôm nay", "21:05 today"),
        ("2026-11-21 07:30", "7:30 sáng ngày mai", "7:30 tomorrow"),
        ("2026-11-23 07:30", "7:30 sáng thứ Hai, 23/11/2026", "7:30 Monday, 23/11/2026"),
        ("2026-11-22 13:00", "13:00 chiều chủ nhật, 22/11/2026", "13:00 Sunday, 22/11/2026"),
    ],
)
def test_when_something_will_be_is_said_as_a_clerk_says_it(moment: str, vietnamese: str, english: str) -> None:
    with time_machine.travel(at("2026-11-20 15:00"), tick=False):
        assert hours.in_words(at(moment)) == vietnamese
        with translation.override("en"):
            assert hours.in_words(at(moment)) == english


def test_the_office_tells_its_hours_and_when_somebody_looks_next() -> None:
    assert hours.office() == "thứ Hai – thứ Sáu, 7:30–11:30 và 13:00–17:00"
    with translation.override("en"):
        assert hours.office() == "Monday – Friday, 7:30–11:30 and 13:00–17:00"
    assert hours.next_look(at("2026-11-20 10:00")) == at("2026-11-20 10:00")
    assert hours.next_look(at("2026-11-20 17:00")) == at("2026-11-23 07:30")
