"""Two agents on one file at the same moment, with real parallel connections: each thing happens once."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from enrollment import dossier
from enrollment.counter.models import Attestation
from enrollment.counter.steps import attesting, money, serving
from enrollment.counter.steps.attesting import WORDS
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.models import CashReceipt, Payment
from enrollment.orders.steps import drawer as drawers
from enrollment.steps import inviting
from kyc.gateways import eyes
from kyc.models import Evidence
from kyc.steps import capture
from portal.isolation import Program
from portal.models import User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.conftest import PAID, code_sent, messages_of
from tests.enrollment.counter.conftest import Desk
from tests.kyc.conftest import given
from tests.kyc.turned import TRAILER

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
TIMES = 4


@pytest.fixture
def agents(desk: Desk, staff: People) -> list[User]:
    return [desk.user, *(staff("agent") for _other in range(TIMES - 1))]


def copies(desk: Desk) -> list[Application]:
    """Each read it by itself, before any of them acts."""
    return [desk.application for _agent in range(TIMES)]


def test_both_attest(desk: Desk, agents: list[User]) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    files, shown = copies(desk), dossier.seen(desk.application)
    results = at_once(TIMES, lambda place: attesting.attest(files[place], agents[place], shown=shown, said=set(WORDS)))
    assert results.count(None) == 1
    assert {no.code for no in results if isinstance(no, Refusal)} == {"out-of-step"}
    assert Attestation.objects.count() == 1
    assert (desk.application.step, messages_of("activation_code")) == (Step.ACTIVATION, 1)


def test_both_take_the_money(desk: Desk, agents: list[User]) -> None:
    desk.opens().declares().lets_in().agrees().chooses(PAID)
    for agent in agents:
        assert agent.branch
        drawers.open_drawer(agent, agent.branch, 0)
    files = copies(desk)
    results = at_once(TIMES, lambda place: money.take(files[place], agents[place], 220_000))
    assert sum(isinstance(result, CashReceipt) for result in results) == 1
    assert all(isinstance(result, CashReceipt | Refusal) for result in results)
    assert (CashReceipt.objects.count(), Payment.objects.count()) == (1, 1)
    assert desk.application.step == Step.CAPTURE


def test_both_photograph(
    desk: Desk, agents: list[User], signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent is said to be a picture: how it is read is tried elsewhere."""
    monkeypatch.setattr(eyes, "READER", Program("tests.kyc.turned", seconds=20))
    desk.opens().declares().lets_in().agrees().chooses().settles()
    clients = [desk.client, *(signed_in(agent) for agent in agents[1:])]

    def photograph(place: int) -> int:
        photo = SimpleUploadedFile("x.jpg", b"good" + TRAILER * 300, "image/jpeg")
        path = f"/counter/at/{desk.reference}/application/capture/card-front/photo/"
        return clients[place].post(path, {"photo": photo}).status_code

    assert at_once(TIMES, photograph) == [302] * TIMES
    (kept,) = Evidence.objects.filter(application=desk.application, replaced_at=None)
    assert kept.by in agents
    assert {agent.pk for agent in agents} <= dossier.hands_of(desk.application)  # each had a hand in it


def test_both_say_that_all_is_photographed(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles()
    capture.give(desk.application, given(), by=desk.user)
    files = copies(desk)
    results = at_once(TIMES, lambda place: capture.finish(files[place]))
    assert results.count(None) == 1
    assert {no.code for no in results if isinstance(no, Refusal)} == {"out-of-step"}
    assert desk.application.step == Step.HANDOVER


def test_both_take_it_over_or_end_it(desk: Desk, agents: list[User]) -> None:
    files = copies(desk.opens())
    results = at_once(TIMES - 1, lambda place: serving.take_over(files[place], agents[place + 1], agents[place + 1]))
    assert results.count(None) == 1
    assert desk.application.trail.filter(verb="passed on").count() == 1
    files = copies(desk)
    assert at_once(TIMES, lambda place: serving.end(files[place], agents[place])).count(None) == 1
    assert desk.application.step == Step.STOPPED


def test_devices_that_come_with_one_ticket_and_presses_of_one_code(desk: Desk) -> None:
    """One is let in, once."""
    desk.opens().declares()
    ticket, devices = desk.ticket(), [Client() for _device in range(TIMES)]
    results = at_once(TIMES, lambda place: devices[place].post("/invited/", {"t": ticket}).status_code)
    assert (results.count(302), results.count(410)) == (1, TIMES - 1)
    pairing = desk.application.pairings.get()
    pairings, digits = [type(pairing).objects.get(pk=pairing.pk) for _press in range(TIMES)], code_sent("phone_code")
    assert at_once(TIMES, lambda place: inviting.come_in(pairings[place], digits)).count(None) == 1
    assert desk.application.pairings.get().is_ours


def test_it_is_attested_and_taken_back_at_once(desk: Desk) -> None:
    """What is attested is what stands there: the one or the other."""
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    files, shown = copies(desk), dossier.seen(desk.application)
    acts = [
        lambda file: attesting.attest(file, desk.user, shown=shown, said=set(WORDS)),
        lambda file: serving.correct(file, desk.user),
    ]
    results = at_once(TIMES, lambda place: acts[place % 2](files[place]))
    assert results.count(None) == 1
    is_attested = Attestation.objects.exists()
    assert desk.application.step == (Step.ACTIVATION if is_attested else Step.DECLARATION)
