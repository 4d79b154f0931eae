"""The link between a person in VNeID and the account: by consent, to its end; and what VNeID is told through it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Application, Introduction, Link, Report
from enrollment.standins.vneid import world
from enrollment.standins.vneid.services import Reply, plain
from enrollment.steps import leaving, linking
from portal.accounts import closing
from portal.models import Event, User
from tests.conftest import People, at_once
from tests.enrollment.citizens import VAN, XUAN, Citizen, Simulator, any_simulator, simulator, with_an_account

pytestmark = pytest.mark.django_db
__all__ = ["any_simulator", "simulator"]
EVENTS = "/api/v1/partners/events"
OTHER = {"phone": "0912000502"}


def withdraws(citizen: Citizen) -> None:
    citizen.client.post("/application/consents/", {"purpose": "sharing"})


def statuses() -> list[str]:
    return list(Report.objects.order_by("move").values_list("status", flat=True))


def heard_by(simulator: Simulator) -> dict[str, int]:
    [registration] = simulator.services.world.registrations.values()
    return registration.heard


def state_of(citizen: Citizen) -> dict[str, object] | None:
    return linking.state_of(citizen.introduction.transaction)


def late(seconds: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True)


# ── Made, and ended ──


def test_it_is_made_with_the_account_and_not_before(any_simulator: Simulator) -> None:
    citizen = Citizen(any_simulator).opens().declares()
    assert not Link.objects.exists()
    citizen.activates()
    link = Link.objects.get()
    assert (link.user, link.subject, link.is_ours) == (citizen.application.user, citizen.introduction.subject, True)
    assert Event.objects.filter(verb="vneid linked").count() == 1


@pytest.mark.parametrize(
    "sharing",
    [
        [],
        [{**world.consent("sharing", "vi"), "textHash": "x"}],
        [{**world.consent("sharing", "vi"), "version": "2020-01"}],
    ],
    ids=["none", "to another text", "to a text of before"],
)
def test_without_that_consent_it_is_not_made(simulator: Simulator, sharing: list[Any]) -> None:
    required = [world.consent(purpose, "vi") for purpose in world.AGREED[0]]
    citizen = with_an_account(simulator, consents=[*required, *sharing])
    assert citizen.application.step == Step.PLAN
    assert not Link.objects.exists()
    assert not Report.objects.exists()
    assert state_of(citizen) is None


def test_without_the_consents_that_we_need_our_page_asks(simulator: Simulator) -> None:
    citizen = Citizen(simulator).is_said_to_be(consents=[])
    assert 'name="terms"' in citizen.comes().content.decode()
    assert citizen.client.post("/vneid/introduced/").status_code == 200
    assert not Application.objects.exists()
    citizen.client.post("/vneid/introduced/", {"terms": "on", "personal-data": "on"})
    assert citizen.application.step == Step.DECLARATION


def test_withdrawn_it_ends_at_once(any_simulator: Simulator) -> None:
    citizen = with_an_account(any_simulator)
    assert state_of(citizen)
    withdraws(citizen)
    assert (statuses(), state_of(citizen)) == (["withdrawn"], None)
    assert Link.objects.get().ended_at
    linking.deliver()
    leaving.cancel(citizen.application)
    assert statuses() == ["withdrawn"]
    assert heard_by(any_simulator) == {}
    assert Event.objects.filter(verb="vneid link ended").count() == 1


def test_what_was_written_while_it_ended_is_withdrawn_too(simulator: Simulator) -> None:
    with_an_account(simulator)
    Link.objects.update(ended_at=timezone.now())
    linking.deliver()
    assert (statuses(), simulator.asked.count(EVENTS)) == (["withdrawn"], 0)


def test_what_was_withdrawn_as_a_worker_came_for_it_is_left(simulator: Simulator) -> None:
    citizen, report = with_an_account(simulator), Report.objects.get()
    withdraws(citizen)
    linking.tell(report)
    report.refresh_from_db()
    assert (report.status, report.attempts, simulator.asked.count(EVENTS)) == ("withdrawn", 0, 0)


def test_a_link_that_somebody_else_has_is_not_taken(simulator: Simulator) -> None:
    with_an_account(simulator)
    other = with_an_account(simulator, XUAN, subject="vneid-000501", sub="vneid-000501")
    assert other.application.step == Step.PLAN
    assert Link.objects.get().user.username == User.username_for(VAN)
    assert state_of(other) is None


def test_of_an_account_that_was_closed_it_goes_over_to_the_new_one(simulator: Simulator) -> None:
    before = with_an_account(simulator).application
    leaving.cancel(before)
    account = before.user
    assert account
    closing.close(account)
    now = with_an_account(simulator)
    assert Link.objects.get(ended_at=None).user == now.application.user
    assert Link.objects.exclude(ended_at=None).get().user == account
    assert set(Report.objects.filter(application=before).values_list("status", flat=True)) == {"withdrawn"}


# ── Told ──


def test_what_became_of_it_is_told_in_order_and_once(any_simulator: Simulator) -> None:
    citizen = with_an_account(any_simulator)
    leaving.cancel(citizen.application)
    linking.deliver()
    assert statuses() == ["heard", "due"]
    linking.deliver()
    linking.deliver()
    assert statuses() == ["heard", "heard"]
    assert list(heard_by(any_simulator).values()) == [linking.WORKING, linking.FAILED]
    assert any_simulator.asked.count(EVENTS) == 2


def test_a_later_word_waits_for_the_earlier(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    leaving.cancel(citizen.application)
    simulator.alter(EVENTS, lambda _reply: Reply(500, b"", {}))
    linking.deliver()
    linking.tell(Report.objects.latest("move"))
    linking.deliver()
    assert simulator.asked.count(EVENTS) == 1


def test_heard_but_not_answered_it_is_told_again_under_its_name(simulator: Simulator) -> None:
    with_an_account(simulator)
    simulator.alter(EVENTS, lambda _reply: Reply(500, b"", {}))
    linking.deliver()
    assert (statuses(), len(heard_by(simulator))) == (["due"], 1)
    simulator.alters.clear()
    linking.deliver()
    assert statuses() == ["due"]  # not yet
    with late(6):
        linking.deliver()
    assert (statuses(), len(heard_by(simulator))) == (["heard"], 1)
    assert Report.objects.get().attempts == 2


def test_it_is_tried_ever_more_rarely_and_at_last_no_more(simulator: Simulator) -> None:
    with_an_account(simulator)
    simulator.alter(EVENTS, lambda _reply: plain({"error": "ill"}, 400))
    for pause in linking.PAUSES:
        linking.tell(Report.objects.get())
        waits = Report.objects.get().due_at - timezone.now()
        assert abs(waits - pause) < timedelta(seconds=5)
    report = Report.objects.get()
    assert (report.status, report.attempts, report.error) == ("dead", len(linking.PAUSES), "status 400")
    with late(86_400):
        linking.deliver()
    assert simulator.asked.count(EVENTS) == len(linking.PAUSES)


def test_a_worker_that_fell_leaves_it_to_the_next(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with_an_account(simulator)

    def falls(_report: Report) -> Any:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(linking, "attempt", falls)
        linking.deliver()
    linking.deliver()
    assert statuses() == ["due"]  # it may be under way still
    with late(61):
        linking.deliver()
    assert statuses() == ["heard"]


def test_what_is_not_known_there_is_not_told_again(simulator: Simulator) -> None:
    with_an_account(simulator)
    simulator.services.world.askings.clear()
    linking.deliver()
    assert (statuses(), Report.objects.get().error) == (["dead"], "unknown there")


def test_staff_tell_it_again(simulator: Simulator) -> None:
    with_an_account(simulator)
    simulator.alter(EVENTS, lambda _reply: plain({}, 404))
    linking.deliver()
    simulator.alters.clear()
    assert linking.replay(Report.objects.get())
    linking.deliver()
    assert (statuses(), len(heard_by(simulator))) == (["heard"], 1)
    assert linking.replay(Report.objects.get())
    linking.deliver()
    assert (statuses(), len(heard_by(simulator))) == (["heard"], 1)


def test_what_is_no_longer_so_is_not_told_again(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    leaving.cancel(citizen.application)
    linking.deliver()
    linking.deliver()
    assert not linking.replay(Report.objects.earliest("move"))
    assert statuses() == ["heard", "heard"]


def test_what_was_withdrawn_staff_do_not_tell(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    linking.deliver()
    withdraws(citizen)
    assert not linking.replay(Report.objects.get())
    assert statuses() == ["heard"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_once_one_tells(simulator: Simulator) -> None:
    with_an_account(simulator)
    outcomes = at_once(8, lambda _place: linking.deliver())
    assert outcomes == [None] * 8
    assert simulator.asked.count(EVENTS) == 1
    assert (statuses(), Report.objects.get().attempts) == (["heard"], 1)


# ── Written by other means ──

LINKS: dict[str, dict[str, Any]] = {
    "of another subject": {"subject": "0" * 64},
    "without our mark": {"mac": "0" * 64},
}
INTRODUCTIONS: dict[str, dict[str, Any]] = {
    "of another transaction": {"transaction": "VN0000000000000000"},
    "of another subject": {"subject": "0" * 64},
    "of another person": {"person_index": "0" * 64},
    "of another level": {"level": 3},
    "of another word": {"said_hash": "0" * 64},
    "without our mark": {"mac": "0" * 64},
    "by another dialect": {"dialect": "none"},
}


def gives_nothing(simulator: Simulator, transaction: str) -> None:
    linking.deliver()
    assert statuses() == ["dead"]
    assert heard_by(simulator) == {}
    assert linking.state_of(transaction) is None


@pytest.mark.parametrize("altered", LINKS.values(), ids=LINKS.keys())
def test_a_link_written_by_other_means_gives_nothing(simulator: Simulator, altered: dict[str, Any]) -> None:
    citizen = with_an_account(simulator)
    Link.objects.update(**altered)
    gives_nothing(simulator, citizen.introduction.transaction)


@pytest.mark.parametrize("altered", INTRODUCTIONS.values(), ids=INTRODUCTIONS.keys())
def test_an_introduction_written_by_other_means_gives_nothing(simulator: Simulator, altered: dict[str, Any]) -> None:
    citizen = with_an_account(simulator)
    Introduction.objects.update(**altered)
    gives_nothing(simulator, citizen.introduction.transaction)
    assert not dossier.is_sound(citizen.application)


@pytest.mark.parametrize("altered", [{"subject": "0" * 64}, {"mac": "0" * 64}])
def test_of_an_introduction_written_by_other_means_none_is_made(simulator: Simulator, altered: dict[str, Any]) -> None:
    citizen = Citizen(simulator).opens().declares()
    Introduction.objects.update(**altered)
    citizen.activates()
    assert not Link.objects.exists()


def test_with_the_account_of_somebody_else_none_is_made(simulator: Simulator, person: People) -> None:
    citizen = with_an_account(simulator)
    Report.objects.all().delete()
    Link.objects.all().delete()
    Application.objects.update(user=person())
    assert linking.make(citizen.application) is None
    assert not Link.objects.exists()


def test_a_link_given_to_another_account_gives_nothing(simulator: Simulator) -> None:
    with_an_account(simulator)
    other = with_an_account(simulator, XUAN, consents=[world.consent(each, "vi") for each in world.AGREED[0]])
    Link.objects.update(user=other.application.user)
    assert state_of(other) is None
    linking.deliver()
    assert statuses() == ["dead"]


def test_through_the_link_of_somebody_else_nothing_is_told(simulator: Simulator) -> None:
    citizen, other = with_an_account(simulator), with_an_account(simulator, XUAN)
    theirs = Link.objects.get(user=other.application.user)
    Report.objects.filter(application=citizen.application).update(link=theirs)
    linking.deliver()
    assert Report.objects.get(application=citizen.application).status == "dead"


def test_a_link_that_was_ended_is_not_brought_back_by_other_means(simulator: Simulator) -> None:
    citizen = with_an_account(simulator)
    withdraws(citizen)
    Link.objects.update(ended_at=None)
    Report.objects.update(status="due")
    linking.deliver()
    assert (statuses(), heard_by(simulator), state_of(citizen)) == (["dead"], {}, None)


def test_an_introduction_moved_to_another_file_makes_both_unsound(simulator: Simulator) -> None:
    citizen, other = with_an_account(simulator), with_an_account(simulator, XUAN)
    assert dossier.is_sound(citizen.application)
    theirs = Introduction.of(other.application)
    assert theirs
    Introduction.objects.filter(pk=theirs.pk).update(application=None)
    Introduction.objects.filter(application=citizen.application).update(application=other.application)
    assert not dossier.is_sound(citizen.application)
    assert not dossier.is_sound(other.application)
