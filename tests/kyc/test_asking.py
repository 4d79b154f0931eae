"""Notes among staff, and a word to the customer and back."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from enrollment import dossier
from enrollment.models import Application, Approval
from enrollment.steps import approving
from kyc import erasure
from kyc.models import Case, Remark
from kyc.steps.review import asking, deadlines, deciding
from kyc.steps.review.turns import Choice
from portal.models import Event, Message, User
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.kyc.conftest import MORE, act, an_application, bare_case, finding, refused, to_approval

pytestmark = pytest.mark.django_db
People = Callable[..., User]
SAID = "Tôi tự đăng ký để nộp thuế"


@pytest.fixture
def asked(reviewer: User) -> Case:
    case = bare_case()
    act(case, "take", reviewer)
    act(case, "question", reviewer, reason="other", words="Chị đang ở Hà Nội hay ở Huế?")
    return case


def in_approval(reviewer: User, approver: User) -> Case:
    """Appraised, and asked once more by whoever is to approve."""
    case = to_approval(bare_case(), reviewer)
    act(case, "take", approver)
    act(case, "question", approver, **MORE["question"])
    return case


# ── Notes ──


def test_a_note_decides_nothing_and_is_there_for_the_next(reviewer: User, staff: People) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    before, hash_before = case.turns, dossier.digest(case.application)
    act(case, "note", reviewer, words="Gọi hai lần, không nghe máy")
    case.refresh_from_db()
    assert (case.turns, case.queue, case.holder) == (before, "appraisal", reviewer)
    assert dossier.digest(case.application) == hash_before
    assert not case.decisions.exists()
    assert case.remarks.get().by == reviewer
    assert Event.objects.filter(verb="note written", about=f"application:{case.application_id}").exists()


def test_whoever_does_not_hold_the_file_writes_nothing_in_it(reviewer: User, staff: People) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    for role in ("reviewer", "approver", "supervisor", "agent", "auditor"):
        assert refused(case, "note", staff(role), **MORE["note"]) == "not-allowed"
        assert refused(case, "question", staff(role), **MORE["question"]) == "not-allowed"
    assert refused(case, "note", reviewer) == "incomplete"
    assert not Remark.objects.exists()


def test_what_is_said_lies_sealed_and_goes_with_the_file(asked: Case, reviewer: User) -> None:
    """Promise P18."""
    act(asked, "note", reviewer, words="Nguyễn Văn Mẫu là anh ruột")
    asking.answer(asked.application, SAID)
    stored = json.dumps(list(Remark.objects.values_list("words", flat=True)))
    assert not any(word in stored for word in ("Nguyễn", "Huế", "thuế"))
    erasure.erased(asked.application)
    assert set(Remark.objects.values_list("words", flat=True)) == {None}
    assert not json.dumps(list(Event.objects.values_list("details", flat=True))).count("thuế")


# ── A question, and its answer ──


def test_the_customer_is_told_that_there_is_a_question_and_not_which(asked: Case) -> None:
    messages = Message.objects.filter(template="kyc/messages/review_question")
    assert {message.channel for message in messages} == {"sms", "email"}
    assert all(message.params == [asked.application.reference] for message in messages)


def test_the_file_keeps_its_place_and_its_holder_while_the_customer_is_asked(reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    due = Case.objects.get(pk=case.pk).due_at
    act(case, "question", reviewer, **MORE["question"])
    case.refresh_from_db()
    assert (case.queue, case.holder, case.asking, case.due_at) == ("appraisal", reviewer, "asked", due)
    following = bare_case()
    assert deciding.next_for(reviewer) == following  # not the same file again
    assert refused(case, "question", reviewer, **MORE["question"]) == "not-allowed"  # one at a time


def test_the_clock_stands_until_the_answer(reviewer: User) -> None:
    with time_machine.travel("2026-11-20T02:00:00Z", tick=False):  # Friday, nine o'clock in Hà Nội
        case = bare_case()
    with time_machine.travel("2026-11-20T02:20:00Z", tick=False):
        act(case, "take", reviewer)
        act(case, "question", reviewer, **MORE["question"])
    with time_machine.travel("2026-11-20T07:00:00Z", tick=False):
        asking.answer(finding(case), SAID)
        case.refresh_from_db()
        assert case.due_at == timezone.now() + timedelta(minutes=40)
        assert (case.asking, case.holder) == ("answered", reviewer)


def test_a_promise_is_not_broken_by_a_customer_who_thinks(reviewer: User) -> None:
    with time_machine.travel("2026-11-20T02:00:00Z", tick=False):
        case = bare_case()
        act(case, "take", reviewer)
        act(case, "question", reviewer, **MORE["question"])
    with time_machine.travel("2026-11-20T07:00:00Z", tick=False):
        act(case, "reject", reviewer, reason="forged")  # without waiting any longer
        case.refresh_from_db()
        assert (case.kept, case.left, case.asking) == (True, 60 * 60, "")
        with pytest.raises(Refusal, match="not-asked"):
            asking.answer(finding(case), SAID)


def test_a_question_nobody_answers_lapses_after_three_days(asked: Case) -> None:
    for days, stands in ((3, "asked"), (4, "")):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            deadlines.keep()
            asked.refresh_from_db()
            assert asked.asking == stands


def test_it_is_answered_once(asked: Case) -> None:
    asking.answer(asked.application, SAID)
    with pytest.raises(Refusal, match="not-asked"):
        asking.answer(asked.application, "Hay là không")
    assert asked.remarks.get(kind="answer").words == SAID


def test_a_file_is_asked_about_five_times_a_day_and_no_more(reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    for _question in range(5):
        act(case, "question", reviewer, **MORE["question"])
        asking.answer(finding(case), SAID)
    assert refused(case, "question", reviewer, **MORE["question"]) == "too-many"


@pytest.mark.parametrize(
    "more", [{"reason": "nothing"}, {"reason": "other", "words": "Gì?"}, {"words": "Chị ở đâu thế?"}]
)
def test_a_question_is_of_the_list_or_says_something(more: dict[str, str], reviewer: User) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    assert refused(case, "question", reviewer, **more) == "incomplete"


# ── An answer is part of the file ──


def test_an_answer_takes_the_appraisal_away_that_was_made_without_it(reviewer: User, approver: User) -> None:
    """Promise P6."""
    case = in_approval(reviewer, approver)
    asking.answer(finding(case), SAID)
    case.refresh_from_db()
    assert (case.queue, case.holder, case.asking) == ("appraisal", None, "answered")
    assert not Approval.objects.filter(voided_at=None).exists()
    assert refused(case, "approve", approver) == "not-allowed"


def test_an_answer_written_past_our_rules_takes_the_approval_away_too(reviewer: User, approver: User) -> None:
    """Promise P6."""
    case = in_approval(reviewer, approver)
    question = asking.open_question(Case.objects.get(pk=case.pk))
    act(case, "approve", approver)
    assert approving.granted(finding(case))
    Remark.objects.create(case=case, kind="answer", to=question, words=SAID)
    assert approving.granted(finding(case)) is None


def test_a_page_from_before_the_answer_decides_nothing(asked: Case, reviewer: User) -> None:
    asked.refresh_from_db()
    choice = Choice(asked.turns, file_hash=dossier.digest(asked.application))
    asking.answer(finding(asked), SAID)
    with pytest.raises(Refusal, match="decided-already") as no:
        deciding.decide(asked, "pass", reviewer, choice)
    assert "Khách vừa trả lời" in str(no.value.message)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_an_answer_and_an_approval_at_once_one_wins(reviewer: User, approver: User) -> None:
    """Promise P6."""
    for _try in range(6):
        case = in_approval(reviewer, approver)
        case.refresh_from_db()
        choice = Choice(case.turns, file_hash=dossier.digest(case.application))
        acts: tuple[Callable[[], None], ...] = (
            lambda: deciding.decide(Case.objects.get(pk=case.pk), "approve", approver, choice),  # noqa: B023
            lambda: asking.answer(Application.objects.get(pk=case.application_id), SAID),  # noqa: B023
        )
        results = at_once(2, lambda place: acts[place]())  # noqa: B023
        assert sorted(isinstance(result, Refusal) for result in results) == [False, True]
        approved = Approval.objects.filter(application=case.application, voided_at=None).exists()
        assert approved != case.remarks.filter(kind="answer").exists()


# ── The customer's page ──


@pytest.fixture
def waiting(person: People, signed_in: Callable[[User], Client], reviewer: User) -> tuple[Case, Client]:
    user = person()
    application = an_application(user=user)
    Application.objects.filter(pk=application.pk).update(step="pin", reached="pin")
    application.refresh_from_db()
    application.finish()
    case = Case.objects.select_related("application", "application__data_key").get(application=application)
    act(case, "take", reviewer)
    act(case, "note", reviewer, words="Nghi là hai người dùng chung")
    act(case, "question", reviewer, reason="own-contact", words="<b>Của</b> ai http://example.vn?")
    return case, signed_in(user)


def test_the_question_stands_on_the_waiting_page_and_is_answered_there(waiting: tuple[Case, Client]) -> None:
    """Promise P16."""
    case, client = waiting
    page = client.get("/application/waiting/").content.decode()
    assert "của riêng Quý khách không" in page
    assert "&lt;b&gt;Của&lt;/b&gt;" in page
    assert 'href="http://example.vn' not in page
    assert "hai người dùng chung" not in page  # a note is nobody's but ours
    client.post("/application/waiting/answer/", {"words": " "})
    assert not case.remarks.filter(kind="answer").exists()
    page = client.post("/application/waiting/answer/", {"words": SAID}, follow=True).content.decode()
    assert "Đã gửi câu trả lời" in page
    case.refresh_from_db()
    assert case.asking == "answered"


def test_nobody_answers_for_another(
    waiting: tuple[Case, Client], person: People, signed_in: Callable[[User], Client]
) -> None:
    case, _client = waiting
    signed_in(person()).post("/application/waiting/answer/", {"words": SAID})
    Client().post("/application/waiting/answer/", {"words": SAID})
    case.refresh_from_db()
    assert case.asking == "asked"


def test_the_page_asks_in_the_customers_language(waiting: tuple[Case, Client]) -> None:
    _case, client = waiting
    client.post("/language/", {"language": "en", "next": "/application/waiting/"})
    page = client.get("/application/waiting/").content.decode()
    assert "yours alone" in page


# ── The desk ──


def test_the_next_at_the_desk_reads_what_was_said_and_a_second_opinion_does_not(
    waiting: tuple[Case, Client], reviewer: User, staff: People, signed_in: Callable[[User], Client]
) -> None:
    case, _client = waiting
    asking.answer(finding(case), SAID)
    address = f"/admin/kyc/case/{case.pk}/change/"
    page = signed_in(reviewer).get(address).content.decode()
    assert SAID in page
    act(case, "pass", reviewer)
    approver, other = staff("approver"), staff("reviewer")
    desk = signed_in(approver)
    assert SAID not in desk.get(address).content.decode()  # he does not hold it yet
    act(case, "take", approver)
    page = desk.get(address).content.decode()
    assert SAID in page
    assert "hai người dùng chung" in page
    Case.objects.filter(pk=case.pk).update(queue="second", holder=other)
    assert "hai người dùng chung" not in signed_in(other).get(address).content.decode()


def test_a_question_is_asked_from_the_desk(reviewer: User, signed_in: Callable[[User], Client]) -> None:
    case = bare_case()
    act(case, "take", reviewer)
    case.refresh_from_db()
    posted = {"verb": "question", "turns": case.turns, "reason": "other", "words": "Chị ở đâu\nhiện nay?"}
    signed_in(reviewer).post(f"/admin/kyc/case/{case.pk}/act/", posted)
    assert case.remarks.get().words is not None
    assert Remark.objects.select_related("case__application__data_key").get().words == "Chị ở đâu hiện nay?"
