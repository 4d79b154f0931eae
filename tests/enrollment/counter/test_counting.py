"""Figures of a counter: an agent's own, all agents' to their head, all branches' to headquarters; nobody else's."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrollment.counter.steps import counting
from enrollment.counter.steps.counting import Scope
from enrollment.journey import Channel, Step
from enrollment.models import Application, Trail
from enrollment.steps import opening
from portal.models import Branch, User
from tests.conftest import People

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
PAGE, FILES = "/counter/figures/", "/counter/figures/files/"
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=timezone.get_default_timezone())


def a_file(
    agent: User,
    opened: datetime = MONDAY,
    minutes: int | None = None,
    step: Step = Step.DECLARATION,
    **differently: Any,
) -> Application:
    """As it stands in the tables after an agent's work."""
    application = opening.open_application((), channel=Channel.COUNTER, branch=agent.branch, agent=agent)
    facts = {"created_at": opened, "step": step, **differently}
    Application.objects.filter(pk=application.pk).update(**facts)
    if minutes is not None:
        moved(application, "finished", opened + timedelta(minutes=minutes), origin=Step.HANDOVER)
    return application


def moved(application: Application, verb: str, at: datetime, **facts: Any) -> None:
    row = Trail.objects.create(application=application, verb=verb, step=Step.ACTIVATION, **facts)
    Trail.objects.filter(pk=row.pk).update(at=at)


def numbers(figures: counting.Figures) -> list[int]:
    return [number for _name, number in figures.cells]


def branch_of(agent: User) -> Branch:
    assert agent.branch
    return agent.branch


def test_it_counts_what_was_opened_within_and_how_far_it_came(staff: People) -> None:
    agent = staff("agent")
    a_file(agent)
    a_file(agent, minutes=4, step=Step.COMPLETE)
    a_file(agent, step=Step.STOPPED)
    back = a_file(agent, minutes=6)
    for _twice in range(2):  # sent back twice is one file
        moved(back, "sent back", MONDAY + timedelta(hours=2), items={"face": "dark"})
    a_file(agent, MONDAY - timedelta(days=1), minutes=9)
    counts = counting.counted(Scope([branch_of(agent)]), counting.period("day", MONDAY.date()))
    assert numbers(counts.whole) == [4, 2, 1, 1, 1]
    assert (counts.whole.half, counts.whole.most) == (5, 6)
    assert list(counts.by_who) == [agent.pk]
    why = counting.reasons(Scope([branch_of(agent)]), counting.period("day", MONDAY.date()))
    assert why == [("Xác thực khuôn mặt: Quá tối", 2)]


def test_a_file_handed_over_again_counts_by_its_first_time(staff: People) -> None:
    agent = staff("agent")
    again = a_file(agent, minutes=3)
    moved(again, "finished", MONDAY + timedelta(hours=5), origin=Step.HANDOVER)
    counts = counting.counted(Scope([branch_of(agent)]), counting.period("day", MONDAY.date()))
    assert (numbers(counts.whole)[1], counts.whole.half, counts.whole.most) == (1, 3, 3)


def test_nine_of_ten_leaves_the_slowest_out(staff: People) -> None:
    figures = counting.Figures(minutes=[float(minute) for minute in range(1, 11)])
    assert (figures.half, figures.most) == (6, 9)
    assert (counting.Figures().half, counting.Figures().most) == (None, None)


def test_what_was_opened_at_home_is_no_counters(staff: People) -> None:
    agent = staff("agent")
    a_file(agent, channel=Channel.BROWSER)
    counts = counting.counted(Scope([branch_of(agent)]), counting.period("day", MONDAY.date()))
    assert numbers(counts.whole) == [0] * 5


def test_who_came_by_a_code_is_counted_beside(staff: People) -> None:
    agent, other = staff("agent"), staff("agent")
    for sender in (agent, agent, other):
        a_file(sender, channel=Channel.BROWSER, referred_agent=sender, referred_branch=sender.branch)
    within = counting.period("day", MONDAY.date())
    assert counting.counted(Scope([branch_of(agent)]), within).whole.referred == 3
    own = counting.counted(Scope([branch_of(agent)], agent), within)
    assert (own.whole.referred, own.by_who[agent.pk].referred) == (2, 2)


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ("day", date(2026, 11, 30), date(2026, 11, 30)),
        ("week", date(2026, 11, 30), date(2026, 12, 6)),
        ("month", date(2026, 11, 1), date(2026, 11, 30)),
        ("nonsense", date(2026, 11, 30), date(2026, 11, 30)),
    ],
)
def test_a_period_is_a_day_a_week_or_a_month(span: str, first: date, last: date) -> None:
    within = counting.period(span, date(2026, 11, 30))
    assert (within.first, within.last) == (first, last)
    assert counting.period(within.span, within.before).following == first


def test_a_day_is_vietnams(staff: People) -> None:
    agent = staff("agent")
    a_file(agent, MONDAY.replace(hour=0, minute=5), minutes=1)  # the day before in UTC
    counts = counting.counted(Scope([branch_of(agent)]), counting.period("month", MONDAY.date()))
    assert list(counts.by_day) == [MONDAY.date()]


# ── Pages ──


@pytest.fixture
def places(staff: People) -> dict[str, User]:
    """Two branches: two agents at home, one elsewhere, each with a file of today."""
    elsewhere = Branch.objects.create(name="VNPT Hai", province="02")
    agents = {
        "own": staff("agent", full_name="Mai Mẫu Ta"),
        "colleague": staff("agent", full_name="Mai Mẫu Bạn"),
        "stranger": staff("agent", branch=elsewhere, full_name="Mai Mẫu Người"),
    }
    for agent in agents.values():
        a_file(agent, timezone.now(), minutes=4)
    return agents


def names_on(page: Any) -> set[str]:
    return set(re.findall(r"Mai Mẫu \w+|VNPT Hai(?=</a></th>)", page.content.decode()))


def test_an_agent_sees_the_own(places: dict[str, User], signed_in: Enter) -> None:
    desk, stranger = signed_in(places["own"]), places["stranger"]
    for query in ("", f"?agent={places['colleague'].pk}", f"?branch={stranger.branch_id}&agent={stranger.pk}"):
        assert names_on(desk.get(f"{PAGE}{query}")) == {"Mai Mẫu Ta"}
        what = f"{query}&what=opened" if query else "?what=opened"
        assert names_on(desk.get(f"{FILES}{what}")) == {"Mai Mẫu Ta"}


def test_the_head_of_a_counter_sees_all_of_its_agents(places: dict[str, User], staff: People, signed_in: Enter) -> None:
    desk, stranger = signed_in(staff("lead")), places["stranger"]
    for query in ("", f"?branch={stranger.branch_id}"):
        assert names_on(desk.get(f"{PAGE}{query}")) == {"Mai Mẫu Ta", "Mai Mẫu Bạn"}
    assert names_on(desk.get(f"{FILES}?what=opened")) == {"Mai Mẫu Ta", "Mai Mẫu Bạn"}
    assert names_on(desk.get(f"{FILES}?what=opened&agent={places['own'].pk}")) == {"Mai Mẫu Ta"}
    for page in (f"{PAGE}?agent={stranger.pk}", f"{FILES}?what=opened&agent={stranger.pk}"):
        assert names_on(desk.get(page)) == set()


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
def test_headquarters_sees_all_branches_and_each(
    role: str, places: dict[str, User], staff: People, signed_in: Enter
) -> None:
    desk, stranger = signed_in(staff(role)), places["stranger"]
    page = desk.get(PAGE)
    assert names_on(page) == {"VNPT Hai"}
    assert numbers(page.context["whole"])[:2] == [3, 3]
    assert names_on(desk.get(f"{PAGE}?branch={stranger.branch_id}")) == {"Mai Mẫu Người"}
    listed = desk.get(f"{FILES}?what=handed&branch={stranger.branch_id}")
    [(row, address)] = listed.context["rows"]
    assert (row.agent, desk.get(address).status_code) == (stranger, 200)


def test_the_lists_behind_the_numbers_lead_to_the_files(places: dict[str, User], signed_in: Enter) -> None:
    desk = signed_in(places["own"])
    page = desk.get(PAGE).content.decode()
    for link in set(re.findall(r'href="(/counter/figures/[^"]+)"', page)):
        assert desk.get(link.replace("&amp;", "&")).status_code == 200
    [(_row, address)] = desk.get(f"{FILES}?what=handed").context["rows"]
    assert desk.get(address).status_code == 200
    assert desk.get(f"{FILES}?what=sent-back").context["rows"] == []
    assert desk.get(f"{FILES}?what=anything").status_code == 404


@pytest.mark.parametrize("role", ["reviewer", "approver", "operator"])
def test_for_all_others_there_are_none(role: str, staff: People, person: People, signed_in: Enter) -> None:
    for client in (Client(), signed_in(person()), signed_in(staff(role))):
        assert {client.get(PAGE).status_code, client.get(f"{FILES}?what=opened").status_code} == {404}


@pytest.mark.parametrize(
    "query", ["on=x", "on=2999-01-01", "on=0001-01-01", "span=year", "branch=x", "agent=9" + "9" * 30]
)
def test_what_no_page_asks_is_no_fault(query: str, places: dict[str, User], staff: People, signed_in: Enter) -> None:
    assert signed_in(staff("supervisor")).get(f"{PAGE}?{query}").status_code in (200, 404)


# ── By index, however many there are ──


def asked(scope: Scope) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        within = counting.period("month", MONDAY.date())
        counting.counted(scope, within)
        counting.reasons(scope, within)
    return [query["sql"] for query in queries.captured_queries]


def test_the_number_of_questions_does_not_grow(places: dict[str, User]) -> None:
    scope = Scope([branch_of(places["own"])])
    few = len(asked(scope))
    for _more in range(5):
        a_file(places["own"], minutes=2)
    assert len(asked(scope)) == few == 4


def years_of_work(agent: User) -> None:
    """Three thousand files of four years, each handed over, a tenth sent back; a third of people at home who were sent."""
    first = Application.objects.filter(agent=agent).earliest("pk")
    facts = {"step": Step.DECLARATION, "reached": Step.DECLARATION, "data_key": first.data_key, "branch": agent.branch}
    Application.objects.bulk_create(Application(channel=Channel.COUNTER, agent=agent, **facts) for _row in range(3000))
    sent = {"channel": Channel.BROWSER, "referred_branch": agent.branch, "referred_agent": agent}
    Application.objects.filter(pk__in=Application.objects.order_by("-pk").values("pk")[:1000]).update(**sent)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE enrollment_application SET created_at = created_at - id % 1460 * interval '1 day'")
        cursor.execute(
            "INSERT INTO enrollment_trail (application_id, at, verb, origin, step, reason, items, request_id) "
            "SELECT id, created_at, verb, 'handover', 'activation', '', '{}', '' FROM enrollment_application, "
            "(VALUES ('finished', 1), ('moved', 1), ('sent back', 10)) AS moves (verb, every) WHERE id % every = 0"
        )
        cursor.execute("ANALYZE enrollment_application; ANALYZE enrollment_trail")


@pytest.mark.postgresql
@pytest.mark.parametrize("whose", ["agent", "branch", "all"])
def test_each_reads_its_own_period_by_index(whose: str, places: dict[str, User]) -> None:
    own = places["own"]
    years_of_work(own)
    branches = list(Branch.objects.all()) if whose == "all" else [branch_of(own)]
    files, trail, sent, why = asked(Scope(branches, own if whose == "agent" else None))
    for sql, index in (
        (files, "opened_at_counters"),
        (trail, "opened_at_counters"),
        (why, "opened_at_counters"),
        (sent, "sent_by_agent" if whose == "agent" else "sent_by_branch"),
    ):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert index in plan, plan
        assert "Seq Scan on enrollment_application" not in plan, plan
