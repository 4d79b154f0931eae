"""Guards of the review that stand behind one another: each is tried where the others would let it pass."""

import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from enrollment.demo.people import declaration_of_nobody
from enrollment.journey import Step
from enrollment.models import Application
from kyc.gateways import eyes
from kyc.models import Case, Check, Decision, Evidence, Policy, Sample
from kyc.reading import film
from kyc.steps import capture, checking, facing, looking, policing, sampling
from kyc.steps.review import deciding, objections, turns
from kyc.steps.review.turns import Choice
from portal.isolation import Program
from portal.models import SealedFile, User
from portal.refusals import Refusal
from tests.kyc.conftest import a_case, act, an_application, assisted, bare_case, refused, shot, to_approval, with_roles

pytestmark = [pytest.mark.django_db, pytest.mark.once]
People = Callable[..., User]
DECLARED = declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000")


# ── Who may look, be given a file, judge it again ──


def test_a_holder_whose_role_nobody_confirmed_sees_no_picture(staff: People) -> None:
    case, holder = a_case(), staff("reviewer", vouched=False)
    Case.objects.filter(pk=case.pk).update(holder=holder)
    evidence = Evidence.objects.select_related("application__case").filter(application=case.application)[0]
    with pytest.raises(Refusal, match="not-yours"):
        looking.look(evidence, holder)


def test_no_file_is_given_to_one_whose_role_nobody_confirmed(staff: People) -> None:
    case, supervisor = bare_case(), staff("supervisor")
    assert refused(case, "assign", supervisor, to=staff("reviewer", vouched=False)) == "not-allowed"
    act(case, "assign", supervisor, to=staff("reviewer"))


def test_who_asked_for_a_second_opinion_does_not_give_it(staff: People) -> None:
    case, asker = bare_case(), staff("reviewer")
    act(case, "take", asker)
    act(case, "ask", asker)
    assert refused(case, "take", asker) == "same-person"
    assert deciding.next_for(asker) is None
    act(case, "take", staff("reviewer"))


@pytest.fixture
def sampled(staff: People, monkeypatch: pytest.MonkeyPatch) -> tuple[Sample, User, User]:
    """Approved, and to be looked at again; with its appraiser and its approver."""
    monkeypatch.setattr(policing, "SAMPLED", 100)
    first, approver = staff("reviewer"), staff("approver")
    case = to_approval(bare_case(), first)
    act(case, "take", approver)
    act(case, "approve", approver)
    return Sample.objects.get(case=case), first, approver


def test_nobody_who_decided_looks_again_whichever_part_was_theirs(sampled: tuple[Sample, User, User]) -> None:
    sample, first, approver = sampled
    for decider in (first, approver):
        assert not sampling.waiting_for(decider).exists()
        with pytest.raises(Refusal, match="not-allowed"):
            sampling.judge(sample, "pass", with_roles(decider, "reviewer"))


def test_a_decider_is_kept_away_by_the_sample_too(sampled: tuple[Sample, User, User]) -> None:
    sample, first, _approver = sampled
    Decision.objects.filter(case=sample.case).update(by=None)
    assert not sampling.waiting_for(first).exists()


def test_no_hand_in_the_file_judges_it_again(sampled: tuple[Sample, User, User], staff: People) -> None:
    sample, helper = sampled[0], staff("reviewer")
    assisted(sample.case.application, helper)
    with pytest.raises(Refusal):
        sampling.judge(sample, "pass", helper)
    with pytest.raises(Refusal, match="not-vouched"):
        sampling.judge(sample, "pass", staff("reviewer", vouched=False))
    sampling.judge(sample, "pass", staff("reviewer"))


# ── Turns and the clock ──


def test_an_act_on_an_older_turn_changes_nothing(reviewer: User) -> None:
    case = bare_case()
    stale = Case.objects.get(pk=case.pk)
    act(case, "take", reviewer)
    with pytest.raises(Refusal, match="decided-already"):
        turns.turn(stale, holder=None)
    with pytest.raises(Refusal, match="decided-already"):
        deciding.decide(stale, "release", reviewer, Choice(stale.turns))
    case.refresh_from_db()
    assert case.holder == reviewer


def test_whether_a_promise_was_kept_is_told_by_the_first_outcome(reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, items={"card-front": "glare"})
    case.refresh_from_db()
    assert case.kept is True
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=1))
    case.refresh_from_db()
    turns.rest(case, Case.Queue.WAITING)
    assert Case.objects.get(pk=case.pk).kept is True
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=1))
    turns.close(case)
    assert Case.objects.get(pk=case.pk).kept is True


def test_a_late_outcome_is_late_and_holding_is_none(reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=1))
    act(case, "hold", reviewer, reason="technical", until=timezone.localdate() + timedelta(days=2))
    case.refresh_from_db()
    assert case.kept is None
    turns.close(case)
    assert Case.objects.get(pk=case.pk).kept is False


def test_an_objection_answers_a_rejection_once_and_in_words(reviewer: User) -> None:
    case = bare_case()
    words = "Tôi là chủ giấy tờ, ảnh chụp rõ."
    with pytest.raises(Refusal, match="cannot-object"):
        objections.object_to(case.application, words)
    act(case, "take", reviewer)
    act(case, "reject", reviewer, reason="forged")
    with pytest.raises(Refusal, match="cannot-object"):
        objections.object_to(case.application, "Không!")
    objections.object_to(case.application, words)
    with pytest.raises(Refusal, match="cannot-object"):
        objections.object_to(case.application, words)
    with pytest.raises(Refusal, match="decided-already"):
        objections.accept_rejection(case.application)
    assert refused(case, "take", reviewer) != ""  # who rejected does not look at it again


# ── A file that moved on ──


@pytest.mark.parametrize(
    "moved",
    [
        {"step": Step.CONTRACT},  # though nobody counted it
        {"moves": 9},  # there and back again, by way of somebody who sent it back
    ],
)
def test_a_file_that_moved_on_takes_no_picture_whichever_way_it_moved(moved: dict[str, Any]) -> None:
    application = an_application()
    challenge = facing.begin(application)
    begun = {item: capture.begin(application, uuid.uuid4(), item, 4, "camera") for item in ("card-front", "face")}
    Application.objects.filter(pk=application.pk).update(**moved)
    capture.receive(begun["card-front"], 0, b"good")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(eyes, "READER", Program("tests.kyc.turned", seconds=20))
        with pytest.raises(Refusal, match="out-of-step"):
            capture.take_card(begun["card-front"])
        shot(challenge)
        facing.promise(application, challenge.key, hashlib.sha256(b"good").hexdigest())
        capture.receive(begun["face"], 0, b"good")
        with pytest.raises(Refusal, match="out-of-step"):
            facing.take_film(begun["face"], challenge.key)
    with pytest.raises(Refusal, match="out-of-step"):
        facing.begin(application)
    assert not Evidence.objects.exists()
    assert not SealedFile.objects.exists()


# ── What machines say ──


@pytest.mark.parametrize(
    ("machine", "outcome"),
    [({}, "pass"), ({"birth_date": "1990-05-18"}, "fail"), ({"number": "079190999999"}, "fail")],
)
def test_the_two_sides_of_one_card_say_the_same_number_and_day(machine: dict[str, str], outcome: str) -> None:
    code = {"number": "079190100000", "birth_date": "1990-05-17"}
    facts: dict[str, dict[str, Any]] = {"card-front": {"code": code}, "card-back": {"machine": {**code, **machine}}}
    assert checking._same_card(DECLARED, facts)[0] == Check.Outcome(outcome)


def test_nearly_the_same_name_is_for_people() -> None:
    born = DECLARED.birth_date.isoformat()
    for name, outcome in ((DECLARED.full_name, "pass"), ("Lý Thị Mẫu Xuấn", "unsure")):
        read = {"number": DECLARED.number, "full_name": name, "birth_date": born}
        outcomes = dict(checking._cards(DECLARED, {}, {}, {"code": read}, able=True))
        assert outcomes["declared"][0] == Check.Outcome(outcome), name


def test_what_is_always_asked_for_cannot_be_left_out_of_a_policy() -> None:
    policy = Policy(name="Thử", checks=["qr"])
    assert not policing.is_clean(policy, {"qr"})
    assert policing.is_clean(policy, {"qr", *policing.ALWAYS})
    for left_out in policing.ALWAYS:
        assert not policing.is_clean(policy, {"qr", *policing.ALWAYS} - {left_out})


def test_a_frame_after_the_end_is_in_no_film() -> None:
    moving: list[dict[str, Any]] = [{"at": at, "size": 1} for at in range(0, 16000, 1000)]
    stills = [{"at": 0, "size": 1, "still": still} for still in ("far", "near")]
    sent = json.dumps({"frames": moving + stills}).encode() + b"\n" + b"x" * 18
    with pytest.raises(film.Malformed):
        film.frames_of(sent, 14_999)
    with pytest.raises(Exception, match="cannot identify"):  # it is a film, of no pictures
        film.frames_of(sent, 15_000)
