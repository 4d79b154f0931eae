"""A file goes from one agent's hands into another's; whoever had it before stays one of its hands."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from enrollment import dossier
from enrollment.counter.steps import serving
from enrollment.models import Application
from enrollment.steps.inviting import INVITE
from portal.models import Branch, Event, User
from portal.refusals import Refusal
from tests.conftest import People
from tests.enrollment.counter.conftest import Desk

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def test_all_who_had_it_in_hand_stay_its_hands(desk: Desk, staff: People) -> None:
    application, between, last = desk.opens().application, staff("agent"), staff("agent")
    assert desk.user.branch
    for agent in (between, last):
        application.pass_to(agent, desk.user.branch)
    assert {desk.user.pk, between.pk, last.pk} <= dossier.hands_of(desk.application)
    assert desk.application.agent == last


def test_a_copy_read_before_moves_nothing(desk: Desk, staff: People) -> None:
    stale, branch = desk.opens().application, desk.user.branch
    assert branch
    Application.objects.get(pk=stale.pk).pass_to(staff("agent"), branch)
    with pytest.raises(Refusal, match="out-of-step"):
        stale.pass_to(desk.user, branch)
    with pytest.raises(Refusal, match="out-of-step"):
        stale.stop("left")


def test_a_colleague_of_the_same_counter_takes_it_and_the_list_shows_whose_it_is(
    desk: Desk, staff: People, signed_in: Enter
) -> None:
    desk.opens()
    colleague = staff("agent", full_name="Vũ Thị Ca Chiều")
    client = signed_in(colleague)
    client.post(f"/counter/{desk.reference}/take/")
    assert desk.application.agent == colleague
    assert Event.objects.filter(verb="file taken over", actor=colleague).count() == 1
    page = desk.client.get("/counter/").content.decode()
    assert "Vũ Thị Ca Chiều" in page


def test_the_head_of_a_counter_gives_it_to_another_agent(desk: Desk, staff: People, signed_in: Enter) -> None:
    desk.opens()
    lead, colleague, stranger = staff("lead"), staff("agent"), elsewhere(staff)
    client = signed_in(lead)
    assert colleague.full_name in client.get(f"/counter/{desk.reference}/").content.decode()
    for agent in (stranger, lead):  # who does not serve here
        assert client.post(f"/counter/{desk.reference}/take/", {"agent": agent.pk}).status_code == 404
        assert desk.application.agent == desk.user
    client.post(f"/counter/{desk.reference}/take/", {"agent": colleague.pk})
    assert desk.application.agent == colleague
    assert desk.user.pk in dossier.hands_of(desk.application)


def test_its_head_is_offered_nothing_that_then_refuses_and_a_look_changes_nothing(
    desk: Desk, staff: People, signed_in: Enter
) -> None:
    desk.opens()
    client = signed_in(staff("lead"))

    def offered() -> set[str]:
        page = client.get(f"/counter/{desk.reference}/").content.decode().partition("<main")[2]
        return set(re.findall(rf'(?:href|action)="(/counter/(?:at/)?{desk.reference}/[^"]+)"', page))

    assert 'action="/counter/new/"' not in client.get("/counter/").content.decode()
    assert offered() == set()
    desk.declares()
    assert offered() == set()
    assert not INVITE.standing(desk.application)  # what the agent's page makes for the customer to scan
    assert f"/counter/{desk.reference}/invite/" in desk.client.get(f"/counter/{desk.reference}/").content.decode()
    staff("agent")
    assert offered() == {f"/counter/{desk.reference}/take/"}
    desk.lets_in().agrees().chooses().settles().photographs()
    assert offered() == {f"/counter/{desk.reference}/take/"}


def test_nobody_of_another_counter_takes_or_gives_it(desk: Desk, staff: People, signed_in: Enter) -> None:
    desk.opens()
    for user in (elsewhere(staff), elsewhere(staff, "lead")):
        assert signed_in(user).post(f"/counter/{desk.reference}/take/", {"agent": desk.user.pk}).status_code == 404
        with pytest.raises(Refusal, match="not-served-here"):
            serving.take_over(desk.application, user, desk.user)
    colleague = staff("agent")
    with pytest.raises(Refusal, match="not-served-here"):  # an agent gives nothing to another
        serving.take_over(desk.application, colleague, staff("agent"))


def elsewhere(staff: People, role: str = "agent") -> User:
    return staff(role, branch=Branch.objects.get_or_create(name="VNPT Hai", defaults={"province": "48"})[0])
