"""The counter where public and desk are processes of their own: each request as the database's user of its door."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from enrollment.journey import Step
from enrollment.orders.models import CashReceipt, Drawer
from portal import grants
from portal.models import User
from tests.conftest import People
from tests.enrollment.conftest import PAID
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.counter.test_drawer import closes, opens, with_code

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@contextmanager
def at(door: str) -> Iterator[None]:
    before = settings.DOORS
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {grants.role(door)}")
        settings.DOORS = door
        try:
            yield
        finally:
            settings.DOORS = before
            cursor.execute("RESET ROLE")


@pytest.fixture(autouse=True)
def _doors(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert grants.grant_all()
    plain: Callable[..., Any] = Client.request

    def asked(client: Client, **request: Any) -> Any:
        """What staff sign in with is both doors' to serve; they come by the desk's."""
        is_desks = request["PATH_INFO"].startswith(("/counter/", "/admin/", "/sign-in/", "/account/"))
        with at("desk" if is_desks else "public"):
            return plain(client, **request)

    monkeypatch.setattr(Client, "request", asked)


@pytest.mark.parametrize("is_screen", [False, True])
def test_a_walk_in_with_cash_until_the_day_is_closed(
    is_screen: bool, desk: Desk, staff: People, signed_in: Callable[[User], Client]
) -> None:
    """Agent and head by the desk's door, the customer by the public's, on a phone or at the second screen."""
    opens(desk)
    desk.opens().declares()
    if is_screen:
        desk.phone, desk.prefix = Client(), "/screen"  # of another host: it shares no cookie with the agent
    desk.lets_in().agrees().chooses(PAID)
    desk.post("cash/", {"tendered": "500000"})
    assert desk.client.get(f"/counter/drawer/receipts/{CashReceipt.objects.get().pk}/").status_code == 200
    with at("desk"):
        desk.photographs()
    desk.attests()
    desk.activates()
    assert (desk.application.step, desk.application.agent) == (Step.CONTRACT, desk.user)
    closes(desk, of_20000=36)
    drawer, lead = Drawer.objects.get(), staff("lead")
    client = signed_in(lead)
    for page in ("lead/", "drawers/", "figures/", "training/", f"drawers/{drawer.pk}/", f"{desk.reference}/"):
        assert client.get(f"/counter/{page}").status_code == 200, page
    with_code(lead, client, f"/counter/drawers/{drawer.pk}/")
    assert Drawer.objects.get().status == Drawer.Status.CONFIRMED


def test_the_second_screen_is_opened_at_the_publics_door(desk: Desk) -> None:
    desk.opens().declares()
    way_in = f'href="{settings.SITE_URL}/screen/invited/?t={desk.ticket()}"'
    assert way_in in desk.client.get(f"/counter/{desk.reference}/").content.decode()
