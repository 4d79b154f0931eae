"""Of whom VNeID introduced: where a machine stands for the first person, that two decide all the same, and the dry run."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Approval
from kyc.models import Case, Check, Evidence
from kyc.steps import checking, policing
from portal.models import User
from tests.kyc.conftest import a_case, a_finding, a_policy, act, bare_case, finding, refused, to_approval, with_roles
from tests.kyc.introductions import OTHER, an_introduced_case, by_name

pytestmark = pytest.mark.django_db
People = Callable[..., User]
PASS, SKIPPED = Check.Outcome.PASS, Check.Outcome.NOT_PERFORMED
STANDS_ON = {  # whether the face was filmed: what a machine stands on
    True: ("declared", "validity", "reuse", "liveness", "vneid-face"),
    False: ("declared", "validity", "vneid-face"),
}


def looked_at(case: Case, *, but: str = "") -> Case:
    """With a service that finds alive whoever was filmed; one finding was not made."""
    checking.check(finding(case))
    if "face-film" in Evidence.of(case.application):
        answer_with(case, "liveness", PASS)
    if but:
        answer_with(case, but, SKIPPED)
    return case


def answer_with(case: Case, name: str, outcome: Check.Outcome) -> None:
    check = by_name(case, name)
    check.outcome = outcome
    Check.objects.filter(pk=check.pk).update(outcome=outcome, mac=check.mac_of_row)


def machine_passes(case: Case) -> bool:
    checking.stand(finding(case))
    case.refresh_from_db()
    return case.queue == Case.Queue.APPROVAL


@pytest.mark.parametrize("filmed", STANDS_ON)
def test_a_machine_stands_for_the_first_person_on_what_there_is_to_look_at(filmed: bool) -> None:
    case = looked_at(an_introduced_case(filmed=filmed))
    a_policy(status="live", spares_face=not filmed)
    assert machine_passes(case)


@pytest.mark.parametrize(("filmed", "name"), [(filmed, name) for filmed in STANDS_ON for name in STANDS_ON[filmed]])
def test_without_any_of_them_it_does_not(filmed: bool, name: str) -> None:
    case = looked_at(an_introduced_case(filmed=filmed), but=name)
    a_policy(status="live", spares_face=not filmed)
    assert not machine_passes(case)


def test_what_a_policy_asks_for_beside_is_asked_where_there_is_something_to_look_at() -> None:
    policy = a_policy()
    policy.checks = ["qr", "alive"]
    passed = set(STANDS_ON[True])
    assert not policing.is_clean(policy, passed, {"face", "vneid"})
    assert policing.is_clean(policy, {"alive", *passed}, {"face", "vneid"})
    assert policing.is_clean(policy, set(STANDS_ON[False]), {"vneid"})
    assert not policing.is_clean(policy, {"alive", *passed})  # of a file with a card


@pytest.mark.parametrize("face", [OTHER, None])
def test_a_face_that_vneid_did_not_match_is_for_people(face: object) -> None:
    case = looked_at(an_introduced_case(face=face))
    a_policy(status="live")
    assert not machine_passes(case)


def test_a_policy_that_does_not_say_so_has_no_machine_stand() -> None:
    case = looked_at(an_introduced_case())
    a_policy(status="live", machine=False)
    assert not machine_passes(case)


def test_a_face_that_is_owed_is_looked_at_by_people() -> None:
    """Spared on arrival, by a policy that is gone: what is not there passes no check."""
    case = looked_at(an_introduced_case(filmed=False))
    a_policy(status="live")
    assert not machine_passes(case)


def test_an_ordinary_file_still_stands_on_its_card() -> None:
    a_policy(status="live", spares_face=True)
    case = bare_case()
    for name in STANDS_ON[False]:
        a_finding(case, name, "pass")
    assert not machine_passes(case)


# ── Two people all the same ──


@pytest.mark.parametrize("machine", [True, False])
def test_two_people_decide_or_a_machine_and_one(machine: bool, reviewer: User, approver: User) -> None:
    case = looked_at(an_introduced_case(filmed=False))
    a_policy(status="live", spares_face=True, machine=machine)
    assert machine_passes(case) == machine
    if not machine:
        to_approval(case, reviewer)
    assert finding(case).step == Step.REVIEW
    act(case, "take", approver)
    act(case, "approve", approver)
    approval = Approval.objects.get(application=case.application_id, voided_at=None)
    assert (approval.appraised_by, approval.approved_by) == (None if machine else reviewer, approver)
    assert finding(case).step == Step.PIN


def test_one_person_does_not_do_for_both(staff: People) -> None:
    both = with_roles(staff("reviewer"), "reviewer", "approver")
    a_policy(status="live", spares_face=True, machine=False)
    case = to_approval(an_introduced_case(filmed=False), both)
    assert refused(case, "take", both) == "same-person"


# ── Tried on past files ──


def past(case: Case) -> None:
    checking.check(finding(case))
    Case.objects.filter(pk=case.pk).update(queue="closed", closed_at=timezone.now())


def test_a_dry_run_tells_whom_it_would_not_have_asked_for_their_face_and_where_a_machine_would_have_stood() -> None:
    for case in (an_introduced_case(), an_introduced_case(face=OTHER), a_case()):
        past(case)
    spares, spares_not = a_policy(spares_face=True), a_policy()
    names = ("files", "machine", "spared")
    assert [policing.try_on_past(spares)[name] for name in names] == [3, 1, 1]  # no service says who lives
    assert [policing.try_on_past(spares_not)[name] for name in names] == [3, 0, 0]


def test_a_finding_of_the_face_that_was_altered_spares_nobody() -> None:
    case = an_introduced_case(face=OTHER)
    past(case)
    Check.objects.filter(application=case.application, name="vneid-face").update(outcome="pass")
    assert policing.try_on_past(a_policy(spares_face=True))["spared"] == 0


def test_whoever_confirms_a_policy_reads_whether_it_spares_the_face() -> None:
    spares, spares_not = (policing.rule_of(a_policy(spares_face=spares)) for spares in (True, False))
    words = "VNeID đã so khuôn mặt: không hỏi lại"
    assert words in policing.in_words("rule", spares)
    assert words not in policing.in_words("rule", spares_not)
