"""Who may do what with a file, when; and two people who do not know each other's hand."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from enrollment import dossier
from enrollment.models import Application, Approval
from enrollment.steps import approving
from kyc.models import Case, Decision
from kyc.steps import capture, facing
from kyc.steps.review import deciding
from kyc.steps.review.turns import Choice
from kyc.steps.review.verbs import VERBS
from portal.accounts.roles import ROLES
from portal.models import User
from portal.refusals import Refusal
from tests.kyc.conftest import (
    MORE,
    a_case,
    act,
    assisted,
    bare_case,
    finding,
    given,
    refused,
    to_approval,
    with_roles,
)

pytestmark = pytest.mark.django_db
People = Callable[..., User]

# The law once more, written from outside and by hand: the table of verbs.py is held against it and never asked itself.
RUNNING, EVERYBODY, BOTH = "appraisal second approval objection", "reviewer approver supervisor", "reviewer approver"
LAW = {  # queues, roles, what must be given, on what condition
    "take": (RUNNING, EVERYBODY, "", "strangers second own_queue"),
    "take-over": (RUNNING, EVERYBODY, "", "strangers second own_queue"),
    "assign": (RUNNING, "supervisor", "to", ""),
    "release": (RUNNING, EVERYBODY, "", "held"),
    "pass": ("appraisal", "reviewer", "", "held strangers shown answers"),
    "ask": ("appraisal", "reviewer", "", "held strangers"),
    "agree": ("second", "reviewer", "", "held strangers second shown answers"),
    "disagree": ("second", "reviewer", "note", "held strangers second shown"),
    "recall": ("approval", "reviewer", "", "strangers"),
    "approve": ("approval", "approver", "", "held strangers second shown answers"),
    "return": ("approval", "approver", "note", "held strangers"),
    "send-back": ("appraisal approval", BOTH, "items", "held strangers shown own_queue"),
    "hold": ("appraisal approval", BOTH, "reason until", "held strangers shown own_queue"),
    "question": ("appraisal approval", BOTH, "reason", "held strangers own_queue"),
    "note": (RUNNING, EVERYBODY, "words", "held strangers"),
    "resume": ("hold", EVERYBODY, "", ""),
    "reject": ("appraisal approval", BOTH, "reason", "held strangers shown own_queue"),
    "uphold": ("objection", EVERYBODY, "", "held strangers second shown"),
    "reopen": ("objection", EVERYBODY, "", "held strangers second shown"),
}
CONDITIONS = ("held", "strangers", "second", "shown", "answers", "own_queue")
WORKED_OFF = {  # by whom, where a role must work off the queue itself
    "appraisal": "reviewer supervisor",
    "second": "reviewer supervisor",
    "approval": "approver supervisor",
    "objection": EVERYBODY,
}
ASKS_MORE = ("take-over", "recall", "assign", "approve")  # than where a file lies and who holds it
# One queue and role, in which each verb that decides may be used.
DECIDING = {
    "pass": ("appraisal", "reviewer"),
    "approve": ("approval", "approver"),
    "send-back": ("appraisal", "reviewer"),
    "reject": ("appraisal", "reviewer"),
    "hold": ("appraisal", "reviewer"),
    "agree": ("second", "reviewer"),
    "disagree": ("second", "reviewer"),
    "reopen": ("objection", "supervisor"),
    "uphold": ("objection", "supervisor"),
}


def in_queue(case: Case, queue: str, holder: User | None) -> Case:
    Case.objects.filter(pk=case.pk).update(queue=queue, holder=holder, held_at=timezone.now())
    return Case.objects.select_related("application", "application__data_key").get(pk=case.pk)


def is_right(verb: str, queue: str, role: str, held: bool) -> bool:
    queues, roles, _needs, conditions = (words.split() for words in LAW[verb])
    return (
        queue in queues
        and role in roles
        and (held or "held" not in conditions)
        and not (held and verb == "take")
        and ("own_queue" not in conditions or role in WORKED_OFF[queue].split())
    )


def test_the_table_is_the_law() -> None:
    """Promise P5."""
    table = {
        name: (
            set(verb.queues),
            set(verb.roles),
            set(verb.needs),
            {condition for condition in CONDITIONS if getattr(verb, condition)},
        )
        for name, verb in VERBS.items()
    }
    assert table == {name: tuple(set(words.split()) for words in row) for name, row in LAW.items()}


def test_every_role_does_in_every_queue_what_the_table_says_and_nothing_else(staff: People) -> None:
    """Promise P5."""
    people = {role: staff(role) for role in ROLES if ROLES[role].staff}
    done, case = 0, bare_case()
    file_hash = dossier.digest(case.application)
    for queue, (role, user) in itertools.product(Case.Queue.values, people.items()):
        for held in (False, True):
            case = in_queue(case, queue, user if held else None)
            before = (queue, case.holder_id, case.turns)
            for verb in LAW:
                right = is_right(verb, queue, role, held)
                choice = Choice(case.turns, file_hash=file_hash, to=people["reviewer"], **MORE.get(verb, {}))
                try:
                    with transaction.atomic():
                        deciding.decide(case, verb, user, choice)
                        assert right, (role, verb, queue, held)
                        done += 1
                        transaction.set_rollback(True)
                    case.refresh_from_db()
                except Refusal:
                    assert not right or verb in ASKS_MORE, (role, verb, queue, held)
            case.refresh_from_db()
            assert (case.queue, case.holder_id, case.turns) == before
    assert done > 30


def test_what_decides_is_open_to_reviewers_and_approvers_alone() -> None:
    for verb in ("pass", "approve", "send-back", "reject", "agree", "disagree", "hold"):
        assert set(VERBS[verb].roles) <= {"reviewer", "approver"}
    assert VERBS["pass"].roles == ("reviewer",)
    assert VERBS["approve"].roles == ("approver",)


def test_what_is_no_verb_is_refused(reviewer: User) -> None:
    assert refused(bare_case(), "burn", reviewer) == "not-allowed"


def test_every_verb_that_decides_has_its_words_in_the_record() -> None:
    assert set(VERBS) - {"take", "take-over", "assign", "release", "question", "note"} <= set(Decision.ACTS)


@pytest.mark.parametrize("verb", DECIDING)
def test_nothing_is_decided_of_a_file_that_changed_since_it_was_shown(verb: str, staff: People) -> None:
    queue, role = DECIDING[verb]
    user = staff(role)
    case = in_queue(bare_case(), queue, user)
    seen, declaration = dossier.digest(case.application), case.application.declaration
    assert declaration
    changed = case.application.as_declared(replace(declaration, address="Số 2"))
    Application.objects.filter(pk=case.application_id).update(**changed)
    with pytest.raises(Refusal, match="file-changed"):
        deciding.decide(case, verb, user, Choice(case.turns, file_hash=seen, **MORE.get(verb, {})))
    assert not Decision.objects.exists()


@pytest.mark.parametrize("verb", ["reject", "send-back", "hold"])
@pytest.mark.parametrize(("queue", "role"), [("approval", "reviewer"), ("appraisal", "approver")])
def test_whoever_holds_a_file_in_a_queue_of_others_cannot_end_or_halt_it(
    verb: str, queue: str, role: str, staff: People
) -> None:
    for roles in ((role,), (role, "supervisor")):
        user = with_roles(staff(role), *roles)
        case = in_queue(bare_case(), queue, user)
        assert refused(case, verb, user, **MORE[verb]) == "not-allowed"


# ── Two people, and neither of them in the file (promise P5) ──


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


@pytest.mark.parametrize(
    ("verb", "queue", "before"),
    [
        ("agree", "second", "ask"),
        ("disagree", "second", "ask"),
        ("reopen", "objection", "reject"),
        ("uphold", "objection", "reject"),
    ],
)
def test_a_second_look_is_not_given_by_whoever_looked_first(verb: str, queue: str, before: str, reviewer: User) -> None:
    """Promise P5."""
    case = bare_case()
    act(case, "take", reviewer)
    act(case, before, reviewer, **MORE.get(before, {}))
    case = in_queue(case, queue, reviewer)
    assert refused(case, verb, reviewer, **MORE.get(verb, {})) == "same-person"


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
    assert refused(case, "ask", user) == "own-hands"
    Case.objects.filter(pk=case.pk).update(queue="approval", turns=4)
    assert refused(case, "approve", user) == "own-hands"


def test_a_helpers_hand_cannot_be_wiped_by_another_helper(staff: People) -> None:
    helper, other = with_roles(staff("agent"), "agent", "reviewer"), staff("agent")
    case = bare_case()
    for by in (helper, other):
        facing.allow_again(case.application, by)
    assert {helper.pk, other.pk} <= dossier.hands_of(case.application)
    assert refused(case, "take", helper) == "own-hands"


def test_a_role_that_nobody_confirmed_decides_nothing(staff: People) -> None:
    case, fresh = bare_case(), staff("reviewer", vouched=False)
    assert refused(case, "take", fresh) == "not-allowed"
    with pytest.raises(Refusal, match="not-vouched"):
        deciding.next_for(fresh)
    act(case, "take", with_roles(fresh, "reviewer"))


@pytest.mark.parametrize("item", ["card-back", "number", "nothing"])
def test_what_an_application_does_not_have_cannot_be_sent_back(item: str, reviewer: User) -> None:
    case = a_case()
    declaration = case.application.declaration
    assert declaration
    passport = replace(declaration, document="passport")
    Application.objects.filter(pk=case.application_id).update(**case.application.as_declared(passport))
    act(case, "take", reviewer)
    assert refused(case, "send-back", reviewer, items={item: "cut"}) == "incomplete"
