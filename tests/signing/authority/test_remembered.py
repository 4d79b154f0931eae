"""What is kept in a process: for as long as it holds, a minute at most, and no longer than until it is turned."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from signing.authority import turning
from signing.authority.models import Authority
from signing.authority.remembered import forget, remembered
from signing.authority.timestamps import signer_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("seconds", "kept"), [(0, True), (9, True), (11, False), (-1, False)])
def test_it_is_kept_while_it_holds(seconds: int, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    forget()
    remembered("x", lambda: ("first", now + timedelta(seconds=10)))
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=seconds))
    assert (remembered("x", lambda: ("second", now + timedelta(days=1))) == "first") is kept


def test_a_minute_is_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    remembered("y", lambda: ("first", now + timedelta(days=1)))
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=61))
    assert remembered("y", lambda: ("second", now + timedelta(days=1))) == "second"


@pytest.mark.django_db(transaction=True)
def test_what_was_turned_here_is_known_here_at_once() -> None:
    before = signer_of("organisation")
    turning.turn("organisation", Authority.now("issuing"), datetime.now(timezone.get_current_timezone()))
    assert signer_of("organisation") != before
