"""After the PIN, the code: the newest, to this phone, for this PIN, five guesses; and no certificate before it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import confirmation
from portal.models import Code, Event, Message
from portal.refusals import Refusal
from tests.enrollment.citizens import PHONE, Citizen, Simulator, simulator
from tests.enrollment.conftest import Customer, code_sent, messages_of

pytestmark = pytest.mark.django_db
__all__ = ["simulator"]
PAGE = "/vneid/confirmation/"


def stands_at(application: Application, step: Step) -> Application:
    """As it would come there by the verbs of the apps above, which this room does not know."""
    fresh = Application.objects.select_related("data_key", "user", "plan").get(pk=application.pk)
    fresh._move("moved", step, reached=step, redo=[])
    return fresh


@pytest.fixture
def citizen(simulator: Simulator) -> Citizen:
    known = Citizen(simulator).opens().declares().activates().chooses()
    stands_at(known.application, Step.CONFIRMATION)
    return known


def enters(citizen: Citizen, digits: str) -> Any:
    return citizen.client.post(PAGE, {"code": digits})


def other(digits: str) -> str:
    return f"{(int(digits) + 1) % 1_000_000:06}"


def moves_on(citizen: Citizen) -> bool:
    return citizen.application.step != Step.CONFIRMATION


def test_the_code_goes_to_the_contact_phone_alone(citizen: Citizen) -> None:
    [message] = Message.objects.filter(template="enrollment/messages/confirmation_code")
    assert (message.channel, message.recipient) == ("sms", PHONE)
    assert messages_of("confirmation_code") == 1


def test_the_right_code_moves_on(citizen: Citizen) -> None:
    assert enters(citizen, code_sent("confirmation_code")).status_code == 302
    assert moves_on(citizen)
    assert Event.objects.filter(verb="activation confirmed").count() == 1


def test_it_refuses_a_wrong_code(citizen: Citizen) -> None:
    page = enters(citizen, other(code_sent("confirmation_code")))
    assert (page.status_code, "còn 4 lần thử" in page.content.decode()) == (200, True)
    assert not moves_on(citizen)


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦x"])
def test_it_refuses_what_is_no_code(citizen: Citizen, digits: str) -> None:
    assert enters(citizen, digits).status_code == 200
    assert not moves_on(citizen)


def test_after_five_guesses_the_right_one_comes_too_late(citizen: Citizen) -> None:
    digits = code_sent("confirmation_code")
    for _guess in range(5):
        enters(citizen, other(digits))
    assert enters(citizen, digits).status_code == 200
    assert not moves_on(citizen)


def test_after_ten_minutes_it_has_run_out(citizen: Citizen) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1), tick=True):
        enters(citizen, code_sent("confirmation_code"))
    assert not moves_on(citizen)


def test_a_code_serves_once(citizen: Citizen) -> None:
    digits = code_sent("confirmation_code")
    enters(citizen, digits)
    stands_at(citizen.application, Step.CONFIRMATION)
    enters(citizen, digits)
    assert not moves_on(citizen)


def test_the_code_of_before_the_pin_was_made_anew_is_none(citizen: Citizen) -> None:
    before = code_sent("confirmation_code")
    stands_at(citizen.application, Step.PIN)
    stands_at(citizen.application, Step.CONFIRMATION)
    enters(citizen, before)
    assert not moves_on(citizen)
    enters(citizen, code_sent("confirmation_code"))
    assert moves_on(citizen)


def test_the_code_of_another_is_none(citizen: Citizen, simulator: Simulator) -> None:
    stranger = Citizen(simulator, "051094000502").opens().declares("0912000502").activates("xuan@example.vn").chooses()
    stands_at(stranger.application, Step.CONFIRMATION)
    enters(citizen, code_sent("confirmation_code"))
    assert not moves_on(citizen)


def test_a_code_sent_again_ends_the_one_before(citizen: Citizen) -> None:
    before = code_sent("confirmation_code")
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True):
        page = citizen.client.post(PAGE, follow=True)
        assert "Đã gửi mã qua SMS" in page.content.decode()
        enters(citizen, before)
        assert not moves_on(citizen)
        enters(citizen, code_sent("confirmation_code"))
    assert moves_on(citizen)


def test_it_is_sent_once_a_minute(citizen: Citizen) -> None:
    page = citizen.client.post(PAGE, follow=True)
    assert "vui lòng chờ" in page.content.decode()
    assert messages_of("confirmation_code") == 1


def test_where_no_code_could_be_sent_the_page_says_so(citizen: Citizen) -> None:
    Code.objects.filter(purpose=confirmation.PURPOSE).update(live=False)
    assert "Chưa có mã nào còn hiệu lực" in citizen.goes(PAGE).content.decode()


@pytest.mark.parametrize("step", [Step.PLAN, Step.CAPTURE, Step.PIN])
def test_whoever_stands_elsewhere_is_sent_there(citizen: Citizen, step: Step) -> None:
    digits = code_sent("confirmation_code")
    stands_at(citizen.application, step)
    assert enters(citizen, digits).status_code == 302
    assert citizen.application.step == step
    with pytest.raises(Refusal):
        confirmation.confirm(citizen.application, digits)
    assert citizen.application.step == step


def test_a_stranger_is_sent_away(citizen: Citizen, customer: type[Customer]) -> None:
    walker = customer().opens()
    assert walker.post(PAGE, {"code": code_sent("confirmation_code")})["Location"] == "/register/plan/"
    assert not moves_on(citizen)


def test_what_moved_meanwhile_is_not_moved_twice(citizen: Citizen) -> None:
    stale = citizen.application
    confirmation.confirm(stale, code_sent("confirmation_code"))
    with pytest.raises(Refusal):
        confirmation.confirm(stale, code_sent("confirmation_code"))
