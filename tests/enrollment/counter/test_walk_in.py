"""A walk-in: the agent types and photographs, the customer agrees, proves and signs on a device of their own."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client, RequestFactory

from enrollment import dossier
from enrollment.counter.models import Attestation
from enrollment.counter.steps import attesting
from enrollment.demo import doors
from enrollment.journey import Channel, Step
from enrollment.orders.steps import drawer
from kyc.models import Challenge, Help, Mark
from kyc.steps import capture, facing
from portal import outbox, wording
from portal.demo.inbox import texts
from portal.models import Branch, Message, User
from tests.conftest import People
from tests.enrollment.conftest import BOTH, PAID, PASSWORD, a_declaration, code_sent
from tests.enrollment.counter.conftest import ATTESTED, Desk
from tests.kyc.conftest import given

pytestmark = pytest.mark.django_db


def code_sent_to(phone: str) -> str:
    return next(text.code for text in texts([phone]) if text.code)


def test_until_a_device_is_in_the_agent_is_not_told_that_the_customer_reads(desk: Desk) -> None:
    desk.opens().declares()
    before = desk.client.get(f"/counter/{desk.reference}/").content.decode()
    desk.lets_in()
    after = desk.client.get(f"/counter/{desk.reference}/").content.decode()
    assert ("Khách chưa vào" in before, "đang xem lại và đồng ý" in before) == (True, False)
    assert ("Khách chưa vào" in after, "đang xem lại và đồng ý" in after) == (False, True)


def test_in_the_other_language_what_was_posted_is_a_page_again(desk: Desk) -> None:
    """The language's button asks for the address that stands above, which was posted to."""
    desk.client.post("/counter/find/", {"term": "nobody"})
    assert desk.client.get("/counter/find/").headers["Location"] == "/counter/"
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    refused = desk.post("attest/", {})
    assert refused.status_code == 200
    assert desk.client.get(f"/counter/{desk.reference}/attest/").headers["Location"] == f"/counter/{desk.reference}/"


def test_an_agent_lands_at_the_counter(staff: People, desk: Desk) -> None:
    client = Client()
    client.post("/sign-in/", {"login": desk.user.id_number, "password": PASSWORD})
    assert "Khách mới" in desk.client.get("/counter/").content.decode()


def test_it_is_opened_at_the_agents_branch_and_by_the_agent(desk: Desk) -> None:
    application = desk.opens().application
    assert (application.channel, application.step) == (Channel.COUNTER, Step.DECLARATION)
    assert (application.branch, application.agent, application.user) == (desk.user.branch, desk.user, None)
    assert not application.consents.exists()


def test_whoever_paid_at_the_counter_is_told_of_no_code_that_was_not_sent_yet(desk: Desk) -> None:
    assert desk.user.branch
    drawer.open_drawer(desk.user, desk.user.branch, 500_000)
    desk.opens().declares().lets_in().agrees().chooses(PAID).post("cash/", {"tendered": "500000"})
    assert desk.application.step == Step.CAPTURE
    _subject, text, html = wording.email_parts(Message.objects.get(template="enrollment/messages/receipt"))
    assert "Hóa đơn điện tử" in text
    assert "kích hoạt" not in text + html


def test_a_walk_in_goes_from_the_card_to_the_contract(desk: Desk) -> None:
    desk.opens().declares()
    assert desk.application.step == Step.CONSENT
    desk.lets_in().agrees()
    assert desk.application.step == Step.PLAN
    assert desk.application.phone_confirmed_at
    desk.chooses().settles()
    assert desk.application.step == Step.CAPTURE
    desk.photographs()
    assert desk.application.step == Step.HANDOVER
    desk.attests()
    assert desk.application.step == Step.ACTIVATION
    form = {"number": desk.declaration.number, "code": code_sent("activation_code")}
    desk.phone.post("/activate/", form)
    desk.phone.post("/activate/password/", {"password1": PASSWORD, "password2": PASSWORD, "terms": "on"})
    application = desk.application
    assert (application.step, application.branch, application.agent) == (Step.CONTRACT, desk.user.branch, desk.user)
    assert attesting.is_right(application)


def test_nothing_is_wrong_before_anything_was_sent(desk: Desk) -> None:
    desk.opens().declares().lets_in()
    assert "Cần xem lại" not in desk.phone.get("/register/consent/").content.decode()


def test_a_free_plan_leads_the_agent_on_to_the_camera(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses()
    assert desk.at("/register/payment/")["Location"] == f"/counter/at/{desk.reference}/application/capture/"


def test_the_customers_device_waits_while_it_is_the_agents_turn(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees()
    for path in ("/register/plan/", "/application/", "/application/capture/"):
        answer = desk.phone.get(path, follow=True)
        assert "Nhân viên quầy đang làm bước" in answer.content.decode(), path
    assert desk.phone.post("/register/plan/", {"plan": "mien-phi"}).status_code == 409
    assert desk.application.step == Step.PLAN


def test_at_the_hand_over_it_waits_as_well(desk: Desk) -> None:
    """And is not told that the application had ended."""
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    page = desk.phone.get("/application/", follow=True).content.decode()
    assert "đang làm bước “Cam kết và bàn giao”" in page
    assert "Hồ sơ đã dừng" not in page


def test_nobody_is_told_of_boxes_that_they_had_no_time_to_tick(desk: Desk) -> None:
    desk.opens().declares().lets_in()
    assert "Cần xem lại" not in desk.phone.get("/register/consent/").content.decode()
    assert "Cần xem lại" in desk.phone.post("/register/consent/", {"csrfmiddlewaretoken": "-"}).content.decode()


def test_what_is_free_leads_straight_on_to_the_photographs(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses()
    assert desk.at("/register/payment/")["Location"] == f"/counter/at/{desk.reference}/application/capture/"


def test_the_agents_own_page_is_not_taken_for_the_second_screen(desk: Desk) -> None:
    desk.opens().declares()
    desk.ticket()
    page = desk.client.get(f"/counter/{desk.reference}/").content.decode()
    assert "Mở màn hình thứ hai" in page
    assert "Xong, trả màn hình" not in page


def test_the_demo_shows_the_agent_no_code_of_the_customers(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees()
    outbox.deliver()
    page = desk.client.get(f"/counter/at/{desk.reference}/register/plan/")
    assert code_sent_to(desk.declaration.phone) not in page.content.decode()
    assert 'data-news="/demo/inbox/' in page.content.decode()  # asked without cookies, so not under the prefix


def test_what_is_the_customers_is_refused_to_the_agent_by_any_address(desk: Desk) -> None:
    desk.opens().declares()
    for path in (
        "/register/consent/",
        "/activate/",
        "/activate/password/",
        "/application/contract/",
        "/application/pin/",
    ):
        assert desk.client.get(path).status_code == 403, path
        assert desk.client.post(path, BOTH).status_code == 403, path
        assert desk.client.get(f"/counter/at/{desk.reference}{path}")["Location"] == f"/counter/{desk.reference}/"
        assert desk.at(path, BOTH).status_code == 404, path
    assert not desk.application.consents.exists()


def test_an_agent_opens_no_application_of_their_own(desk: Desk) -> None:
    assert desk.client.post("/register/", BOTH).status_code == 403


def test_a_ticket_lets_in_one_device_and_the_next_sends_it_away(desk: Desk) -> None:
    desk.opens().declares().lets_in()
    first, ticket = desk.phone, desk.client.session[f"counter ticket {desk.application.pk}"]
    assert Client().post("/invited/", {"t": ticket}).status_code == 410
    desk.lets_in(Client())
    assert first.get("/register/consent/")["Location"] == "/register/"
    assert "Xem lại và đồng ý" in desk.phone.get("/register/consent/").content.decode()


def test_a_wrong_code_lets_nobody_in(desk: Desk) -> None:
    desk.opens().declares()
    desk.phone.post("/invited/", {"t": desk.ticket()})
    right = code_sent("phone_code")
    wrong = f"{(int(right) + 1) % 10**6:06}"
    assert "chưa đúng" in desk.phone.post("/invited/code/", {"code": wrong}).content.decode()
    assert desk.phone.get("/register/consent/")["Location"] == "/register/"
    assert desk.application.proved_at is None


def test_the_link_by_sms_goes_to_the_phone_declared(desk: Desk) -> None:
    desk.opens().declares()
    desk.post("invite/", {"sms": "1"})
    message = Message.objects.get(template="enrollment/messages/invitation")
    assert (message.channel, message.recipient) == (Message.Channel.SMS, desk.declaration.phone)
    assert desk.client.session[f"counter ticket {desk.application.pk}"] in message.params[1]


def test_the_customer_has_what_was_typed_wrong_corrected(desk: Desk) -> None:
    desk.opens().declares().lets_in()
    desk.phone.post("/register/consent/", {"wrong": "1"})
    assert desk.application.step == Step.DECLARATION
    desk.declaration = type(desk.declaration)(**{**desk.declaration.__dict__, "full_name": "Lý Thị Mẫu Xuân Mai"})
    desk.declares()
    assert "Xuân Mai" in desk.phone.get("/register/consent/").content.decode()


def test_all_three_are_attested_or_nothing_is_handed_over(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    shown = desk.client.get(f"/counter/{desk.reference}/").context["attest"].initial["shown"]
    for left_out in ATTESTED:
        said = {name: word for name, word in ATTESTED.items() if name != left_out}
        assert "Cần xác nhận đủ ba điều" in desk.post("attest/", {"shown": shown, **said}).content.decode()
    assert desk.application.step == Step.HANDOVER
    assert not Attestation.objects.exists()


def test_an_attestation_counts_as_long_as_what_was_seen_is_there(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    desk.attests()
    assert attesting.is_sound(desk.application)
    assert attesting.rows(desk.application) == [("Cam kết tại quầy", f"{desk.user.full_name}, {desk.user.branch}")]
    capture.give(desk.application, {"card-front": given(77)["card-front"]}, by=desk.user)
    assert not attesting.is_sound(desk.application)
    assert "không còn khớp hồ sơ" in attesting.rows(desk.application)[0][1]


def test_an_attestation_written_by_other_means_is_none(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles().photographs()
    seen, branch = dossier.seen(desk.application), Branch.objects.get(pk=desk.user.branch_id or 0)
    Attestation.objects.create(
        application=desk.application, seen=seen, agent=desk.user, branch=branch, version="1", mac="0" * 64
    )
    assert not attesting.is_sound(desk.application)


def test_for_a_stranger_there_is_no_counter(desk: Desk, person: People, signed_in: Callable[[User], Client]) -> None:
    desk.opens()
    assert Client().get("/counter/").status_code == 404
    assert Client().get(f"/counter/at/{desk.reference}/register/declaration/")["Location"].startswith("/sign-in/")
    customer = signed_in(person())
    for path in ("/counter/", f"/counter/{desk.reference}/", f"/counter/at/{desk.reference}/register/declaration/"):
        assert customer.get(path).status_code == 404, path


def test_the_counters_own_machine_marks_no_customer(desk: Desk) -> None:
    """It is the same for all of them; a flag on every file would be none."""
    desk.opens().declares().lets_in().agrees().chooses().settles()
    assert desk.client.get(f"/counter/at/{desk.reference}/application/capture/card-front/").status_code == 200
    assert not Mark.objects.filter(application=desk.application, kind="device").exists()


@pytest.mark.parametrize("is_opened_before", [False, True])
def test_an_agents_language_is_not_the_customers(desk: Desk, is_opened_before: bool) -> None:
    if is_opened_before:
        desk.opens()
    desk.client.post("/language/", {"language": "en", "next": "/counter/"})
    if not is_opened_before:
        desk.opens()
    desk.declares()
    assert desk.application.language == "vi"


def test_the_qr_is_there_as_soon_as_the_customer_is_to_agree(desk: Desk) -> None:
    desk.opens().declares()
    page = desk.client.get(f"/counter/{desk.reference}/").content.decode()
    assert 'class="qr"' in page
    assert "/screen/invited/?t=" in page


def test_the_demos_ribbon_shows_an_agent_no_code_of_a_customers(desk: Desk, rf: RequestFactory) -> None:
    desk.opens().declares()
    request = rf.get("/")
    request.user, request.at_counter = desk.user, desk.application.pk  # type: ignore[attr-defined]
    assert doors.reached(request) == []


def test_an_agent_lets_a_face_be_tried_again_and_is_a_hand_in_the_file(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles()
    assert desk.at("/application/capture/again/").status_code == 302  # nothing to be allowed: led back
    assert not Help.objects.exists()
    for _try in range(3):
        Challenge.objects.create(application=desk.application, key=uuid4(), outcome="failed", cues=[])
    assert (
        "Cho thử thêm ba lần" in desk.client.get(f"/counter/at/{desk.reference}/application/capture/").content.decode()
    )
    desk.at("/application/capture/again/")
    assert facing.tries_left(desk.application) == 3
    assert Help.objects.get().by == desk.user


def test_a_phone_may_be_the_counters_camera(desk: Desk) -> None:
    desk.opens().declares().lets_in().agrees().chooses().settles()
    assert desk.client.get(f"/counter/at/{desk.reference}/application/capture/phone/code.svg").status_code == 200
    ticket = desk.client.session["capture phone ticket"]
    assert Client().get(f"/application/capture/phone/open/?t={ticket}").status_code == 200


def test_what_was_done_is_said_in_the_agents_language_on_any_browser(desk: Desk) -> None:
    """Messages wait in a cookie for the next page: put into words there, in the language of whoever reads them."""
    desk.opens().declares()
    User.objects.filter(pk=desk.user.pk).update(language="en")
    desk.client.cookies.pop("language", None)
    desk.post("invite/", {"sms": "1"})
    assert "The link was sent" in desk.client.get(f"/counter/{desk.reference}/").content.decode()


def test_a_phones_errand_of_before_is_not_taken_for_the_file_in_hand(desk: Desk) -> None:
    """Whoever signs in on a browser that was another capture's camera."""
    desk.opens().declares().lets_in().agrees().chooses().settles()
    other = desk.application
    ticket = capture.PHONE.offer(other)
    session = desk.client.session
    session["capture phone"], digits = capture.PHONE.claim(ticket)
    capture.PHONE.confirm(other, digits)
    session.save()
    desk.reference = ""
    desk.declaration = a_declaration()
    desk.opens().declares().lets_in(Client()).agrees().chooses().settles()
    page = desk.client.get(f"/counter/at/{desk.reference}/application/capture/").content.decode()
    assert desk.reference in page
    assert other.reference not in page
