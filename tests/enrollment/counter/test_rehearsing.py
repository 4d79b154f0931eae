"""Rehearsals, marked by the server: right and wrong in each, what they open, and for how long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from enrollment import identity
from enrollment.counter import guests, playing
from enrollment.counter.models import Rehearsal
from enrollment.counter.scenarios import ASIDE, SCENARIOS, SCORED, Act
from enrollment.counter.steps import rehearsing
from enrollment.counter.steps.rehearsing import YEAR, decide, enabled_until, is_enabled
from enrollment.journey import ROUTES, Channel, Step
from portal.models import Event, User
from portal.refusals import Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(staff: Callable[..., User]) -> User:
    return staff("agent", rehearsed=False)


def played(agent: User, name: str, *decisions: str) -> Rehearsal:
    """From the first page on; the customer's small wishes are left out of it."""
    rehearsal = rehearsing._begun(agent, name)
    rehearsal.state["settled"] = ["aside"]
    decide_all(rehearsal, *decisions)
    return rehearsal


def rightly(rehearsal: Rehearsal) -> list[str]:
    return playing.rightly(SCENARIOS[rehearsal.scenario], rehearsal.state)


def decide_all(rehearsal: Rehearsal, *decisions: str) -> None:
    rehearsal.mac = rehearsal.mac_of_row
    decide(rehearsal, *decisions)


WAY = [Act.ON.value] * ROUTES[Channel.COUNTER].index(Step.PIN)
HANDED = [Act.ON.value] * ROUTES[Channel.COUNTER].index(Step.HANDOVER)


@pytest.mark.parametrize("name", SCENARIOS)
def test_whoever_does_all_rightly_passes_with_every_point(agent: User, name: str) -> None:
    rehearsal = rehearsing._begun(agent, name)
    decide(rehearsal, *rightly(rehearsal))
    kept = Rehearsal.objects.get()
    assert (kept.score, kept.passed, kept.is_ours) == (100, True, True)
    event = Event.objects.latest("pk")
    assert (event.verb, event.actor, event.details) == ("rehearsal passed", agent, {"scenario": name, "score": 100})


@pytest.mark.parametrize(
    ("name", "decisions", "score", "passed"),
    [
        ("person", [*HANDED, "on"], 0, False),  # attested
        ("person", [*HANDED, "another", "lead"], 100, True),
        ("person", ["another", "lead"], 100, True),
        ("person", ["another", "none"], 62, False),
        ("person", ["another", "keep"], 62, False),
        ("person", ["lead", "another"], 100, True),
        ("person", ["lead", "lead", "lead", "lead", "left"], 62, False),  # a second call earns nothing
        ("person", ["left", "lead"], 62, False),
        ("person", ["expired"], 0, False),
        ("person", ["refuse", "lead", "another"], 100, True),
        ("expired", ["expired", "new"], 100, True),
        ("expired", ["expired", "licence"], 62, False),
        ("expired", ["left", "new"], 62, False),
        ("expired", ["help"], 0, False),
        ("expired", ["forged"], 0, False),
        ("expired", ["on"], 0, False),
        ("expired", ["refuse", "lead", "expired", "new"], 100, True),
        ("pin", [*WAY, "refuse", "screen", "on"], 100, True),
        ("pin", [*WAY, "refuse", "later", "on"], 100, True),
        ("pin", [*WAY, "refuse", "aloud", "on"], 62, False),
        ("pin", [*WAY, "help"], 0, False),
        ("pin", [*WAY, "on"], 0, False),
        ("pin", [*WAY, "lead", "refuse", "screen", "on"], 100, True),
        ("pin", ["left"], 0, False),  # nobody passes by sending everybody away
        ("plain", [*WAY, "on"], 100, True),
        ("plain", ["another"], 0, False),
        ("plain", ["lead", "refuse", *WAY, "on"], 75, False),
    ],
)
def test_each_decision_has_its_points(agent: User, name: str, decisions: list[str], score: int, passed: bool) -> None:
    rehearsal = played(agent, name, *decisions)
    assert rehearsal.ended_at
    assert (rehearsal.score, rehearsal.passed) == (score, passed)
    for answer in rehearsal.answers:
        assert all(playing.worded(SCENARIOS[name], answer).values())


@pytest.mark.parametrize(("act", "score"), [("refuse", 100), ("help", 0), ("on", 40)])
def test_of_a_third_person_nothing_is_told(agent: User, act: str, score: int) -> None:
    rehearsal = rehearsing._begun(agent, "third")
    rehearsal.state |= {"settled": ["aside"], "step": rehearsal.state["at"]}
    decide_all(rehearsal, act, *(["nothing"] if act == "refuse" else []))
    if not rehearsal.ended_at:
        decide(rehearsal, *rightly(rehearsal))
    assert rehearsal.score == score


def test_a_small_wish_is_granted_and_whoever_refuses_everything_loses(agent: User) -> None:
    for act, got in (("help", 20), ("refuse", 0), ("on", 0)):
        rehearsal = rehearsing._begun(agent, "pin")
        rehearsal.state |= {"step": rehearsal.state["aside"]}
        decide_all(rehearsal, act)
        assert [(answer["got"], answer["of"]) for answer in rehearsal.answers] == [(got, 20)]


def test_the_three_open_the_counter_for_a_year_from_the_last(agent: User) -> None:
    with travel("2026-03-01T09:00Z", tick=False):
        played(agent, "person", "lead", "another")
    with travel("2026-03-20T09:00Z", tick=False):
        played(agent, "expired", "expired", "new")
        played(agent, "plain", *WAY, "on")
        assert not is_enabled(agent)
    with travel("2026-04-01T09:00Z", tick=False) as clock:
        last = played(agent, "pin", *WAY, "refuse", "screen", "on")
        assert last.ended_at
        assert enabled_until(agent) == last.ended_at + YEAR
        clock.move_to(last.ended_at + YEAR - timedelta(seconds=1))
        assert is_enabled(agent)
        clock.move_to(last.ended_at + YEAR)
        assert not is_enabled(agent)
        with pytest.raises(Refusal, match="not-enabled"):
            rehearsing.check_enabled(agent)


def test_what_one_round_has_opened_counts_for_no_other(agent: User) -> None:
    with travel("2026-03-01T09:00Z", tick=False) as clock:
        rehearsing.enable(agent)
        first = enabled_until(agent)
        clock.shift(timedelta(days=300))
        played(agent, "person", "lead", "another")
        assert enabled_until(agent) == first  # one of them again is not all three
        rehearsing.enable(agent)
        assert enabled_until(agent) == timezone.now() + YEAR


def test_passes_more_than_a_year_apart_open_nothing(agent: User) -> None:
    with travel("2026-03-01T09:00Z", tick=False) as clock:
        played(agent, "person", "lead", "another")
        clock.shift(YEAR)
        played(agent, "expired", "expired", "new")
        played(agent, "pin", *WAY, "refuse", "screen", "on")
        assert enabled_until(agent) is None


@pytest.mark.parametrize(
    ("left", "reminded"), [(31, None), (30, (30, False)), (8, (8, False)), (7, (7, True)), (0, None)]
)
def test_it_reminds_thirty_days_before_and_seven(left: int, reminded: tuple[int, bool] | None) -> None:
    with travel("2026-03-01T09:00Z", tick=False):
        assert rehearsing.reminder(timezone.now() + timedelta(days=left)) == reminded
        assert rehearsing.reminder(None) is None


@pytest.mark.parametrize("field", ["agent", "ended_at", "answers", "state", "score", "begun_at"])
def test_a_row_changed_by_other_means_enables_nobody(agent: User, staff: Callable[..., User], field: str) -> None:
    rehearsing.enable(agent)
    row, other = Rehearsal.objects.filter(scenario="person"), staff("agent", rehearsed=False)
    altered = {"agent": other, "answers": [], "state": {}, "score": 99}.get(field, timezone.now())
    row.update(**{field: altered})
    assert not is_enabled(agent)
    assert not is_enabled(other)


def test_a_failed_one_turned_into_a_passed_one_enables_nobody(agent: User) -> None:
    played(agent, "person", "another", "none")
    played(agent, "expired", "expired", "new")
    played(agent, "pin", *WAY, "refuse", "screen", "on")
    Rehearsal.objects.filter(scenario="person").update(passed=True, score=100)
    assert not is_enabled(agent)


def test_a_row_written_by_other_means_enables_nobody(agent: User) -> None:
    for name in SCORED:
        Rehearsal.objects.create(
            agent=agent, scenario=name, passed=True, score=100, ended_at=timezone.now(), mac="0" * 64
        )
    assert enabled_until(agent) is None


def test_of_two_presses_at_once_one_is_taken_and_nothing_follows_the_end(agent: User) -> None:
    rehearsal = rehearsing._begun(agent, "expired")
    other = Rehearsal.objects.get(pk=rehearsal.pk)
    decide(rehearsal, "refuse")
    with pytest.raises(Refusal, match="out-of-step"):
        decide(other, "refuse")
    decide(rehearsal, *rightly(rehearsal))
    with pytest.raises(Refusal, match="out-of-step"):
        decide(rehearsal, "refuse")


def test_what_is_asked_back_is_answered_before_anything_else(agent: User) -> None:
    rehearsal = rehearsing._begun(agent, "expired")
    decide(rehearsal, "expired")
    with pytest.raises(Refusal, match="answer-first"):
        decide(rehearsal, "on")
    with pytest.raises(Refusal, match="no-such-act"):
        decide(rehearsing._begun(agent, "pin"), "nonsense")


def test_what_was_altered_cannot_be_played_on(agent: User) -> None:
    rehearsal = rehearsing._begun(agent, "expired")
    Rehearsal.objects.update(answers=[{"got": 1000, "of": 0, "fatal": False}])
    rehearsal.refresh_from_db()
    with pytest.raises(Refusal, match="not-ours"):
        decide(rehearsal, "expired", "new")


def test_the_agent_does_not_choose_which_is_scored(agent: User) -> None:
    played(agent, "person", "lead", "another")
    assert {rehearsing.begin(agent).scenario for _try in range(20)} == {"expired", "pin"}
    with pytest.raises(Refusal, match="no-such-rehearsal"):
        rehearsing.practise(agent, "pin")


def test_the_guests_are_what_the_real_form_takes() -> None:
    today = timezone.localdate()
    for seed in range(200):
        fair, ran_out, other = (
            guests.guest(seed, today, **facts) for facts in ({}, {"expired": True}, {"another": True})
        )
        assert not [*identity.faults(fair.declaration, today), *identity.doubts(fair.declaration, today)]
        assert [field for field, _why in identity.faults(ran_out.declaration, today)] == ["issued_on"]
        assert (fair.is_same, other.is_same) == (True, False)
        assert fair == guests.guest(seed, today)
    assert len({guests.guest(seed, today).declaration.full_name for seed in range(200)}) > 50


def test_scenes_and_wishes_never_come_at_once_where_both_want_a_refusal() -> None:
    for name, scenario in SCENARIOS.items():
        for seed in range(100):
            state = playing.begun(scenario, seed)
            assert state["aside"] in [step.value for step in ASIDE]
            assert name == "person" or state["aside"] != state["at"]
