"""A counter's people, a drawer of theirs, and a hand that reaches past the triggers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from enrollment.orders.migrations import _closed_days as closed_days
from enrollment.orders.models import Drawer, Order
from enrollment.orders.steps import drawer
from portal.models import Branch, User
from portal.refusals import Refusal
from tests.conftest import People
from tests.enrollment.conftest import Customer


@pytest.fixture
def agent(staff: People) -> User:
    return staff("agent")


@pytest.fixture
def opened(agent: User) -> Drawer:
    return opens(agent, 500_000)


def at_home(user: User) -> Branch:
    assert user.branch
    return user.branch


def opens(user: User, amount: int = 0) -> Drawer:
    return drawer.open_drawer(user, at_home(user), amount)


def order_of(walker: Customer) -> Order:
    order = walker.application.order
    assert order
    return order


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as no:
        act()
    return no.value.code


@contextmanager
def unguarded() -> Iterator[None]:
    """As whoever owns the tables may: with the triggers off."""
    with connection.cursor() as cursor:
        closed_days.unguard(cursor.execute, connection.vendor)
        yield
        closed_days.guard(cursor.execute, connection.vendor)
