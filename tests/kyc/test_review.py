"""The way of a file through review, two at once, what the customer sees of it, and the clock."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Approval
from enrollment.steps import approving
from enrollment.steps.notifying import contact_of
from kyc import hours
from kyc.models import Case, Decision, Sample
from kyc.steps.review import deadlines, deciding, objections
from kyc.steps.review.turns import Choice
from portal import writing
from portal.models import Event, Message, User
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.kyc.conftest import MORE, a_case, act, an_application, bare_case, finding, refused, send, shown, to_approval

pytestmark = pytest.mark.django_db
People = Callable[..., User]


# ── The way through ──


def test_appraised_by_one_and_approved_by_another_it_goes_on_to_issuing(reviewer: User, approver: User) -> None:
    case = to_approval(bare_case(), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    application = finding(case)
    assert application.step == Step.ISSUANCE
    approval = approving.granted(application)
    assert approval
    assert (approval.appraised_by, approval.approved_by) == (reviewer, approver)
    # The certificate comes in a moment and is what is told of.
    assert not Message.objects.filter(template="kyc/messages/review_approved").exists()
    case.refresh_from_db()
    assert (case.queue, case.kept) == ("closed", True)


@pytest.mark.usefixtures("pin_after_review")
def test_where_the_pin_comes_after_review_it_goes_there(reviewer: User, approver: User) -> None:
    application = an_application(Step.CONTRACT)
    application.finish()
    case = to_approval(Case.objects.select_related("application").get(application=application), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    assert finding(case).step == Step.PIN


def test_sent_back_it_waits_for_the_customer_and_comes_back_with_what_was_left_of_the_hour(reviewer: User) -> None:
    with time_machine.travel("2026-11-20T02:00:00Z", tick=False):  # Friday, nine o'clock in Hà Nội
        case = a_case()
    with time_machine.travel("2026-11-20T02:20:00Z", tick=False):
        act(case, "take", reviewer)
        act(case, "send-back", reviewer, **MORE["send-back"])
        case.refresh_from_db()
        assert (case.queue, case.holder, case.left) == ("waiting", None, 40 * 60)
        assert Message.objects.filter(template="kyc/messages/review_sent_back").count() == 2
    with time_machine.travel("2026-11-20T07:00:00Z", tick=False):
        application = finding(case)
        assert application.step == Step.CAPTURE
        send(application, "card-front", shown("front"))
        application.finish()
        case.refresh_from_db()
        assert case.queue == "appraisal"
        assert case.due_at == timezone.now() + timedelta(minutes=40)
        assert not case.checked


def test_a_hold_goes_back_into_the_queue_on_its_day(reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    act(case, "hold", reviewer, **MORE["hold"])
    deadlines.keep()
    case.refresh_from_db()
    assert case.queue == "hold"
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        deadlines.keep()
        case.refresh_from_db()
        assert case.queue == "appraisal"


def test_a_rejection_can_be_objected_to_and_is_seen_by_somebody_else(reviewer: User, staff: People) -> None:
    case, other = bare_case(), staff("reviewer")
    act(case, "take", reviewer)
    act(case, "reject", reviewer, reason="forged")
    assert finding(case).step == Step.REVIEW
    objections.object_to(finding(case), "Giấy tờ của tôi là thật, xin xem lại.")
    assert refused(case, "take", reviewer) == "same-person"
    act(case, "take", other)
    act(case, "reopen", other)
    case.refresh_from_db()
    assert case.queue == "appraisal"


@pytest.mark.parametrize("way", ["upheld", "accepted", "forgotten"])
def test_a_rejection_ends_the_application_in_the_end(way: str, reviewer: User, staff: People) -> None:
    case, other = bare_case(), staff("supervisor")
    act(case, "take", reviewer)
    act(case, "reject", reviewer, reason="forged")
    if way == "upheld":
        objections.object_to(finding(case), "Giấy tờ của tôi là thật, xin xem lại.")
        act(case, "take", other)
        act(case, "uphold", other)
    elif way == "accepted":
        objections.accept_rejection(finding(case))
    else:
        with time_machine.travel(timezone.now() + timedelta(days=16)):
            deadlines.keep()
    application = finding(case)
    assert (application.step, application.reason) == (Step.STOPPED, "rejected")
    case.refresh_from_db()
    assert case.queue == "closed"


def test_a_second_opinion_is_given_without_seeing_the_first_and_comes_back(
    reviewer: User, staff: People, signed_in: Callable[[User], Client]
) -> None:
    case, other = bare_case(), staff("reviewer")
    act(case, "take", reviewer)
    act(case, "ask", reviewer, note="Mặt trên thẻ khác hẳn")
    assert refused(case, "take", reviewer) == "same-person"
    act(case, "take", other)
    page = signed_in(other).get(f"/admin/kyc/case/{case.pk}/change/").content.decode()
    assert "Mặt trên thẻ khác hẳn" not in page
    assert "được giấu" in page
    act(case, "agree", other)
    case.refresh_from_db()
    assert (case.queue, case.holder) == ("appraisal", reviewer)
    act(case, "pass", reviewer)


def test_an_appraisal_can_be_taken_back_while_nobody_looks_at_it(reviewer: User, approver: User) -> None:
    case = to_approval(bare_case(), reviewer)
    act(case, "recall", reviewer)
    assert not Approval.objects.filter(voided_at=None).exists()
    act(case, "pass", reviewer)
    act(case, "take", approver)
    assert refused(case, "recall", reviewer) == "not-allowed"


def test_the_desk_takes_nothing_from_somebody_who_holds_it_until_it_lies_there(reviewer: User, staff: People) -> None:
    case, other = bare_case(), staff("reviewer")
    act(case, "take", reviewer)
    assert refused(case, "take", other) == "not-allowed"
    assert refused(case, "take-over", other) == "not-allowed"
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        act(case, "take-over", other)
    assert refused(case, "pass", reviewer) == "not-allowed"
    assert Event.objects.filter(verb="case taken over").exists()


def test_what_was_sent_back_and_comes_again_as_it_was_must_be_said_so(
    reviewer: User, person: People, signed_in: Callable[[User], Client]
) -> None:
    user = person()
    case = a_case(user=user, person=user.id_number)
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, items={"name": "differs"})
    client, check = signed_in(user), "/register/declaration/check/"
    assert "VNPT đề nghị sửa: Họ tên" in client.get(check).content.decode()
    client.post(check, {})
    assert finding(case).step == Step.DECLARATION
    with pytest.raises(Refusal, match="out-of-step"):
        finding(case).move(Step.PLAN)
    client.post(check, {"as-it-is": "on"})
    assert finding(case).step == Step.CONTRACT or finding(case).step == Step.REVIEW


def test_whoever_handles_an_objection_reads_it(
    reviewer: User, staff: People, signed_in: Callable[[User], Client]
) -> None:
    case, other = bare_case(), staff("reviewer")
    act(case, "take", reviewer)
    act(case, "reject", reviewer, reason="forged")
    objections.object_to(finding(case), "Giấy tờ của tôi là thật, xin xem lại.")
    act(case, "take", other)
    page = signed_in(other).get(f"/admin/kyc/case/{case.pk}/change/").content.decode()
    assert "Giấy tờ của tôi là thật" in page
    assert not Sample.objects.exists()  # a rejection is looked at again only when it is final


# ── Two at once ──


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_wins_and_the_other_is_told(reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    case.refresh_from_db()
    choice = {
        0: ("pass", Choice(case.turns, file_hash=dossier.digest(case.application))),
        1: ("reject", Choice(case.turns, file_hash=dossier.digest(case.application), reason="forged")),
    }
    results = at_once(
        2, lambda place: deciding.decide(Case.objects.get(pk=case.pk), choice[place][0], reviewer, choice[place][1])
    )
    lost = [refusal for refusal in results if isinstance(refusal, Refusal)]
    assert [refusal.code for refusal in lost] == ["decided-already"]
    assert Decision.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_who_take_the_next_file_get_twenty_files(staff: People) -> None:
    people = [staff("reviewer") for _person in range(8)]
    for _file in range(8):
        bare_case()
    cases = at_once(8, lambda place: deciding.next_for(User.objects.get(pk=people[place].pk)))
    assert all(isinstance(case, Case) for case in cases)
    assert len({case.pk for case in cases if isinstance(case, Case)}) == 8


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_thirty_approvals_at_once_are_one(reviewer: User, approver: User) -> None:
    case = to_approval(bare_case(), reviewer)
    act(case, "take", approver)
    case.refresh_from_db()
    choice = Choice(case.turns, file_hash=dossier.digest(case.application))
    at_once(30, lambda _place: deciding.decide(Case.objects.get(pk=case.pk), "approve", approver, choice))
    assert Approval.objects.exclude(approved_at=None).count() == 1
    assert finding(case).step == Step.ISSUANCE
    assert finding(case).trail.filter(verb="finished", origin=Step.REVIEW).count() == 1


# ── The customer's side ──


def test_the_waiting_page_tells_the_place_and_the_time_as_they_are(
    person: People, signed_in: Callable[[User], Client], reviewer: User
) -> None:
    user = person()
    bare_case()
    application = an_application(Step.PIN, user=user)
    application.finish()
    client = signed_in(user)
    page = client.get("/application/waiting/").content.decode()
    case = Case.objects.get(application=application)
    assert "Trước Quý khách còn 1 hồ sơ" in page
    assert hours.in_words(case.due_at) in page
    assert f"qua SMS đến {writing.masked(contact_of(application)[0])}" in page
    assert 'class="now" aria-current="step"><span>Thẩm định' in page
    act(case, "take", reviewer)
    act(case, "reject", reviewer, reason="not-the-person")
    page = client.get("/application/waiting/").content.decode()
    assert "không khớp nhau" in page
    client.post("/application/waiting/objection/", {"words": "Tôi đúng là người trên thẻ."})
    case.refresh_from_db()
    assert case.queue == "objection"
    assert settings.REVIEW_MINUTES == 60


def test_the_waiting_page_knows_the_second_persons_turn(
    person: People, signed_in: Callable[[User], Client], reviewer: User
) -> None:
    user = person()
    to_approval(a_case(user=user), reviewer)
    page = signed_in(user).get("/application/waiting/").content.decode()
    assert 'class="done"><span>Thẩm định' in page
    assert 'class="now" aria-current="step"><span>Duyệt' in page


def test_sent_back_the_customer_is_led_straight_to_the_faulty_item(
    person: People, signed_in: Callable[[User], Client], reviewer: User
) -> None:
    user = person()
    case = a_case(user=user)
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, items={"card-back": "cut"})
    page = signed_in(user).get("/application/", follow=True).content.decode()
    assert "chưa thấy đủ bốn góc" in page
    assert 'href="/application/capture/card-back/">Tiếp theo' in page


def test_nothing_of_a_decision_lies_open(reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    act(case, "reject", reviewer, reason="forged", note="Ảnh của Nguyễn Văn Mẫu")
    stored = json.dumps(list(Decision.objects.values_list("note", flat=True)))
    assert "Nguyễn" not in stored
