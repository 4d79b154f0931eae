"""Who may reach what at a counter: role × branch × object × verb, written out. A new address without a row is red."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.urls.converters import IntConverter, PathConverter, SlugConverter, StringConverter, UUIDConverter
from django.utils import timezone

from enrollment.counter import urls
from enrollment.counter.layers import AGENTS, ANYBODYS, JOURNEY
from enrollment.counter.models import Attestation
from enrollment.counter.steps import rehearsing
from enrollment.orders.models import CashReceipt, Drawer, Refund
from portal.models import Branch, Change, User
from tests.conftest import People
from tests.enrollment.conftest import PAID
from tests.enrollment.counter.conftest import Desk

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
# Who: the agent whose file, drawer, receipt and rehearsal it is; a colleague; and the head, of that counter and of another;
# headquarters and other staff; the customer whose file it is; another customer; nobody.
WHO = (
    *("agent", "colleague", "agent 2", "lead", "lead 2", "supervisor", "auditor"),
    *("reviewer", "approver", "operator", "owner", "customer", "nobody"),
)
# + it is theirs: shown, done, or refused for how things stand (400, 409, 422, 429) and never for who asks
# - there is no such page (404)      x refused for who asks (403)      m not by this method (405)      s signs in first
#
#    agent  colleague  agent 2  lead  lead 2  supervisor  auditor  reviewer  approver  operator  owner  customer  nobody
COUNTER = """
list              +++++-------- +++++--------
new               mmmmmmmmmmmmm +++xx--------
find              +++++-------- +++++--------
branch            mmmmmmmmmmmmm +++++--------
figures           +++++++------ +++++++------
figures_files     +++++++------ +++++++------
referral          +++++-------- +++++--------
poster            +++---------- +++----------
drawer            +++---------- +++----------
count             +++---------- +++----------
explain           +++---------- +++----------
receipt           ++-+-++------ ++-+-++------
drawers           ---++++------ ---++++------
export            mmmmmmmmmmmmm ---++++------
day               ---+-++------ ---+-++------
pay_out           ---+-+------- ---+-+-------
cash              mmmmmmmmmmmmm ++-----------
refund            ++----------- ++-----------
lead              ---++++------ ---++++------
training          ---++++------ ---++++------
recheck           ---+--------- ---+---------
rehearsal         +++++-------- +++++--------
rehearsal_begin   mmmmmmmmmmmmm +++++--------
rules             +++++-------- +++++--------
rehearsal_open    +------------ +------------
rehearsal_act     mmmmmmmmmmmmm +------------
rehearsal_result  +------------ +------------
rehearsal_play    +------------ +------------
file              ++-+--------- ++-+---------
now               ++-+--------- ++-+---------
invite            mmmmmmmmmmmmm ++-----------
correct           mmmmmmmmmmmmm ++-----------
known             ++----------- ++-----------
resend            mmmmmmmmmmmmm ++-----------
take              mmmmmmmmmmmmm ++-----------
slip              ++-+--------- ++-+---------
attest            ++----------- ++-----------
end               ++----------- ++-----------
"""
# The customer's own pages in the agent's hands, under `/counter/at/<reference>/`.
SEEN, DONE = "++--------s-s ++--------s-s", "mm--------s-s ++--------s-s"
IN_HAND: dict[str, tuple[str, dict[str, str]]] = {
    "enrollment:back": (DONE, {}),
    "enrollment:card": (DONE, {}),
    "enrollment:check": (SEEN, {}),
    "enrollment:declaration": (SEEN, {}),
    "enrollment:draft": (DONE, {}),
    "enrollment:old_address": (SEEN, {}),
    "enrollment:paid": (SEEN, {}),
    "enrollment:payment": (SEEN, {}),
    "enrollment:plan": (SEEN, {}),
    "enrollment:status": (SEEN, {}),
    "enrollment:transfer": (SEEN, {}),
    "enrollment:transfer_qr": (SEEN, {}),
    "enrollment:wards": (SEEN, {"code": "01"}),
    "kyc:again": (DONE, {}),
    "kyc:begin_face": (DONE, {}),
    "kyc:capture": (SEEN, {}),
    "kyc:done": (DONE, {}),
    "kyc:item": (SEEN, {"item": "card-front"}),
    "kyc:phone": (SEEN, {}),
    "kyc:phone_qr": (SEEN, {}),
    "kyc:phone_standing": (SEEN, {}),
    "kyc:photo": (DONE, {"item": "card-front"}),
    "kyc:piece": (SEEN, {"item": "card-front", "key": "00000000-0000-4000-8000-000000000000"}),
    "kyc:promise_face": (DONE, {}),
    "kyc:rehearsal": (SEEN, {}),
}
FILLED: dict[type, Any] = {
    IntConverter: 1,
    SlugConverter: "x",
    StringConverter: "x",
    PathConverter: "x",
    UUIDConverter: "00000000-0000-4000-8000-000000000000",
}
REHEARSALS = ("rehearsal_open", "rehearsal_act", "rehearsal_result", "rehearsal_play")
ASKED = {"figures_files": "?what=opened"}


def names(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name:  # another room's
                continue
            yield from names(pattern.url_patterns)
        else:
            yield pattern


class World:
    """Two counters with what lies there, and everybody who might come."""

    def __init__(self, staff: People, person: People, signed_in: Enter) -> None:
        far = Branch.objects.create(name="VNPT Hai", province="48")
        agent = staff("agent")
        self.desk = desk = Desk(signed_in(agent), agent)
        desk.client.post("/counter/drawer/", {"branch": agent.branch_id, "amount": "500000"})
        gone = Desk(desk.client, agent).opens().declares().lets_in().agrees().chooses(PAID)
        gone.post("cash/", {"tendered": "220000"})
        gone.post("end/")
        gone.post("refund/", {"refund": Refund.objects.get().pk, "reason": "Khách rời quầy không làm tiếp"})
        desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
        yesterday = timezone.now() - timedelta(days=1)
        attested = Attestation(
            application=gone.application, seen="", agent=agent, branch=agent.branch, version="1", at=yesterday
        )
        attested.mac = attested.mac_of_row
        attested.save()
        self.keys: dict[str, Any] = {
            "receipt": CashReceipt.objects.get().pk,
            "day": Drawer.objects.get().pk,
            "pay_out": Change.objects.get(kind="cash-refund").pk,
            "recheck": attested.pk,
            **dict.fromkeys(REHEARSALS, rehearsing.begin(agent).pk),
        }
        roles = {"agent 2": "agent", "colleague": "agent", "lead 2": "lead"}
        self.clients = {"agent": desk.client, "owner": desk.phone, "customer": signed_in(person()), "nobody": Client()}
        for who in WHO:
            if who not in self.clients:
                at = {"branch": far} if who.endswith(" 2") else {}
                self.clients[who] = signed_in(staff(roles.get(who, who), **at))

    def address(self, pattern: URLPattern) -> str:
        known = {"reference": self.desk.reference, "pk": self.keys.get(str(pattern.name)), "page": "register/plan/"}
        wanted = pattern.pattern.converters
        path = reverse(f"counter:{pattern.name}", kwargs={name: known[name] for name in wanted})
        return f"{path}{ASKED.get(str(pattern.name), '')}"

    def answers(self, address: str) -> str:
        rows = ((self.answer(self.clients[who], address, how) for who in WHO) for how in ("get", "post"))
        return " ".join("".join(row) for row in rows)

    def answer(self, client: Client, address: str, method: str) -> str:
        """Looked at, and taken back."""
        with transaction.atomic():
            answer = getattr(client, method)(address)
            transaction.set_rollback(True)
        if answer.status_code == 302 and answer["Location"].startswith("/sign-in/"):
            return "s"
        return {404: "-", 403: "x", 405: "m", 401: "s"}.get(answer.status_code, "+")


@pytest.fixture
def world(staff: People, person: People, signed_in: Enter) -> World:
    return World(staff, person, signed_in)


@pytest.mark.once
def test_every_page_of_a_counter_is_theirs_or_not_there(world: World) -> None:
    """Promise P13."""
    expected = dict(row.split(maxsplit=1) for row in COUNTER.strip().splitlines())
    met = {str(pattern.name): world.answers(world.address(pattern)) for pattern in names(urls.urlpatterns)}
    assert met == {name: " ".join(letters.split()) for name, letters in expected.items()}


@pytest.mark.once
def test_every_page_in_an_agents_hands_is_of_an_agent_there(world: World) -> None:
    assert set(IN_HAND) == AGENTS
    prefix = f"/counter/at/{world.desk.reference}"
    met = {name: world.answers(prefix + reverse(name, kwargs=known)) for name, (_row, known) in IN_HAND.items()}
    assert met == {name: row for name, (row, _known) in IN_HAND.items()}


@pytest.mark.once
def test_every_other_page_of_a_customer_is_refused_to_staff_by_either_address(world: World) -> None:
    """Consents, codes, passwords, contract, PIN and acceptance, and whatever comes to them."""
    client, prefix, holes = world.desk.client, f"/counter/at/{world.desk.reference}", []
    for room in JOURNEY:
        for pattern in names(import_module(f"{room}.urls").urlpatterns):
            name = f"{room}:{pattern.name}"
            if name in ANYBODYS:
                continue
            path = reverse(name, kwargs={key: FILLED[type(of)] for key, of in pattern.pattern.converters.items()})
            letters = world.answer(client, path, "get") + world.answer(client, path, "post")
            if name not in AGENTS:
                letters += world.answer(client, prefix + path, "post")
            if letters not in ("xx", "xx-"):
                holes.append((name, letters))
    assert holes == []
