"""Rehearsals: a walk-in with nobody, marked here and nowhere else. The three scored ones open the counter to an agent."""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import journey
from enrollment.counter import guests, playing
from enrollment.counter.models import Rehearsal
from enrollment.counter.scenarios import END, PASS, SCENARIOS, SCORED
from enrollment.journey import Channel, Step
from portal import audit
from portal.accounts.roles import check_vouched
from portal.allowances import Limit
from portal.models import Branch, User
from portal.refusals import Refusal, out_of_step

log = structlog.get_logger(__name__)
YEAR = timedelta(days=365)
REMINDED = (timedelta(days=30), timedelta(days=7))
BEGUN = Limit("rehearsals begun", 60, timedelta(hours=1))
CHANGING = ("state", "answers", "moves", "ended_at", "score", "passed", "mac")
FLAGS = {"filled", "declared", "invited", "plan", "shots"}  # what a page keeps of the invented customer


# ── Who may serve ──


def round_of(agent: User) -> tuple[datetime | None, set[str]]:
    """Until when an agent may serve, and what they passed since: a year from the day on which the last of the three was
    passed, each within the year before. What one round has opened counts for no other, so whoever goes on serving passes
    all three anew."""
    return round_in(passed_by([agent]))


def passed_by(agents: Iterable[User]) -> "QuerySet[Rehearsal]":
    rows = Rehearsal.objects.filter(agent__in=agents, passed=True, scenario__in=SCORED).exclude(ended_at=None)
    return rows.order_by("ended_at", "pk")


def round_in(rows: Iterable[Rehearsal]) -> tuple[datetime | None, set[str]]:
    until: datetime | None = None
    passes: dict[str, datetime] = {}
    for rehearsal in rows:
        at = rehearsal.ended_at
        if at is None or not counts(rehearsal):
            continue
        passes = {name: before for name, before in passes.items() if before > at - YEAR} | {rehearsal.scenario: at}
        if passes.keys() == set(SCORED):
            until, passes = at + YEAR, {}
    return until, set(passes)


def counts(rehearsal: Rehearsal) -> bool:
    """As we wrote it; else it speaks for nobody."""
    if not rehearsal.is_ours:
        log.error("a rehearsal was written by other means", rehearsal=rehearsal.pk, alarm=True)
    return rehearsal.is_ours


def enabled_until(agent: User) -> datetime | None:
    return round_of(agent)[0]


def is_enabled(agent: User) -> bool:
    return is_open(enabled_until(agent))


def is_open(until: datetime | None) -> bool:
    return until is not None and timezone.now() < until


def check_enabled(agent: User) -> None:
    """Asked by every step that an agent does for a customer, whatever page it came from."""
    if not is_enabled(agent):
        raise closed()


def closed() -> Refusal:
    return Refusal(
        "not-enabled",
        _("Quầy chưa mở cho bạn: cần đạt ba bài diễn tập trong một năm. Mở “Quầy” để diễn tập."),
        status=403,
    )


def reminder(until: datetime | None) -> tuple[int, bool] | None:
    """Days left, and whether it is the last call: thirty days before, and seven."""
    left = until - timezone.now() if until else timedelta(0)
    if not timedelta(0) < left <= REMINDED[0]:
        return None
    return max(1, left.days), left <= REMINDED[1]


@dataclass(frozen=True)
class Trained:
    """An agent, as the head of the counter sees it: until when they may serve; of their points nothing."""

    agent: User
    until: datetime | None
    last: datetime | None  # when they rehearsed last, passed or not

    @property
    def is_open(self) -> bool:
        return is_open(self.until)

    @property
    def is_due(self) -> bool:
        return not self.is_open or reminder(self.until) is not None


def trained(branches: Iterable[Branch]) -> list[Trained]:
    """Those who cannot serve first, then by whose year ends soonest."""
    own = Q(branch__in=branches) | Q(further_branches__in=branches)
    people = User.objects.filter(own, groups__name="agent", is_active=True).distinct().order_by("pk")
    agents = list(people.select_related("branch").prefetch_related("further_branches"))
    by: dict[int, list[Rehearsal]] = defaultdict(list)
    for rehearsal in passed_by(agents):
        by[rehearsal.agent_id].append(rehearsal)
    ended = Rehearsal.objects.filter(agent__in=agents).values_list("agent").annotate(last=Max("ended_at"))
    last = dict(ended)
    rows = [Trained(agent, round_in(by[agent.pk])[0], last.get(agent.pk)) for agent in agents]
    return sorted(rows, key=lambda row: (row.is_open, row.until is not None and row.until.timestamp()))


# ── Playing ──


def begin(agent: User) -> Rehearsal:
    """A scored one, of those that are still due; the agent does not choose it and is not told which it is."""
    return _begun(agent, secrets.choice([name for name in SCORED if name not in round_of(agent)[1]]))


def practise(agent: User, name: str) -> Rehearsal:
    if name not in SCENARIOS or name in SCORED:
        raise Refusal("no-such-rehearsal", _("Không có bài diễn tập này."), status=404)
    return _begun(agent, name)


def _begun(agent: User, name: str) -> Rehearsal:
    check_vouched(agent)
    BEGUN.require(str(agent.pk), _("Bạn đã bắt đầu nhiều bài diễn tập. Nghỉ một lát rồi tập tiếp."))
    state = playing.begun(SCENARIOS[name], secrets.randbelow(2**31))
    rehearsal = Rehearsal(agent=agent, scenario=name, state=state)
    rehearsal.mac = rehearsal.mac_of_row
    rehearsal.save(force_insert=True)
    return rehearsal


def guest_of(rehearsal: Rehearsal) -> guests.Guest:
    facts = SCENARIOS[rehearsal.scenario].facts
    return guests.guest(rehearsal.state["seed"], timezone.localdate(rehearsal.begun_at), **facts)


def keep(rehearsal: Rehearsal, **flags: Any) -> None:
    """What a page has of its own: nothing of it is judged."""
    if not flags.keys() <= FLAGS:
        raise ValueError(flags)
    _save(rehearsal, {**rehearsal.state, **flags}, list(rehearsal.answers))


def back(rehearsal: Rehearsal, target: Step) -> None:
    state = rehearsal.state
    if not journey.may_go_back(Channel.COUNTER, Step(state["step"]), target):
        raise out_of_step()
    _save(rehearsal, {**state, "step": target.value}, list(rehearsal.answers))


def decide(rehearsal: Rehearsal, *decisions: str) -> None:
    """What the agent did: acts, and answers to what was asked back; each judged by where the rehearsal then stood."""
    scenario, state, answers = SCENARIOS[rehearsal.scenario], dict(rehearsal.state), list(rehearsal.answers)
    for decision in decisions:
        if state["step"] == END:
            raise out_of_step()
        state, answer = (playing.answered if state["question"] else playing.acted)(scenario, state, decision)
        answers += [answer] if answer else []
    _save(rehearsal, state, answers)


def _save(rehearsal: Rehearsal, state: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    """Of two presses at once one is taken. Its end is marked in the same breath."""
    if not counts(rehearsal):
        raise Refusal("not-ours", _("Bài này không dùng được nữa. Hãy bắt đầu bài khác."), status=409)
    before, rehearsal.state, rehearsal.answers = rehearsal.moves, state, answers
    rehearsal.moves += 1
    if state["step"] == END:
        rehearsal.ended_at, rehearsal.score = timezone.now(), playing.scored(answers)
        is_fatal = any(answer["fatal"] for answer in answers)
        rehearsal.passed = rehearsal.score >= PASS and not is_fatal
    rehearsal.mac = rehearsal.mac_of_row
    changed = {name: getattr(rehearsal, name) for name in CHANGING}
    with transaction.atomic():
        if Rehearsal.objects.filter(pk=rehearsal.pk, moves=before, ended_at=None).update(**changed) != 1:
            raise out_of_step()
        if rehearsal.ended_at:
            verb = "rehearsal passed" if rehearsal.passed else "rehearsal failed"
            audit.record(
                verb, rehearsal.agent, user=rehearsal.agent, scenario=rehearsal.scenario, score=rehearsal.score
            )


def enable(agent: User) -> None:
    """By the steps that an agent takes."""
    for name in SCORED:
        rehearsal = _begun(agent, name)
        decide(rehearsal, *playing.rightly(SCENARIOS[name], rehearsal.state))
