"""What staff see of what VNeID was told, and who may tell it again."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.models import Report
from enrollment.steps import linking
from portal.models import Event, User
from tests.conftest import People
from tests.enrollment.citizens import Citizen, Simulator, simulator, with_an_account

pytestmark = pytest.mark.django_db
__all__ = ["simulator"]
Enter = Callable[[User], Client]
LIST = "/admin/enrollment/report/"


@pytest.fixture
def given_up(simulator: Simulator) -> Citizen:
    """What VNeID was told in vain."""
    citizen = with_an_account(simulator)
    Report.objects.update(status="dead", attempts=10, error="status 500")
    return citizen


@pytest.mark.parametrize("role", ["supervisor", "operator"])
def test_what_was_given_up_is_told_again_from_the_admin(
    role: str, given_up: Citizen, staff: People, signed_in: Enter
) -> None:
    desk, report = signed_in(staff(role)), Report.objects.get()
    page = desk.get(LIST).content.decode()
    assert "status 500" in page
    assert given_up.number not in page
    desk.post(LIST, {"action": "tell_again", "_selected_action": [report.pk]})
    linking.deliver()
    report.refresh_from_db()
    assert (report.status, report.attempts, report.error) == ("heard", 1, "")
    assert Event.objects.get(verb="vneid told again").actor_id


def test_an_auditor_sees_it_and_tells_nobody(given_up: Citizen, staff: People, signed_in: Enter) -> None:
    desk, report = signed_in(staff("auditor")), Report.objects.get()
    assert "status 500" in desk.get(LIST).content.decode()
    desk.post(LIST, {"action": "tell_again", "_selected_action": [report.pk]})
    report.refresh_from_db()
    assert report.status == "dead"


@pytest.mark.parametrize("role", ["agent", "lead", "reviewer", "approver"])
def test_others_see_none_of_it(role: str, given_up: Citizen, staff: People, signed_in: Enter) -> None:
    assert signed_in(staff(role)).get(LIST).status_code in (302, 403, 404)
    assert Report.objects.get().status == "dead"
