"""A row whose sealed value does not open: its list shows a mark there, and all the others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from structlog.testing import capture_logs

from portal import changes, outbox
from portal.accounts import changing
from portal.models import Event, Message, User
from tests.conftest import People
from tests.kyc.conftest import bare_case

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
MARK = "không mở được"


def spoil(row: Any, *columns: str) -> None:
    """By SQL, as a disk or an intruder would."""
    values = ", ".join(f"{column} = 'd.AAAA'" for column in columns)
    key = row._meta.pk.get_db_prep_value(row.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {values} WHERE {row._meta.pk.column} = %s", [key])


def page(client: Client, path: str) -> str:
    answer = client.get(f"/admin/{path}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_accounts(staff: People, signed_in: Enter) -> None:
    broken, _whole = staff("agent"), staff("agent", full_name="Võ Thị Mẫu Lành")
    client = signed_in(staff("operator"))
    spoil(broken, "full_name", "id_number", "phone", "email")
    with capture_logs() as logs:
        shown = page(client, "portal/user")
    assert MARK in shown
    assert "Võ Thị Mẫu Lành" in shown
    assert f"/admin/portal/user/{broken.pk}/change/" in shown
    assert [line["row"] for line in logs if line.get("alarm")] == [f"user:{broken.pk}"] * 3


def test_applications_and_the_desk(staff: People, signed_in: Enter) -> None:
    broken, _whole = bare_case(), bare_case()
    spoil(broken.application, "declared")
    for role, path in (("operator", "enrollment/application"), ("supervisor", "kyc/case")):
        shown = page(signed_in(staff(role)), path)
        assert MARK in shown
        assert broken.application.reference in shown


def test_messages_changes_and_the_trail(staff: People, signed_in: Enter) -> None:
    operator, supervisor, agent = staff("operator"), staff("supervisor"), staff("agent")
    outbox.post("portal/messages/password_reset", ["135790", "15"], agent, intent="x")
    change = changes.propose(
        "account changed", changing.about(agent), {"language": "en"}, operator, reason="khách quen dùng tiếng Anh"
    )
    client = signed_in(supervisor)
    for message in Message.objects.all():
        spoil(message, "recipient", "params")
    spoil(change, "before", "after", "reason")
    spoil(operator, "full_name")
    spoil(agent, "full_name")
    page(client, "portal/message")
    assert MARK in page(client, "portal/change")
    assert MARK in page(client, "portal/event")
    assert MARK in client.post("/admin/portal/event/export/").content.decode()
    page(client, f"portal/change/{change.pk}/change")
    for event in Event.objects.filter(actor=operator)[:1]:
        page(client, f"portal/event/{event.pk}/change")


def test_the_row_itself_says_that_it_does_not_open(staff: People, signed_in: Enter) -> None:
    broken = staff("agent")
    client = signed_in(staff("operator"))
    client.raise_request_exception = False
    spoil(broken, "full_name")
    answer = client.get(f"/admin/portal/user/{broken.pk}/change/")
    assert answer.status_code == 500
    assert MARK in answer.content.decode()


def test_a_list_still_sorts_by_what_is_plain_and_leads_on(staff: People, signed_in: Enter) -> None:
    client = signed_in(staff("operator"))
    shown = page(client, "portal/user")
    assert 'href="?o=' in shown
    assert f'<th class="field-full_name"><a href="/admin/portal/user/{User.objects.latest("pk").pk}/change/' in shown
