"""What the journey costs, against a view that says ok; and how it grows from a thousand applications to a million."""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import count
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection, transaction
from django.test import Client

from enrollment.demo import handovers
from enrollment.demo.people import PEOPLE, declaration_of_nobody
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.models import Drawer, Payment, Plan
from enrollment.orders.models.cash import Kind
from enrollment.orders.steps import cash, ordering
from enrollment.orders.steps import drawer as drawers
from enrollment.steps import opening
from portal.accounts.opening import open_account
from portal.accounts.roles import ROLES
from portal.accounts.second_factor import has_second_factor
from portal.demo.benches import Pair
from portal.demo.people import DEMO_PASSWORD, current_code, totp_secret
from portal.models import Branch, Message, User
from portal.references import new_reference

SIZES = (1_000, 1_000_000)
ROUNDS = 11
SERIAL = count(100_000)
PASSWORD = "Hoa-sen#2026"
Act = Callable[[], Any]


@cache
def server() -> Any:
    """One for all browsers, as in life: a test client would build the chain of middleware anew for each."""
    return Client().handler


def browser() -> Client:
    client = Client(headers={"host": "localhost"})
    client.handler = server()
    return client


class Walk:
    """From the first click to an active account, page by page, as a browser asks for them."""

    def __init__(self) -> None:
        serial = next(SERIAL)
        self.declaration = declaration_of_nobody("Lý Thị Mẫu Xuân", f"079190{serial}", f"0912{serial}")
        self.client = browser()

    def post(self, path: str, fields: dict[str, Any]) -> None:
        answer = self.client.post(path, fields)
        if answer.status_code != 302:
            raise RuntimeError(f"{path}: {answer.status_code}")

    def to_declaration(self) -> "Walk":
        self.post("/register/", {"terms": "on", "personal-data": "on"})
        self.post("/register/plan/", {"plan": PEOPLE[1][3]})
        return self

    def to_activation(self) -> "Walk":
        self.to_declaration()
        fields = self.declaration.as_json()
        days = {name: f"{getattr(self.declaration, name):%d/%m/%Y}" for name in ("birth_date", "issued_on")}
        self.post("/register/declaration/", {**fields, **days, "expires_on": ""})
        self.post("/register/declaration/check/", {})
        self.post("/register/payment/", {})
        return self

    def to_account(self) -> None:
        self.to_activation()
        sent = Message.objects.filter(template="enrollment/messages/activation_code").latest("created_at")
        code = re.fullmatch(r"\d{6}", str((sent.params or [""])[0]))
        self.post("/activate/", {"number": self.declaration.number, "code": code and code.group()})
        self.post("/activate/password/", {"password1": PASSWORD, "password2": PASSWORD, "terms": "on"})


def flow() -> None:
    Walk().to_account()


def fill(size: int) -> None:
    """As many finished applications as are missing, copied from one by the database itself."""
    have = Application.objects.count()
    if have >= size:
        return
    application = opening.open_application({"terms", "personal-data"})
    Application.objects.filter(pk=application.pk).update(step=Step.COMPLETE, reached=Step.COMPLETE)
    columns = [str(field.column) for field in Application._meta.concrete_fields if field.column != "id"]
    number = {"postgresql": "lpad(to_hex(n), 8, '0')", "sqlite": "printf('%%08x', n)"}[connection.vendor]
    own = {
        "reference": number,
        **{name: f"{number} || '{name}'" for name in ("person_index", "phone_index", "email_index")},
    }
    chosen = ", ".join(own.get(column, column) for column in columns)
    series = {
        "postgresql": "generate_series(%s, %s) AS n",
        "sqlite": "(WITH RECURSIVE s(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM s WHERE n < %s) SELECT n FROM s)",
    }[connection.vendor]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO enrollment_application ({', '.join(columns)}) SELECT {chosen} "  # noqa: S608
            f"FROM enrollment_application, {series} WHERE id = %s",
            [have + 1, size, application.pk],
        )
        cursor.execute("ANALYZE")


@cache
def staff(role: str) -> User:
    serial = list(ROLES).index(role)
    return User.objects.filter(is_demo=True, groups__name=role).first() or open_account(
        number=f"00107999999{serial}",
        full_name="Bùi Văn Mẫu Long",
        phone=f"090099999{serial}",
        email=f"bench{serial}@example.vn",
        roles=[role],
        branch=Branch.objects.first(),
        password=PASSWORD,
    )


@cache
def desk(role: str = "supervisor") -> Client:
    """Somebody of this role at work, signed in once: a second factor's code is good for one time."""
    user, client = staff(role), browser()
    if not has_second_factor(user):
        TOTP.activate(user, totp_secret(user))
    client.post("/sign-in/", {"login": user.id_number, "password": DEMO_PASSWORD if user.is_demo else PASSWORD})
    client.post("/account/security/authenticate/", {"code": current_code(user)})
    return client


def seen(client: Client, path: str, **asked: str) -> None:
    """A page, and not the door before it."""
    answer = client.get(path, asked)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")


def pages() -> dict[str, tuple[Act, int]]:
    declaring, waiting, staff = Walk().to_declaration(), Walk().to_activation(), desk()
    some = Application.objects.filter(step=Step.ACTIVATION).latest("pk")
    typed = {name: str(value) for name, value in declaring.declaration.as_json().items()}
    return {
        "GET opening": (lambda: seen(browser(), "/register/"), 20),
        "GET declaration": (lambda: seen(declaring.client, "/register/declaration/"), 20),
        "POST draft": (lambda: declaring.client.post("/register/declaration/draft/", typed), 20),
        "GET activation": (lambda: seen(waiting.client, "/activate/"), 20),
        "staff: list": (lambda: seen(staff, "/admin/enrollment/application/"), 5),
        "staff: by number": (lambda: seen(staff, "/admin/enrollment/application/", q=waiting.declaration.number), 5),
        "staff: one": (lambda: seen(staff, f"/admin/enrollment/application/{some.pk}/change/"), 10),
        "open to active": (flow, 3),
    }


def pairs() -> Iterator[Pair]:
    """A day's close: counted by the agent, looked through and confirmed by the head of the counter. And hand-overs."""
    yield from handovers.pairs()
    few, many = a_day(10), a_day(1_000)
    yield Pair("close 1,000 receipts", partial(close, many), partial(close, few), "the close of 10", 5)


def a_day(receipts: int) -> Drawer:
    """A drawer with so many receipts, written as the step writes them, without the journeys before."""
    lead, serial = staff("lead"), next(SERIAL)
    assert lead.branch
    agent = open_account(
        number=f"001079{serial}",
        full_name="Bùi Văn Mẫu Quỹ",
        phone=f"0900{serial}",
        email=f"bench{serial}@example.vn",
        roles=["agent"],
        branch=lead.branch,
        password=PASSWORD,
    )
    order = ordering.place("bench", serial, Plan.objects.latest("price"))
    with transaction.atomic():
        drawer = drawers.open_drawer(agent, lead.branch, 500_000)
        for _receipt in range(receipts):
            payment = Payment.objects.create(order=order, gateway="cash", amount=1, reference=f"SC{new_reference(10)}")
            book = cash.locked_book(drawer, Kind.RECEIVED)
            cash.write(drawer, book, amount=1_000, tendered=1_000, order=order, payment=payment, by=agent)
    return drawer


def close(drawer: Drawer) -> None:
    """And taken back, for the next round."""
    agent, lead = User.objects.get(pk=drawer.agent_id), staff("lead")
    with transaction.atomic():
        drawers.count(drawer, agent, {500_000: 1, 1_000: drawer.receipts_given})
        drawers.confirm(drawer, lead)
        transaction.set_rollback(True)


def report() -> Iterator[str]:
    """Each page against the bare view in the same round; then how that ratio grew with the table."""
    bare = browser()
    taken: dict[str, list[tuple[float, float]]] = {}
    for size in SIZES:
        fill(size)
        for name, (act, times) in pages().items():
            act()
            ours, ratios = [], []
            for _round in range(ROUNDS):
                least = took(lambda: bare.get("/healthz"), 60)
                ours.append(took(act, times))
                ratios.append(ours[-1] / least)
            taken.setdefault(name, []).append((statistics.median(ours), statistics.median(ratios)))
    yield f"{'':26}{'at 1,000':>12}{'× bare':>8}{'at 1,000,000':>14}{'× bare':>8}{'growth':>8}"
    for name, ((small, low), (large, high)) in taken.items():
        yield f"{name:26}{small * 1e3:>9.2f} ms{low:>8.1f}{large * 1e3:>11.2f} ms{high:>8.1f}{high / low:>8.2f}"
    flows = taken["open to active"]
    yield f"{'flows per second':26}{1 / flows[0][0]:>10.1f}/s{'':8}{1 / flows[1][0]:>12.1f}/s   one process, one at a time"


def took(act: Act, times: int) -> float:
    began = time.perf_counter()
    for _time in range(times):
        act()
    return (time.perf_counter() - began) / times
