"""What the counter costs as it grows: its list, a search, a file, at a thousand applications and at a million, of which this
branch has a hundred thousand that ended; three hundred are open at any time."""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrollment.counter.demo import people
from enrollment.counter.demo.people import Guest
from enrollment.counter.steps import rehearsing
from enrollment.demo import benches
from enrollment.journey import Channel, Step
from enrollment.models import Application
from portal.models import Branch, User

SIZES, OPEN, ENDED = (1_000, 1_000_000), 300, 100_000
ROUNDS = 9
BENCH = Guest("Lý Thị Mẫu Xuân", "038190999001", "0999000001", people.TELLER, Step.PLAN)
SERIES = {
    "postgresql": "generate_series({}, {}) AS n",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT {} UNION ALL SELECT n + 1 FROM s WHERE n < {}) SELECT n FROM s)",
}
NUMBER = {"postgresql": "'C' || lpad(to_hex(n), 7, '0')", "sqlite": "printf('C%%07x', n)"}


def pattern() -> Application:
    """One that agents and customers made by their steps; the others are copies of it."""
    known = Application.objects.filter(person_index=User.username_for(BENCH.number)).first()
    return known or people.serve(BENCH)


def copies(first: int, last: int, step: Step, branch: Branch) -> None:
    columns = [str(field.column) for field in Application._meta.concrete_fields if field.column != "id"]
    number = NUMBER[connection.vendor]
    own = {
        "reference": number,
        **{name: f"{number} || '{name}'" for name in ("person_index", "phone_index", "email_index")},
    }
    own |= {"step": f"'{step}'", "reached": f"'{step}'", "branch_id": str(branch.pk)}
    chosen = ", ".join(own.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        series = SERIES[connection.vendor].format(first, last)
        cursor.execute(
            f"INSERT INTO enrollment_application ({', '.join(columns)}) SELECT {chosen} "  # noqa: S608
            f"FROM enrollment_application, {series} WHERE id = %s",
            [pattern().pk],
        )


def fill(size: int) -> None:
    """The open ones of this branch come last, as in life: what ended was there before."""
    branch, other = Branch.objects.get(name=people.HOME), Branch.objects.exclude(name=people.HOME).earliest("pk")
    if size == SIZES[0]:
        copies(1, size - OPEN, Step.COMPLETE, branch)
        copies(size - OPEN + 1, size, Step.PLAN, branch)
    else:
        copies(SIZES[0] + 1, ENDED, Step.COMPLETE, branch)
        copies(ENDED + 1, size, Step.COMPLETE, other)
    with connection.cursor() as cursor:
        vacuum = connection.vendor == "postgresql" and not connection.in_atomic_block
        cursor.execute("VACUUM ANALYZE enrollment_application" if vacuum else "ANALYZE")


def desk() -> Client:
    agent = people.agent_with(people.TELLER)
    if not rehearsing.is_enabled(agent):
        rehearsing.enable(agent)
    return benches.desk("agent")


def finds(agent: Client, term: str) -> None:
    if agent.post("/counter/find/", {"term": term}).status_code != 302:
        raise RuntimeError(term)


def pages() -> dict[str, Callable[[], Any]]:
    agent, served = desk(), pattern()
    return {
        "counter: list": lambda: benches.seen(agent, "/counter/"),
        "counter: by reference": lambda: finds(agent, served.reference),
        "counter: by number": lambda: finds(agent, BENCH.number),
        "counter: by phone": lambda: finds(agent, BENCH.phone),
        "counter: one file": lambda: benches.seen(agent, f"/counter/{served.reference}/"),
    }


def report() -> Iterator[str]:
    bare, figures, queries = benches.browser(), dict[str, list[tuple[float, float]]](), dict[str, int]()
    for size in SIZES:
        fill(size)
        for name, act in pages().items():
            act()
            taken, ratios = [], []
            for _round in range(ROUNDS):
                least = benches.took(lambda: bare.get("/healthz"), 40)
                taken.append(benches.took(act, 2))
                ratios.append(taken[-1] / least)
            figures.setdefault(name, []).append((statistics.median(taken), statistics.median(ratios)))
            with CaptureQueriesContext(connection) as asked:
                act()
            queries[name] = len(asked.captured_queries)
    yield f"{'':26}{'at 1,000':>12}{'× bare':>8}{'at 1,000,000':>14}{'× bare':>8}{'growth':>8}{'queries':>9}"
    for name, ((small, low), (large, high)) in figures.items():
        times = f"{small * 1e3:>9.2f} ms{low:>8.1f}{large * 1e3:>11.2f} ms{high:>8.1f}{high / low:>8.2f}"
        yield f"{name:26}{times}{queries[name]:>9}"
    rows = Application.objects.filter(channel=Channel.COUNTER, branch__name=people.HOME)
    yield f"of the counter's applications {rows.count():,} are of this branch"
