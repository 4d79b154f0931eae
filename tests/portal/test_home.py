"""The home of each role of staff: from signing in to one's work by links alone, and what waits there in numbers."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from portal import audit, changes, handbook, outbox, waits
from portal.accounts import changing
from portal.accounts.roles import ROLES
from portal.audit import seals, verification
from portal.demo.people import current_code
from portal.home import CHECKS
from portal.models import Event, Heartbeat, Message, User
from portal.parts import LATE, MOST, SOON, TONES, WELL, Part, Waiting, parts
from portal.waits import judged
from tests.conftest import PASSWORD, People
from tests.test_parts import GAUGES

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
HOME = "/admin/"
WORK = {
    "agent": {"/admin/enrollment/application/"},
    "lead": {"/admin/enrollment/application/"},
    "reviewer": {"/admin/kyc/case/?tab=new", "/admin/kyc/case/?tab=mine", "/admin/kyc/case/?tab=second"},
    "approver": {"/admin/kyc/case/?tab=approval", "/admin/kyc/case/?tab=mine", "/admin/kyc/case/?tab=objection"},
    "supervisor": {
        *("/admin/portal/change/?decision=waits", "/admin/orders/refund/?status__exact=due"),
        *("/admin/kyc/case/?tab=second", "/admin/kyc/case/?tab=objection", "/admin/kyc/case/board/"),
    },
    "operator": {"/admin/portal/change/?decision=waits", "/admin/portal/failure/", "/admin/handbook/"},
    "auditor": {"/admin/portal/event/?verb=trail+verified", "/admin/portal/event/?verb=trail+exported"},
}
STAFF = [name for name, role in ROLES.items() if role.staff]


def links(page: str) -> set[str]:
    return {unescape(link) for link in re.findall(r'href="(/[^"#]*)', page) if not link.startswith("/static/")}


def test_every_role_of_staff_has_its_work() -> None:
    assert set(WORK) == set(STAFF)


@pytest.mark.parametrize("role", STAFF)
def test_from_the_first_page_to_the_work_by_links_alone(role: str, staff: People, signed_in: Enter) -> None:
    assert "/sign-in/" in links(Client().get("/").content.decode())
    user = staff(role)
    entered = Client()
    asked = entered.post("/sign-in/", {"login": user.id_number, "password": PASSWORD}, follow=True)
    assert asked.redirect_chain[-1][0].startswith("/account/security/authenticate/")
    desk = signed_in(user)
    home = desk.get(HOME).content.decode()
    assert WORK[role] <= links(home)
    assert {desk.get(link).status_code for link in links(home) - {"/demo/", "/demo/inbox/"}} == {200}


@pytest.mark.parametrize(("asked", "reached"), [("", HOME), ("/admin/portal/user/", "/admin/portal/user/")])
def test_signing_in_leads_home_or_where_one_wanted_to_go(asked: str, reached: str, staff: People) -> None:
    user, client = staff("operator"), Client()
    way = client.get(asked or HOME).headers["Location"] if asked else "/sign-in/"
    page = client.get(way, follow=True)
    address = page.redirect_chain[-1][0] if page.redirect_chain else way
    client.post(address, {"login": user.id_number, "password": PASSWORD, "next": asked})
    from_code = client.post("/account/security/authenticate/", {"code": current_code(user)})
    assert from_code.headers["Location"] == reached


def test_a_customer_goes_to_the_own_application(person: People) -> None:
    user = person()
    answer = Client().post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    assert answer.headers["Location"] != HOME


@pytest.mark.parametrize("role", STAFF)
def test_a_home_costs_few_questions(
    role: str, staff: People, signed_in: Enter, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    desk = signed_in(staff(role))
    with django_assert_max_num_queries(40 if role == "operator" else 24):
        assert desk.get(HOME).status_code == 200


def test_nothing_is_counted_further_than_it_matters(staff: People, signed_in: Enter) -> None:
    for _entry in range(MOST + 5):
        audit.record("trail exported", count=1)
    assert f">{MOST}+<" in signed_in(staff("auditor")).get(HOME).content.decode()


@pytest.mark.parametrize("role", STAFF)
def test_every_count_of_a_home_has_an_end(role: str, staff: People) -> None:
    user = staff(role)
    with CaptureQueriesContext(connection) as asked:
        for part in parts(Part):
            if role != "operator":  # whose numbers are the gauges'
                list(part.waits(user))
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert [sql for sql in counts if " LIMIT " not in sql] == []


@pytest.mark.parametrize("query", ["", "?people=customers"])
def test_a_list_of_people_shows_no_number_whole(query: str, staff: People, person: People, signed_in: Enter) -> None:
    reader, others = staff("auditor"), (staff("agent"), person())
    page = signed_in(reader).get(f"/admin/portal/user/{query}").content.decode()
    assert "•••" in page
    for user in others:
        assert not [own for own in (user.id_number, user.phone, user.email) if own in page]


def test_what_others_proposed_waits_for_who_may_confirm_it(staff: People, signed_in: Enter) -> None:
    first, second, person = staff("operator"), staff("supervisor"), staff("agent")
    changes.propose("account changed", changing.about(person), {"is_active": False}, first, reason="nghỉ việc từ mai")
    assert [len(waits.decidable(user)) for user in (first, second)] == [0, 1]
    assert "Chờ bạn xác nhận" in signed_in(second).get(HOME).content.decode().partition("Không có gì phải làm")[0]


def test_what_is_late_comes_first_and_what_is_well_last(staff: People) -> None:
    user = staff("operator")
    outbox.post("portal/messages/password_reset", ["135790", "15"], user, intent="x")
    Message.objects.update(status="dead")
    Heartbeat.heard("worker")
    rows = waits.waiting_for(user)
    assert [TONES.index(row.haste) for row in rows] == sorted(TONES.index(row.haste) for row in rows)
    by_title = {str(row.title): row for row in rows}
    assert by_title["Tin nhắn đã ngừng thử"].haste == LATE
    assert by_title["Tiến trình nền im lặng"].haste == WELL


def test_every_gauge_tells_the_operator_when_and_what_to_do() -> None:
    watches = {name: watch for part in parts(Part) for name, watch in part.watches.items()}
    assert set(watches) == GAUGES
    for watch in watches.values():
        assert watch.sentence
        assert watch.section in handbook.sections()


@pytest.mark.parametrize(
    ("gauge", "value", "haste"),
    [
        ("portal_worker_silent_seconds", 5, WELL),
        ("portal_worker_silent_seconds", 61, LATE),
        ("portal_worker_silent_seconds", -1, LATE),
        ("portal_keys_ready", 24, WELL),
        ("portal_keys_ready", 4, SOON),
        ("portal_cases_waiting", 5000, WELL),
        ("portal_list_age_seconds", 7201, LATE),
    ],
)
def test_a_gauge_wants_a_look_from_where_the_handbook_says(gauge: str, value: float, haste: str) -> None:
    [watch] = [part.watches[gauge] for part in parts(Part) if gauge in part.watches]
    assert judged(watch, value).haste == haste


def test_a_line_without_anything_is_well() -> None:
    assert Waiting(title="x", tone=LATE).haste == WELL
    assert Waiting(title="x", tone=LATE, number=1).haste == LATE


def test_the_trails_last_verification_stands_on_the_home(staff: People, signed_in: Enter) -> None:
    desk = signed_in(staff("auditor"))
    assert "chưa kiểm tra" in desk.get(HOME).content.decode()
    seals.seal_all()
    assert verification.check().result == "ok"
    assert waits.seals().haste == WELL
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert waits.seals().haste == SOON
    Event.objects.create(verb="trail verified", result="ok", at=timezone.now(), mac="of another")
    assert waits.seals().haste == LATE


def test_a_broken_trail_is_the_first_thing_to_see(staff: People, monkeypatch: pytest.MonkeyPatch) -> None:
    user = staff("auditor")
    monkeypatch.setattr(verification, "verify", lambda: iter(["entry 1: its content was changed"]))
    assert verification.check().result == "failed"
    assert waits.waiting_for(user)[0].title == waits.seals().title


def test_the_auditor_has_the_trail_verified_now_and_then(staff: People, signed_in: Enter) -> None:
    assert signed_in(staff("agent")).post("/admin/verify/").status_code == 403
    desk = signed_in(staff("auditor"))
    answers = [desk.post("/admin/verify/").status_code for _time in range(CHECKS.times + 1)]
    assert answers == [302] * CHECKS.times + [429]


def test_an_app_is_no_place(staff: People, signed_in: Enter) -> None:
    desk = signed_in(staff("operator"))
    assert desk.get("/admin/portal/").headers["Location"] == HOME
    for page in ("/admin/portal/event/", "/admin/portal/user/", f"/admin/portal/user/{staff('agent').pk}/change/"):
        assert "/admin/portal/" not in links(desk.get(page).content.decode())


def test_the_handbook_reads_as_it_is_written() -> None:
    page = str(handbook.page())
    assert '<h2 id="watching">Watching</h2>' in page
    assert "<code>portal_keys_ready</code>" in page
    assert "| figure |" not in page
    assert "<script" not in page
