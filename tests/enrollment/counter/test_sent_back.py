"""What a reviewer sends back and only a counter can mend comes back to the agent; what is the customer's, to the customer."""

import pytest
from django.test import Client

from enrollment.counter.steps import attesting
from enrollment.journey import Actor, Step
from kyc.models import Case
from kyc.steps import capture
from portal.models import Branch, Message, User
from tests.conftest import People
from tests.enrollment.conftest import PASSWORD
from tests.enrollment.counter.conftest import Desk
from tests.kyc.conftest import act, given

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewed(desk: Desk) -> Case:
    """Handed over, signed at home, and at review; behind it another file at its agent."""
    assert desk.user.branch
    Branch.objects.filter(pk=desk.user.branch.pk).update(address="1 Mẫu, Hà Nội", hours="7:30–17:00")
    return desk.to_review()


def sent_back(case: Case, by: User, item: str, reason: str) -> None:
    act(case, "take", by)
    act(case, "send-back", by, items={item: reason})


def messages(template: str) -> list[Message]:
    return list(Message.objects.filter(template=f"kyc/messages/{template}").order_by("channel"))


def test_a_picture_comes_back_to_the_counter_first_in_the_list_and_goes_to_review_again(
    desk: Desk, reviewed: Case, staff: People
) -> None:
    mended = desk.reference
    desk.opens()  # somebody else stands there since
    desk.reference = mended
    sent_back(reviewed, staff("reviewer"), "card-front", "glare")
    application = desk.application
    assert (application.step, application.turn.actor) == (Step.CAPTURE, Actor.AGENT)
    (agents, *_others) = desk.client.get("/counter/").context["groups"]
    first, second = agents.rows
    assert first.application == application
    assert [str(what) for what, _how in first.reasons] == ["Ảnh mặt trước giấy tờ"]
    assert not second.reasons
    assert "Ảnh bị lóa" in desk.client.get(f"/counter/{mended}/").content.decode()
    # Its customer is told where to come, and that the own device has nothing to do.
    sms, mail = sorted(messages("review_sent_back_counter"), key=lambda message: message.channel == "email")
    assert sms.params == mail.params == [mended, "VNPT Mẫu", "1 Mẫu, Hà Nội · 7:30–17:00"]
    assert sms.recipient == desk.declaration.phone
    assert not messages("review_sent_back")
    customer = Client()
    customer.post("/sign-in/", {"login": desk.declaration.number, "password": PASSWORD})
    assert "chỉ làm được tại quầy" in customer.get("/application/", follow=True).content.decode()
    # Photographed anew, vouched for anew, and looked at anew.
    capture.give(application, {"card-front": given(77)["card-front"]}, by=desk.user)
    desk.at("/application/capture/done/")
    assert desk.application.step == Step.HANDOVER
    assert not attesting.is_right(desk.application)
    desk.attests()
    assert attesting.is_right(desk.application)
    reviewed.refresh_from_db()
    assert (desk.application.step, reviewed.queue) == (Step.REVIEW, "appraisal")


def test_a_contract_comes_back_to_the_customer(desk: Desk, reviewed: Case, staff: People) -> None:
    sent_back(reviewed, staff("reviewer"), "contract", "contract-wrong")
    assert (desk.application.step, desk.application.turn.actor) == (Step.CONTRACT, Actor.CUSTOMER)
    assert not messages("review_sent_back_counter")
    assert messages("review_sent_back")
    agents, customers, _vnpt = desk.client.get("/counter/").context["groups"]
    assert not agents.rows
    assert [row.application for row in customers.rows] == [desk.application]
    assert desk.client.get(f"/counter/at/{desk.reference}/application/contract/").status_code == 302


def test_another_counter_sees_nothing_of_it(desk: Desk, reviewed: Case, staff: People, signed_in: object) -> None:
    sent_back(reviewed, staff("reviewer"), "card-front", "glare")
    hai = staff("agent", branch=Branch.objects.create(name="VNPT Hai", province="48"))
    assert callable(signed_in)
    client = signed_in(hai)
    assert desk.reference not in client.get("/counter/").content.decode()
    assert client.get(f"/counter/at/{desk.reference}/application/capture/").status_code == 404
