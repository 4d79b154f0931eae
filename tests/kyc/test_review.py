"""Who may do what with a file, when; two people who do not know each other's hand; and the clock."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from enrollment import dossier
from enrollment.journey import Step
from enrollment.models import Application, Approval, Consent
from enrollment.steps import approving, opening
from kyc.models import Case, Check, Decision, Evidence, Sample
from kyc.steps import capture, facing
from kyc.steps.control import add_control_case
from kyc.steps.review import deadlines, deciding, objections
from kyc.steps.review.turns import Choice
from kyc.steps.review.verbs import VERBS
from portal.accounts.roles import ROLES, change_roles, vouch
from portal.models import Event, Message, User
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.kyc.conftest import a_case, act, an_application, assisted, bare_case, control, send, shown, to_approval

pytestmark = pytest.mark.django_db
People = Callable[..., User]
MORE: dict[str, dict[str, Any]] = {
    "send-back": {"items": {"card-front": "glare"}},
    "hold": {"reason": "technical", "until": timezone.localdate() + timedelta(days=2)},
    "reject": {"reason": "forged"},
    "return": {"note": "xem lại"},
    "disagree": {"note": "khác mặt"},
}


def refused(case: Case, verb: str, by: User, **more: Any) -> str:
    with pytest.raises(Refusal) as no:
        act(case, verb, by, **more)
    return no.value.code


def finding(case: Case) -> Application:
    return Application.objects.select_related("data_key", "plan").get(pk=case.application_id)


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


# ── The matrix: role × act × queue ──


def in_queue(case: Case, queue: str, holder: User | None) -> Case:
    Case.objects.filter(pk=case.pk).update(queue=queue, holder=holder, held_at=timezone.now())
    return Case.objects.select_related("application", "application__data_key").get(pk=case.pk)


def test_every_role_does_in_every_queue_what_the_table_says_and_nothing_else(staff: People) -> None:
    """Promise P5."""
    people = {role: staff(role) for role in ROLES if ROLES[role].staff}
    done, case = 0, bare_case()
    file_hash = dossier.digest(case.application)
    for queue, (role, user) in itertools.product(Case.Queue.values, people.items()):
        for held in (False, True):
            case = in_queue(case, queue, user if held else None)
            before = (queue, case.holder_id, case.turns)
            for verb, rule in VERBS.items():
                right = queue in rule.queues and role in rule.roles and (held or not rule.held)
                choice = Choice(case.turns, file_hash=file_hash, to=people["reviewer"], **MORE.get(verb, {}))
                try:
                    with transaction.atomic():
                        deciding.decide(case, verb, user, choice)
                        assert right, (role, verb, queue, held)
                        done += 1
                        transaction.set_rollback(True)
                    case.refresh_from_db()
                except Refusal:
                    pass
            case.refresh_from_db()
            assert (case.queue, case.holder_id, case.turns) == before
    assert done > 30


def test_what_decides_is_open_to_reviewers_and_approvers_alone() -> None:
    for verb in ("pass", "approve", "send-back", "reject", "agree", "disagree", "hold"):
        assert set(VERBS[verb].roles) <= {"reviewer", "approver"}
    assert VERBS["pass"].roles == ("reviewer",)
    assert VERBS["approve"].roles == ("approver",)


def test_every_verb_that_decides_has_its_words_in_the_record() -> None:
    assert set(VERBS) - {"take", "take-over", "assign", "release"} <= set(Decision.ACTS)


# ── Two people, and neither of them in the file (promise P5) ──


def with_roles(user: User, *roles: str) -> User:
    from django.contrib.auth.models import Group

    user.groups.set(Group.objects.filter(name__in=roles))
    return User.objects.get(pk=user.pk)


def test_one_person_with_both_roles_cannot_do_both(reviewer: User) -> None:
    """Promise P5."""
    both = with_roles(reviewer, "reviewer", "approver", "supervisor")
    case = to_approval(bare_case(), both)
    assert refused(case, "take", both) == "same-person"
    assert refused(case, "assign", both, to=both) in ("same-person", "own-hands")
    Case.objects.filter(pk=case.pk).update(holder=both, turns=9)
    assert refused(case, "approve", both) == "same-person"
    with pytest.raises(Refusal, match="same-person"):
        approving.approve(finding(case), dossier.digest(case.application), both)


def test_not_even_the_database_takes_one_person_twice(reviewer: User) -> None:
    case = to_approval(bare_case(), reviewer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(application=case.application).update(approved_by=reviewer)


@pytest.mark.parametrize("how", ["captured", "assisted", "opened", "own", "same number"])
def test_whoever_had_a_hand_in_the_file_can_neither_appraise_nor_approve(
    how: str, staff: People, person: People
) -> None:
    """Promise P5."""
    user = with_roles(staff("agent"), "agent", "reviewer", "approver")
    case = bare_case()
    application = case.application
    if how == "captured":
        from tests.kyc.conftest import given

        capture.give(application, given(), by=user)
    elif how == "assisted":
        assisted(application, user)
    elif how == "opened":
        application.trail.filter(verb="opened").update(actor=user)
    elif how == "own":
        Application.objects.filter(pk=application.pk).update(user=user)
    else:
        Application.objects.filter(pk=application.pk).update(person_index=user.username)
    assert refused(case, "take", user) == "own-hands"
    Case.objects.filter(pk=case.pk).update(holder=user, held_at=timezone.now(), turns=3)
    assert refused(case, "pass", user) == "own-hands"
    Case.objects.filter(pk=case.pk).update(queue="approval", turns=4)
    assert refused(case, "approve", user) == "own-hands"


def test_a_role_that_nobody_confirmed_decides_nothing(staff: People) -> None:
    case, fresh = bare_case(), staff("reviewer", vouched=False)
    assert refused(case, "take", fresh) == "not-vouched"
    for by, code in ((fresh, "not-vouched"), (staff("supervisor", vouched=False), "not-vouched")):
        with pytest.raises(Refusal, match=code):
            vouch(fresh, by)
    vouch(fresh, staff("supervisor"))
    act(case, "take", User.objects.get(pk=fresh.pk))


def test_whoever_gave_a_role_cannot_confirm_it(staff: People, signed_in: Callable[[User], Client]) -> None:
    operator, other, user = staff("operator"), staff("supervisor"), staff("customer")
    client = signed_in(operator)
    from portal import audit

    token = audit.actor.set(audit.Actor(operator))
    change_roles(user, ["reviewer"])
    audit.actor.reset(token)
    for by, vouched in ((client, False), (signed_in(other), True)):
        by.post("/admin/portal/user/", {"action": "vouch", "_selected_action": [user.pk]})
        assert User.objects.get(pk=user.pk).is_vouched is vouched


# ── Bound to the file as shown (promise P6) ──


def test_an_edit_between_appraisal_and_approval_voids_it(reviewer: User, approver: User) -> None:
    """Promise P6."""
    case = to_approval(bare_case(), reviewer)
    act(case, "take", approver)
    application = finding(case)
    declared = application.declaration
    assert declared
    application.correct(type(declared)(**{**declared.__dict__, "full_name": "Lý Thị Mẫu Khác"}))
    assert refused(case, "approve", approver) == "file-changed"
    assert approving.granted(finding(case)) is None


def test_a_page_that_was_open_before_the_file_changed_decides_nothing(reviewer: User) -> None:
    case = a_case()
    act(case, "take", reviewer)
    shown_hash = dossier.digest(case.application)
    Evidence.objects.filter(application=case.application, kind="card-front").update(digest="f" * 64)
    with pytest.raises(Refusal, match="file-changed"):
        deciding.decide(case, "pass", reviewer, Choice(case.turns, file_hash=shown_hash))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kyc_evidence SET digest = 'f' WHERE application_id = %s",
        "UPDATE kyc_evidence SET by_id = 1 WHERE application_id = %s",
        "UPDATE enrollment_trail SET actor_id = 1 WHERE application_id = %s AND verb = 'finished' AND origin = 'pin'",
        "UPDATE kyc_evidence SET replaced_at = created_at WHERE application_id = %s",
        "UPDATE enrollment_application SET declared = NULL WHERE id = %s",
        "UPDATE enrollment_application SET user_id = NULL, channel = 'counter' WHERE id = %s",
        "UPDATE enrollment_approval SET approved_by_id = approved_by_id + 100 WHERE application_id = %s",
        "UPDATE enrollment_approval SET file_hash = 'f' WHERE application_id = %s",
        "UPDATE enrollment_approval SET voided_at = approved_at WHERE application_id = %s",
    ],
)
def test_what_raw_sql_changes_takes_the_authority_away(sql: str, reviewer: User, approver: User) -> None:
    """Promise P6."""
    case = to_approval(a_case(), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    assert approving.granted(finding(case))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        try:
            with transaction.atomic():
                cursor.execute(sql, [case.application_id])
                assert approving.granted(finding(case)) is None
                transaction.set_rollback(True)
        except IntegrityError:
            pass  # the database refused it by itself


def test_another_picture_in_the_place_of_the_approved_one_takes_it_away_too(reviewer: User, approver: User) -> None:
    case = to_approval(a_case(), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    front, back = (
        Evidence.objects.get(application=case.application, kind=kind) for kind in ("card-front", "card-back")
    )
    assert front.file
    assert back.file
    default_storage.delete(front.file.name)
    front.file.name, front.file.wrapped = back.file.name, back.file.wrapped
    front.file.save()
    assert approving.granted(finding(case)) is None


def test_a_control_case_leads_to_no_certificate_and_no_message(reviewer: User, approver: User) -> None:
    case = add_control_case(control("fail"), None)
    before = Message.objects.count()
    act(case, "take", reviewer)
    act(case, "pass", reviewer)
    application = finding(case)
    assert (application.step, application.reason) == (Step.STOPPED, "control")
    assert not Approval.objects.exists()
    assert Message.objects.count() == before
    sample = Sample.objects.get(case=case)
    assert (sample.is_control, sample.expected, sample.verdict) == (True, "fail", "pass")


def test_a_control_case_looks_like_any_other(reviewer: User) -> None:
    case = add_control_case(replace(control("fail"), truth="pass"), None)
    assert case.application.trail.count() > 5
    outcomes = {check.outcome for check in Check.objects.filter(application=case.application)}
    assert outcomes == set()  # no machine has looked yet, as with any other
    act(case, "take", reviewer)


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


def test_withdrawing_an_offer_changes_no_file_and_withdrawing_leave_ends_it(reviewer: User, approver: User) -> None:
    case = to_approval(bare_case(), reviewer)
    act(case, "take", approver)
    act(case, "approve", approver)
    application = finding(case)
    Consent.objects.create(application=application, purpose="offers", version="1", language="vi", channel="browser")
    assert approving.granted(application)
    opening.withdraw(application.consents.get(purpose="offers"))
    assert approving.granted(application)
    opening.withdraw(application.consents.get(purpose="personal-data"))
    assert approving.granted(application) is None
    assert finding(case).step == Step.STOPPED


def test_a_helpers_hand_cannot_be_wiped_by_another_helper(staff: People) -> None:
    helper, other = with_roles(staff("agent"), "agent", "reviewer"), staff("agent")
    case = bare_case()
    for by in (helper, other):
        facing.allow_again(case.application, by)
    assert {helper.pk, other.pk} <= dossier.hands_of(case.application)
    assert refused(case, "take", helper) == "own-hands"


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


@pytest.mark.parametrize("item", ["card-back", "number", "nothing"])
def test_what_an_application_does_not_have_cannot_be_sent_back(item: str, reviewer: User) -> None:
    case = a_case()
    declaration = case.application.declaration
    assert declaration
    passport = replace(declaration, document="passport")
    Application.objects.filter(pk=case.application_id).update(**case.application.as_declared(passport))
    act(case, "take", reviewer)
    assert refused(case, "send-back", reviewer, items={item: "cut"}) == "incomplete"


def test_an_approval_written_by_hand_is_no_authority(reviewer: User, approver: User) -> None:
    case = bare_case()
    now = timezone.now()
    Approval.objects.create(
        application=case.application, file_hash=dossier.digest(case.application), appraised_by=reviewer,
        appraised_at=now, approved_by=approver, approved_at=now, mac="0" * 64,
    )  # fmt: skip
    assert approving.granted(finding(case)) is None


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
    assert f"{timezone.localtime(case.due_at):%H:%M %d/%m/%Y}" in page
    act(case, "take", reviewer)
    act(case, "reject", reviewer, reason="not-the-person")
    page = client.get("/application/waiting/").content.decode()
    assert "không khớp nhau" in page
    client.post("/application/waiting/objection/", {"words": "Tôi đúng là người trên thẻ."})
    case.refresh_from_db()
    assert case.queue == "objection"
    assert settings.REVIEW_MINUTES == 60


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
