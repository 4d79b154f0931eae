"""What is not asked for once more of whom VNeID introduced: the card by its word, the face by a policy of two people alone."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from enrollment import dossier
from enrollment.gateways.vneid import Face
from enrollment.identity import Document
from enrollment.journey import Step
from enrollment.models import Application, Introduction
from enrollment.steps import declaration, welcoming
from kyc import sheet
from kyc.models import Policy
from kyc.steps import capture
from kyc.steps.review import law
from kyc.steps.sparing import needed
from portal.models import User
from portal.refusals import Refusal
from tests.kyc.conftest import a_policy, act, an_application, finding, given, refused
from tests.kyc.introductions import (
    MATCHED,
    OTHER,
    an_introduced,
    an_introduced_case,
    arriving,
    by_sql,
    introduce,
    introduction,
    said_of,
)

pytestmark = pytest.mark.django_db
ALL = ("card-front", "card-back", "face")
Known = Callable[[Application, Introduction], None]


def sparing_policy(status: str = "live") -> Policy:
    return a_policy(status=status, spares_face=True)


def test_without_an_introduction_all_is_asked_for_whatever_a_policy_spares() -> None:
    sparing_policy()
    assert needed(an_application()) == ALL


def test_of_a_passport_one_page_and_the_face_are_asked_for() -> None:
    application = an_application()
    assert application.declaration
    application.declared = replace(application.declaration, document=Document.PASSPORT).as_json()
    assert needed(application) == ("card-front", "face")


def test_of_whom_vneid_introduced_only_the_face_is_asked_for() -> None:
    assert needed(an_introduced()) == ("face",)
    assert arriving().step == Step.CAPTURE


def test_where_a_policy_spares_the_face_the_step_is_done_on_arrival() -> None:
    sparing_policy()
    application = arriving()
    assert needed(application) == ()
    assert application.step == application.reached == Step.CONTRACT
    moves = list(application.trail.order_by("pk").values_list("verb", "origin", "step"))
    assert moves[-2:] == [("finished", "payment", "capture"), ("finished", "capture", "contract")]


@pytest.mark.parametrize("face", [OTHER, None])
def test_a_face_that_vneid_did_not_match_is_asked_for_whatever_the_policy(face: object) -> None:
    sparing_policy()
    assert needed(an_introduced(face=face)) == ("face",)
    assert arriving(face=face).step == Step.CAPTURE


def test_a_policy_that_spares_no_face_spares_none() -> None:
    a_policy(status="live")
    assert needed(an_introduced()) == ("face",)


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_policy_that_is_not_at_work_or_was_put_there_by_other_means_spares_nobody(status: str) -> None:
    policy = sparing_policy(status)
    assert needed(an_introduced()) == ("face",)
    Policy.objects.filter(pk=policy.pk).update(status="live", mac="0" * 64)
    assert arriving().step == Step.CAPTURE


def test_a_live_policy_that_was_altered_spares_nobody() -> None:
    policy = a_policy(status="live")
    Policy.objects.filter(pk=policy.pk).update(spares_face=True)
    assert needed(an_introduced()) == ("face",)


def test_what_was_said_at_level_one_spares_nothing() -> None:
    sparing_policy()
    assert needed(an_introduced(level=1)) == ALL


def other_words(application: Application, introduction: Introduction) -> None:
    said = said_of(application, full_name="Lý Thị Mẫu Khác").as_json()
    by_sql(introduction, said=introduction.sealed("said", said))


def another_persons(application: Application, introduction: Introduction) -> None:
    by_sql(introduction, application=None)
    introduce(application, number="079190999999")


ALTERED: dict[str, Known] = {
    "other words": other_words,
    "another hash": lambda _application, row: by_sql(row, said_hash="0" * 64),
    "a higher level": lambda _application, row: by_sql(row, level=3),
    "another person": lambda _application, row: by_sql(row, person_index="f" * 64),
    "another's introduction": another_persons,
    "no words": lambda _application, row: by_sql(row, said=None),
    "ended": lambda _application, row: by_sql(row, ended="replaced"),
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_introduction_that_was_altered_spares_nothing_and_the_file_is_not_sound(how: str) -> None:
    sparing_policy()
    application = an_introduced()
    introduction = Introduction.of(application)
    assert introduction
    assert dossier.is_sound(application)
    ALTERED[how](application, introduction)
    assert needed(application) == ALL
    assert not dossier.is_sound(application)


def test_one_moved_over_from_another_application_spares_nothing() -> None:
    theirs, mine = an_introduced(), an_application()
    Introduction.objects.filter(application=theirs).update(application=mine, person_index=mine.person_index)
    assert needed(mine) == ALL


# ── On the pages ──


@pytest.fixture
def at_capture(person: Callable[..., User], signed_in: Callable[[User], Client]) -> tuple[Application, Client]:
    user = person()
    return an_introduced(user=user), signed_in(user)


def test_the_page_shows_the_face_alone_and_counts_it(at_capture: tuple[Application, Client]) -> None:
    _application, client = at_capture
    page = client.get("/application/capture/").content.decode()
    assert "Còn 1 trong 1 mục" in page
    assert "chỉ cần ghi khuôn mặt" in page
    assert "card-front" not in page
    assert "card-back" not in page
    assert "/application/capture/face/" in client.get("/application/capture/test/").content.decode()
    assert client.get("/application/capture/face/").status_code == 200
    assert client.get("/application/capture/card-front/").status_code == 404


def test_no_picture_of_a_card_is_taken_in(at_capture: tuple[Application, Client]) -> None:
    application, _client = at_capture
    with pytest.raises(Refusal, match="out-of-step"):
        capture.take_in(application, "card-front", io.BytesIO(b"abc"), 3, "camera")


def test_with_the_face_the_step_is_done(at_capture: tuple[Application, Client]) -> None:
    application, client = at_capture
    client.post("/application/capture/done/")
    assert finding_of(application).step == Step.CAPTURE
    capture.give(application, {"face": given()["face"]})
    client.post("/application/capture/done/")
    assert finding_of(application).step == Step.CONTRACT


def finding_of(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


# ── A policy changes meanwhile ──


def test_whoever_waits_at_the_camera_as_a_policy_goes_live_goes_on(at_capture: tuple[Application, Client]) -> None:
    application, client = at_capture
    sparing_policy()
    page = client.get("/application/capture/").content.decode()
    assert "không phải chụp gì thêm" in page
    assert "mục" not in page.partition('<ol class="evidence">')[2].partition("</main>")[0]
    assert "card-front" not in client.get("/application/capture/test/").content.decode()
    client.post("/application/capture/done/")
    assert finding_of(application).step == Step.CONTRACT


def test_a_face_that_was_spared_can_be_asked_for_once_the_policy_is_gone(reviewer: User) -> None:
    policy = sparing_policy()
    case = an_introduced_case(filmed=False)
    assert "face" not in law.may_send_back(case.application)
    Policy.objects.filter(pk=policy.pk).update(status="retired", mac="")
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, items={"face": "dark"})
    application = finding(case)
    assert (application.step, needed(application)) == (Step.CAPTURE, ("face",))
    capture.give(application, {"face": given()["face"]})
    capture.finish(application)
    assert application.step == Step.REVIEW


def test_what_a_reviewer_asked_for_again_stays_asked_for_though_a_policy_spares_it_now(reviewer: User) -> None:
    case = an_introduced_case()
    sparing_policy()
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, items={"face": "dark"})
    application = finding(case)
    assert (application.step, capture.missing(application)) == (Step.CAPTURE, ["face"])


def test_pictures_of_a_card_cannot_be_sent_back(reviewer: User) -> None:
    case = an_introduced_case()
    assert {"card-front", "card-back"} & set(law.may_send_back(case.application)) == set()
    act(case, "take", reviewer)
    assert refused(case, "send-back", reviewer, items={"card-front": "glare"}) == "incomplete"
    assert refused(case, "send-back", reviewer, items={"card-back": "glare", "face": "dark"}) == "incomplete"


# ── What staff read of it ──


def test_the_source_stands_on_the_sheet_with_level_time_and_transaction() -> None:
    application = an_introduced()
    introduction = Introduction.of(application)
    assert introduction
    (name, words), *_others = sheet.rows(application)
    assert name == "Nguồn"
    assert words.startswith("VNeID, mức 2, ")
    assert words.endswith(f", giao dịch {introduction.transaction}")
    introduction.data_key.erase(timezone.now())
    assert sheet.rows(application)[0] == (name, words)  # erased, it still stands
    by_sql(introduction, level=3)
    assert "không dùng được" in sheet.rows(application)[0][1]


@pytest.mark.parametrize(
    ("face", "words"), [(MATCHED, "Đạt · điểm 0.97"), (OTHER, "Không đạt · điểm 0.41"), (None, "")]
)
def test_how_vneid_found_the_face_stands_beside_its_source(face: Face | None, words: str) -> None:
    rows = dict(sheet.source(an_introduced(face=face)))
    assert rows.get("So khuôn mặt trên VNeID", "") == words


def test_of_an_erased_file_the_source_is_told_as_erased() -> None:
    application = an_introduced()
    application.erased_at = timezone.now()
    assert sheet.source(application) == [("Nguồn", "VNeID; đã xóa theo lịch")]


def test_of_others_no_source_is_told() -> None:
    assert sheet.rows(an_application()) == []


def test_other_words_of_vneids_ask_for_the_face_that_its_first_words_had_spared(reviewer: User) -> None:
    """And for the contract, which names where they came from."""
    sparing_policy()
    case = an_introduced_case(filmed=False)
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, items={"name": "differs"})
    application = finding(case)
    declared = application.declaration
    assert declared
    welcoming.renew(introduction(said_of(application, face=OTHER)), application)
    declaration.declare(application, declared)
    assert (application.step, application.redo) == (Step.CAPTURE, [Step.CAPTURE, Step.CONTRACT])
    assert capture.missing(application) == ["face"]
