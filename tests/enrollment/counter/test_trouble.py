"""Where it does not go straight on at a counter: a lost phone, no SMS, somebody who goes home or never agreed."""

from dataclasses import replace

import pytest
from django.test import Client

from enrollment.journey import Step
from enrollment.orders.models import Order
from enrollment.steps import activation, leaving
from portal import codes
from portal.models import Event, Message
from tests.enrollment.conftest import PASSWORD, code_sent, messages_of
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.test_leaving import later

pytestmark = pytest.mark.django_db
ANOTHER = "0988777666"


def with_another_phone(desk: Desk) -> Desk:
    desk.post("correct/")
    desk.declaration = replace(desk.declaration, phone=ANOTHER)
    return desk.declares()


@pytest.mark.parametrize("step", [Step.CAPTURE, Step.HANDOVER, Step.ACTIVATION])
def test_a_phone_lost_in_the_middle_is_replaced_and_proved_anew(desk: Desk, step: Step) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles()
    if step != Step.CAPTURE:
        desk.photographs()
    if step == Step.ACTIVATION:
        desk.attests()
    lost, sent = desk.phone, code_sent("activation_code") if step == Step.ACTIVATION else ""
    assert desk.application.step == step
    with_another_phone(desk)
    assert (desk.application.step, desk.application.phone_confirmed_at) == (Step.CONSENT, None)
    assert lost.get("/register/consent/")["Location"] == "/register/"
    desk.lets_in(Client()).agrees()
    again = Step.CAPTURE if step == Step.CAPTURE else Step.HANDOVER
    assert desk.application.step == again
    if again == Step.CAPTURE:
        desk.photographs()
    desk.attests()
    assert desk.application.step == Step.ACTIVATION
    newest = Message.objects.filter(template="enrollment/messages/activation_code", channel="sms").latest("created_at")
    assert newest.recipient == ANOTHER
    if sent:  # what went to the lost phone opens nothing
        form = {"number": desk.declaration.number, "code": sent}
        assert Client().post("/activate/", form).status_code == 200
        assert code_sent("activation_code") != sent


def test_what_is_paid_lets_a_phone_be_replaced_and_no_number(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles()
    desk.application.orders.update(status=Order.Status.PAID, total=1000)
    desk.post("correct/")
    right = desk.declaration
    desk.declaration = replace(right, number="079190999999")
    assert desk.declares().application.step == Step.DECLARATION
    desk.declaration = replace(right, phone=ANOTHER)
    assert desk.declares().application.step == Step.CONSENT


def test_after_the_account_is_open_nobody_at_a_counter_changes_the_phone(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    desk.attests()
    desk.phone.post("/activate/", {"number": desk.declaration.number, "code": code_sent("activation_code")})
    desk.phone.post("/activate/password/", {"password1": PASSWORD, "password2": PASSWORD, "terms": "on"})
    assert desk.application.step == Step.CONTRACT
    desk.post("correct/")
    assert desk.application.step == Step.CONTRACT
    page = desk.client.get(f"/counter/{desk.reference}/").content.decode()
    assert "hai người của VNPT xác nhận" in page


def test_a_code_is_sent_again_to_the_customer_and_not_seen(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    assert desk.post("resend/").status_code == 409
    desk.attests()
    page = desk.post("resend/")
    assert (page.status_code, messages_of("activation_code")) == (429, 1)  # a minute lies between two
    codes.pause_of("activation").restore(activation.code_of(desk.application))
    answer = desk.client.post(f"/counter/{desk.reference}/resend/", follow=True)
    assert messages_of("activation_code") == 2
    assert code_sent("activation_code") not in answer.content.decode()
    assert Event.objects.filter(verb="code resent", actor=desk.user).count() == 1


def test_the_slip_says_how_to_go_on_and_who_it_is_about_to_nobody(desk: Desk) -> None:
    desk.opens().declares()
    page = desk.client.get(f"/counter/{desk.reference}/slip/").content.decode()
    declared = desk.declaration
    assert desk.reference in page
    assert "/resume/" in page
    for secret in (declared.number, declared.phone, declared.email, declared.full_name):
        assert secret not in page


def test_whoever_goes_home_carries_on_by_reference_and_code(desk: Desk) -> None:
    desk.opens().declares()
    home = Client()
    home.post("/resume/", {"reference": desk.reference})
    home.post("/resume/code/", {"code": code_sent("resume_code")})
    assert "Xem lại và đồng ý" in home.get("/register/consent/").content.decode()


def test_what_nobody_agreed_to_ends_soon_unreminded_and_is_erased(desk: Desk) -> None:
    desk.opens().declares()
    later(1.9)
    assert desk.application.step == Step.CONSENT
    later(2.1)
    assert desk.application.step == Step.STOPPED
    assert messages_of("reminder") == 0
    later(3.2)
    application = desk.application
    assert (application.erased_at is not None, application.person_index) == (True, "")


def test_what_was_agreed_to_is_kept_and_reminded_of_as_at_home(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees()
    later(2.5)
    later(5.1)
    assert (desk.application.step, messages_of("reminder")) == (Step.PLAN, 1)
    leaving.leave(desk.application, "left")
    later(9)
    assert desk.application.erased_at is None
