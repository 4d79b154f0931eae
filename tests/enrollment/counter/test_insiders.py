"""Who works at a counter, or writes its tables, and wants more than is theirs."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment import dossier
from enrollment.journey import Channel, Step
from enrollment.models import Application, Pairing
from portal.models import Branch, User
from tests.conftest import People
from tests.enrollment.conftest import Customer
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.test_pairing import THERE, offered, scanned

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


@pytest.fixture
def both(staff: People) -> User:
    """The head of the counter, and an agent there who has not rehearsed."""
    user = staff("lead")
    user.give_roles(["agent", "lead"], user, None)
    return user


def test_who_leads_the_counter_has_no_file_in_hand_without_the_rehearsal(
    desk: Desk, both: User, signed_in: Enter
) -> None:
    client, page = signed_in(both), f"/counter/at/{desk.opens().reference}/register/declaration/"
    assert client.get(page).headers["Location"] == "/counter/rehearsal/"
    assert client.post(f"{page}draft/", {"full_name": "Lý Thị Mẫu Xuân"}).status_code == 403
    assert desk.application.draft is None
    assert client.get("/counter/lead/").status_code == 200


# ── The row of an application, written by other means ──


def test_a_file_is_brought_to_no_counter_by_its_row(desk: Desk, staff: People, signed_in: Enter) -> None:
    elsewhere = Branch.objects.create(name="VNPT Hai", province="02")
    agent = staff("agent", branch=elsewhere)
    client, reference = signed_in(agent), desk.opens().declares().reference
    Application.objects.update(branch=elsewhere)
    for page in (f"/counter/{reference}/", f"/counter/at/{reference}/register/declaration/"):
        assert client.get(page).status_code == 404
    for act in ("take/", "correct/", "end/", "invite/"):
        assert client.post(f"/counter/{reference}/{act}").status_code == 404
    assert desk.application.agent == desk.user


@pytest.mark.parametrize("change", [{"channel": Channel.BROWSER}, {"agent": None}, {"branch": None}])
def test_no_row_escapes_the_attestation_or_loses_its_agent(desk: Desk, change: dict[str, object]) -> None:
    """Nothing is approved or issued on it."""
    desk.to_review()
    assert dossier.is_sound(desk.application)
    Application.objects.filter(pk=desk.application.pk).update(**change)
    assert not dossier.is_sound(desk.application)


# ── The row of a second device, written by other means ──


def test_a_device_is_brought_into_no_other_application_by_its_row(desk: Desk) -> None:
    """Of an application of one's own, scanned, and then given to the customer's: confirmed by the row, or before."""
    own, victim = Customer().opens().chooses(), desk.opens().declares().application
    device, _digits = scanned(offered(own))
    Pairing.objects.update(application=victim, confirmed_at=victim.created_at)
    device.get(THERE)
    assert "application" not in device.session


def test_nor_by_its_ticket(desk: Desk) -> None:
    own, victim = Customer().opens().chooses(), desk.opens().declares().application
    ticket = offered(own)
    Pairing.objects.update(application=victim)
    assert Client().post(THERE, {"t": ticket}).status_code == 410


def test_nor_is_it_confirmed_without_the_code(desk: Desk) -> None:
    desk.opens().declares()
    desk.theirs("/invited/", {"t": desk.ticket()})
    assert Pairing.objects.update(confirmed_at=desk.application.created_at) == 1
    assert desk.theirs("/invited/code/", {"code": "000000"}).status_code == 410
    desk.theirs("/register/consent/", {"terms": "on", "personal-data": "on"})
    assert desk.application.step == Step.CONSENT
