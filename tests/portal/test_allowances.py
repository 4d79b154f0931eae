from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.allowances import Limit
from tests.conftest import at_once

pytestmark = pytest.mark.django_db
LIMIT = Limit("tries", 3, timedelta(minutes=5))


def test_goes_are_counted_down_and_then_refused() -> None:
    assert [LIMIT.spend("someone") for _ in range(5)] == [2, 1, 0, None, None]
    assert LIMIT.spend("someone else") == 2


def test_each_go_is_one_question_to_the_database(django_assert_num_queries: Any) -> None:
    for left in (2, 1, 0, None):
        with django_assert_num_queries(1):
            assert LIMIT.spend("someone") == left


def test_a_new_window_gives_new_goes() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(4):
            LIMIT.spend("someone")
        clock.shift(timedelta(minutes=5, seconds=1))
        assert LIMIT.spend("someone") == 2


def test_a_sliding_window_begins_anew_with_each_go() -> None:
    lock = Limit("lock", 3, timedelta(minutes=5), sliding=True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(3):
            lock.spend("someone")
            clock.shift(timedelta(minutes=4))
        assert lock.spend("someone") is None
        clock.shift(timedelta(minutes=1, seconds=1))
        assert lock.spend("someone") == 2


def test_the_wait_is_told_in_seconds() -> None:
    LIMIT.spend("someone")
    assert 290 <= LIMIT.seconds_to_wait("someone") <= 300


def test_restoring_gives_all_goes_back() -> None:
    for _ in range(3):
        LIMIT.spend("someone")
    assert LIMIT.is_spent("someone")
    LIMIT.restore("someone")
    assert LIMIT.spend("someone") == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_sixty_at_once_spend_no_more_than_there_is() -> None:
    spent = at_once(60, lambda _place: LIMIT.spend("someone"))
    assert len([left for left in spent if left is not None]) == 3
