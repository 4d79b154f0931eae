"""Looking at personal data: on the record, so often and no more, and for a reason where it is not one's own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal import looks
from portal.models import Allowance, Branch, Event, User
from portal.refusals import Refusal
from tests.conftest import at_once

pytestmark = pytest.mark.django_db
People = Callable[..., User]
GOOD = ("customer", "Khách gọi tổng đài hỏi")


@pytest.fixture
def thing() -> Branch:
    """Any row will do."""
    return Branch.objects.create(name="VNPT Mẫu", province="01")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> looks.Kind:
    kind = looks.Kind("file looked at", 3)
    monkeypatch.setattr(looks, "KINDS", (kind,))
    return kind


def test_each_look_is_on_the_record(thing: Branch, staff: People) -> None:
    reviewer = staff("reviewer")
    looks.look(thing, reviewer, looks.PICTURE, kind="card-front")
    event = Event.objects.get(verb="picture looked at")
    assert (event.actor, event.about, event.details) == (reviewer, f"branch:{thing.pk}", {"kind": "card-front"})


def test_many_raise_one_alarm_and_twice_as_many_are_the_end(thing: Branch, few: looks.Kind, staff: People) -> None:
    reviewer, other = staff("reviewer"), staff("reviewer")
    for _look in range(2):
        looks.look(thing, reviewer, few)
    assert (Event.objects.filter(verb="many looks in an hour").count(), looks.many()) == (0, 0)
    for _look in range(4):
        looks.look(thing, reviewer, few)
    with pytest.raises(Refusal, match="too-many-looks") as no:
        looks.look(thing, reviewer, few)
    assert (no.value.status, bool(no.value.wait)) == (429, True)
    assert Event.objects.get(verb="many looks in an hour").about == f"user:{reviewer.pk}"
    assert looks.many() == 1
    results = Event.objects.filter(verb=few.verb, actor=reviewer).order_by("id").values_list("result", flat=True)
    assert list(results) == ["ok"] * 6 + ["refused"]
    looks.look(thing, other, few)  # each has an allowance of one's own
    Allowance.objects.update(renews_at=timezone.now() - timedelta(seconds=1))
    looks.look(thing, reviewer, few)
    assert looks.many() == 0


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("customer", "xxxxx"),
        ("customer", "xx xx xx xx"),
        ("customer", "khách khách khách"),
        ("customer", "a b c d"),
        ("customer", ". . . 1 2 3"),
        ("customer", "Khách gọi 0912 345 678 hỏi"),
        ("customer", "thư của lan@example.vn hỏi"),
        ("customer", ""),
        ("", "Khách gọi tổng đài hỏi"),
        ("because", "Khách gọi tổng đài hỏi"),
    ],
)
def test_a_reason_is_one_of_the_list_in_words_that_say_something(
    reason: str, words: str, thing: Branch, staff: People
) -> None:
    user = staff("supervisor")
    with pytest.raises(Refusal, match="reason-needed"):
        looks.open_up(thing, user, reason, words)
    assert not looks.is_open(thing, user)


def test_a_reason_opens_this_alone_to_this_person_for_a_while(
    thing: Branch, staff: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, other = staff("supervisor"), staff("supervisor")
    looks.open_up(thing, user, *GOOD)
    assert looks.is_open(thing, user)
    assert not looks.is_open(thing, other)
    assert not looks.is_open(Branch.objects.create(name="VNPT khác", province="02"), user)
    later = timezone.now() + timedelta(minutes=31)
    monkeypatch.setattr("portal.looks.timezone.now", lambda: later)
    assert not looks.is_open(thing, user)


def test_a_row_that_somebody_wrote_opens_nothing(thing: Branch, staff: People) -> None:
    user = staff("supervisor")
    forged = {"at": timezone.now(), "verb": looks.OPENED, "about": f"branch:{thing.pk}", "mac": "0" * 64}
    Event.objects.create(actor=user, details={"reason": GOOD[0], "words": GOOD[1]}, **forged)
    assert not looks.is_open(thing, user)


def test_who_opened_what_and_why_can_be_read(thing: Branch, staff: People) -> None:
    user = staff("supervisor")
    looks.open_up(thing, user, *GOOD)
    event = looks.openings(thing).get()
    assert (event.actor, looks.reason_of(event)) == (user, "Khách hỏi, nhờ hỗ trợ: Khách gọi tổng đài hỏi")
    assert list(looks.openings()) == [event]


def test_a_look_costs_two_queries(thing: Branch, staff: People, django_assert_num_queries: Any) -> None:
    user = staff("reviewer")
    looks.look(thing, user, looks.FILE)
    with django_assert_num_queries(2):
        looks.look(thing, user, looks.FILE)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_twenty_looks_at_once_no_more_than_allowed_pass(thing: Branch, few: looks.Kind, staff: People) -> None:
    user = staff("reviewer")
    outcomes = at_once(20, lambda _place: looks.look(thing, user, few))
    assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 14
    assert Event.objects.filter(verb="many looks in an hour").count() == 1
