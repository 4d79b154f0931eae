"""What each process's role in PostgreSQL may do: tried by connecting as each."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from psycopg.errors import InsufficientPrivilege

from portal import audit, changes, grants
from portal.accounts import changing, closing
from portal.models import Event, User
from tests.conftest import PASSWORD, People

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
Enter = Callable[[User], Client]
Line = psycopg.Connection[Any]


def user_of(door: str) -> str:
    """One of this database's, for several try at the same time in one server."""
    return f"{connection.settings_dict['NAME']}_{door}"


@pytest.fixture(autouse=True)
def _granted(db: None) -> Iterator[None]:
    assert grants.grant_all()
    assert grants.grant_all()  # at each release again
    with connection.cursor() as cursor:
        for door in grants.DOORS:
            cursor.execute(f"CREATE ROLE {user_of(door)} LOGIN IN ROLE {grants.role(door)}")
    yield
    with connection.cursor() as cursor:
        for door in grants.DOORS:
            cursor.execute(f"DROP ROLE {user_of(door)}")


@contextmanager
def connected(door: str) -> Iterator[Line]:
    where = connection.settings_dict
    line = psycopg.connect(host=where["HOST"], port=where["PORT"], dbname=where["NAME"], user=user_of(door))
    with contextlib.closing(line):
        line.autocommit = True
        yield line


TRIGGERS_OFF = (
    "ALTER TABLE portal_event DISABLE TRIGGER ALL",
    "DROP TRIGGER portal_event_fixed ON portal_event",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "ALTER TABLE portal_user DISABLE ROW LEVEL SECURITY",
    "TRUNCATE portal_event",
    "DELETE FROM portal_event",
    "UPDATE portal_event SET verb = 'x'",
    "DELETE FROM portal_seal",
    "UPDATE portal_seal SET count = 0",
)
CASH = (
    "INSERT INTO orders_cashreceipt DEFAULT VALUES",
    "UPDATE orders_drawer SET opening = 0",
    "UPDATE orders_receiptbook SET last = 0",
    "DELETE FROM orders_drawer",
)
COUNTER = (  # who vouched, who doubted, whose customers they are, and who may serve at all
    "INSERT INTO counter_attestation DEFAULT VALUES",
    "INSERT INTO counter_recheck DEFAULT VALUES",
    "INSERT INTO counter_referral DEFAULT VALUES",
    "INSERT INTO counter_rehearsal DEFAULT VALUES",
    "UPDATE counter_referral SET ended_at = NULL",
    "UPDATE counter_rehearsal SET passed = true",
)
WORDS = (  # which stand as they were given
    "UPDATE counter_attestation SET seen = ''",
    "DELETE FROM counter_attestation",
    "UPDATE counter_recheck SET is_doubt = false",
    "DELETE FROM counter_recheck",
    "DELETE FROM counter_rehearsal",
)
POWER = (
    "UPDATE enrollment_approval SET approved_by_id = 1",
    "INSERT INTO enrollment_approval DEFAULT VALUES",
    "UPDATE kyc_policy SET status = 'live'",
    "INSERT INTO kyc_policy DEFAULT VALUES",
    "INSERT INTO kyc_decision DEFAULT VALUES",
    "UPDATE kyc_remark SET words = NULL",
    "INSERT INTO kyc_remark (kind, topic, at) VALUES ('note', '', now())",
    "INSERT INTO kyc_savedfilter DEFAULT VALUES",
    "UPDATE portal_change SET decision = 'confirmed'",
    "INSERT INTO portal_change DEFAULT VALUES",
    "UPDATE orders_plan SET price = 0",
    "INSERT INTO orders_plan DEFAULT VALUES",
    "UPDATE orders_refund SET status = 'done'",
    *(*CASH, *COUNTER, *WORDS),
    "UPDATE portal_user SET is_staff = true",
    "UPDATE portal_user SET roles_mac = ''",
    "UPDATE portal_user SET phone = ''",
    "INSERT INTO portal_user_further_branches DEFAULT VALUES",
    "DELETE FROM portal_user_further_branches",
    "UPDATE portal_branch SET name = ''",
    "INSERT INTO authority_authority DEFAULT VALUES",
    "UPDATE authority_authority SET id = id",
)
OF_OTHERS = {  # what is another door's to write
    "public": POWER,
    "desk": (
        *("UPDATE authority_authority SET id = id", "INSERT INTO portal_seal DEFAULT VALUES"),
        *("UPDATE orders_cashreceipt SET amount = 1", "DELETE FROM orders_cashreceipt", "DELETE FROM orders_drawer"),
        *WORDS,
    ),
    "worker": (
        *(
            "UPDATE portal_user SET is_staff = true",
            "UPDATE portal_user SET roles_mac = ''",
            "INSERT INTO portal_user_further_branches DEFAULT VALUES",
            "UPDATE orders_plan SET price = 0",
        ),
        *("INSERT INTO portal_change DEFAULT VALUES", "UPDATE kyc_policy SET status = 'live'"),
        *(*CASH, *COUNTER, *WORDS),
    ),
    "signer": (
        *("UPDATE portal_user SET password = ''", "INSERT INTO enrollment_approval DEFAULT VALUES"),
        *("UPDATE enrollment_approval SET file_hash = ''", "UPDATE portal_change SET decision = ''"),
        *("UPDATE orders_plan SET price = 0", "INSERT INTO kyc_decision DEFAULT VALUES"),
        *(*CASH, *COUNTER, *WORDS),
    ),
}


@pytest.mark.parametrize("door", grants.DOORS)
def test_no_process_switches_off_the_trail_or_writes_what_is_anothers(door: str) -> None:
    """Promise P7, promise P24."""
    audit.record("people searched")
    allowed = []
    with connected(door) as line:
        for statement in (*TRIGGERS_OFF, *OF_OTHERS[door]):
            try:
                line.execute(statement)
            except InsufficientPrivilege:
                continue
            except psycopg.Error as other:
                allowed.append(f"{statement}: {other}")
            else:
                allowed.append(statement)
    assert allowed == []
    assert Event.objects.filter(verb="people searched").exists()


def test_the_publics_door_changes_nothing_of_staffs(staff: People, person: People) -> None:
    """Promise P24. Whoever speaks through the public web server's connection sets no member of staff's password or second
    factor, makes no customer one of staff, and opens no account of staff."""
    reviewer, customer = staff("reviewer"), person()
    with connected("public") as line:
        for user, rows in ((reviewer, 0), (customer, 1)):
            changed = line.execute("UPDATE portal_user SET password = 'x', is_active = true WHERE id = %s", [user.pk])
            assert changed.rowcount == rows
        assert line.execute("DELETE FROM mfa_authenticator WHERE user_id = %s", [reviewer.pk]).rowcount == 0
        insert = "INSERT INTO mfa_authenticator (user_id, type, data, created_at) VALUES (%s, 'totp', '{}', now())"
        line.execute(insert, [customer.pk])
        with pytest.raises(InsufficientPrivilege):
            line.execute(insert, [reviewer.pk])
    assert User.objects.get(pk=reviewer.pk).check_password(PASSWORD)


@contextmanager
def speaking_as(door: str) -> Iterator[None]:
    """All that the portal says to its database meanwhile it says in this role."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {grants.role(door)}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def test_the_desk_works_in_its_role(staff: People, signed_in: Enter) -> None:
    operator, supervisor, agent = staff("operator"), staff("supervisor"), staff("agent")
    with speaking_as("desk"):
        roles = {"roles": ["reviewer"]}
        change = changes.propose(
            "account changed", changing.about(agent), roles, operator, reason="Chuyển sang thẩm định"
        )
        client = signed_in(supervisor)
        assert client.post(f"/admin/portal/change/{change.pk}/decide/confirm/").status_code == 302
    assert User.objects.get(pk=agent.pk).roles == ["reviewer"]


def test_a_customer_signs_in_and_changes_the_password_in_the_publics_role(person: People, signed_in: Enter) -> None:
    with speaking_as("public"):
        client = signed_in(person())
        new = {"oldpassword": PASSWORD, "password1": "Sen-vang#2027", "password2": "Sen-vang#2027"}
        assert client.post("/account/password/", new).status_code == 302
        assert client.post("/language/", {"language": "en"}).status_code == 302


def test_the_worker_erases_what_is_closed_in_its_role(person: People) -> None:
    customer = person()
    with speaking_as("worker"):
        closing.erase(customer)
    assert User.objects.get(pk=customer.pk).full_name == ""


@pytest.mark.parametrize("door", ["public", "desk"])
def test_a_process_serves_its_own_door_alone(
    door: str, staff: People, person: People, signed_in: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer, customer = staff("reviewer"), person()
    clients = signed_in(reviewer), signed_in(customer)
    monkeypatch.setattr(settings, "DOORS", door)
    of_staff, of_customers = clients
    assert of_staff.get("/admin/").status_code == {"public": 404, "desk": 200}[door]
    for page in ("/register/", "/verify/", "/certificate/"):
        is_led_away = of_customers.get(page).headers.get("Location") == f"{settings.SITE_URL}{page}"
        assert is_led_away is (door == "desk")
        assert (of_customers.post(page).status_code == 404) is (door == "desk")
    assert of_customers.get("/pki/none.crl").status_code == 404
    assert Client().get("/sign-in/").status_code == 200
    answer = Client().post("/sign-in/", {"login": reviewer.id_number, "password": PASSWORD})
    assert ("inactive" in answer.headers["Location"]) is (door == "public")


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [
        ("/verify/?token=1", "https://smartca.example.vn/verify/?token=1"),
        ("/terms/", "https://smartca.example.vn/terms/"),
        ("/", "/counter/"),
    ],
)
def test_what_the_desks_pages_link_to_is_there(
    page: str, leads_to: str, staff: People, signed_in: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head, its foot, its refusals and signing out lead home and to what is the public's."""
    agent = signed_in(staff("agent"))
    monkeypatch.setattr(settings, "DOORS", "desk")
    monkeypatch.setattr(settings, "SITE_URL", "https://smartca.example.vn")
    assert agent.get(page).headers["Location"] == leads_to
    assert Client().get("/").headers["Location"] == "/sign-in/"
    monkeypatch.setattr(settings, "DOORS", "public")
    assert agent.get("/counter/").status_code == 404
