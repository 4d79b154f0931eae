"""What VNeID's word stands for among the findings, and how it is shown on the desk."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from enrollment.models import Application, Introduction
from kyc import grounds
from kyc.gateways import ekyc
from kyc.models import Case, Check
from kyc.steps import checking, flags, introduced
from portal.models import User
from tests.kyc.conftest import (
    a_case,
    act,
    bare_case,
    basis_now,
    finding,
)
from tests.kyc.introductions import OTHER, an_introduced_case, by_name, by_sql, introduce, said_of

pytestmark = pytest.mark.django_db
People = Callable[..., User]
PASS, FAIL, SKIPPED = Check.Outcome.PASS, Check.Outcome.FAIL, Check.Outcome.NOT_PERFORMED
OF_CARD = [name for name, item in introduced.LOOKS_AT.items() if item == "card-front"]
OF_FACE = [name for name, item in introduced.LOOKS_AT.items() if item == "face"]


def outcomes_of(case: Case) -> dict[str, str]:
    checking.check(finding(case))
    return {check.name: check.outcome for check in checking.findings(finding(case))}


def introduction_of(case: Case) -> Introduction:
    introduction = Introduction.of(case.application)
    assert introduction
    return introduction


def declare_otherwise(case: Case, **differently: Any) -> None:
    """By other means than ours: the page refuses it."""
    declaration = case.application.declaration
    assert declaration
    altered = replace(declaration, **differently).as_json()
    Application.objects.filter(pk=case.application_id).update(declared=case.application.sealed("declared", altered))


# ── Findings ──


def test_of_its_card_nothing_is_claimed_and_vneid_is_named() -> None:
    case = an_introduced_case()
    outcomes = outcomes_of(case)
    assert {outcomes[name] for name in OF_CARD} == {SKIPPED}
    for name in OF_CARD:
        assert by_name(case, name).facts == {"source": "vneid"}
        assert grounds.of(by_name(case, name)) == "Không hỏi lại: VNeID đã xác nhận"
    for name in ("declared", "validity", "issuer", "number", "vneid-face", "still-faces", "cues", "reuse"):
        assert outcomes[name] == PASS, name
    assert flags.of(case.application, checking.findings(case.application)) == []


def test_without_any_picture_there_are_findings_all_the_same() -> None:
    case = an_introduced_case(filmed=False)
    assert [flag.name for flag in flags.of(case.application, [])] == ["unchecked"]
    outcomes = outcomes_of(case)
    assert {outcomes[name] for name in (*OF_CARD, *OF_FACE)} == {SKIPPED}
    assert {outcomes[name] for name in ("declared", "validity", "vneid-face")} == {PASS}


def test_of_others_vneid_is_not_among_the_findings() -> None:
    assert "vneid-face" not in outcomes_of(a_case())


@pytest.mark.parametrize(("face", "outcome"), [(OTHER, FAIL), (None, SKIPPED)])
def test_a_face_that_vneid_did_not_match_is_told_as_it_was(face: object, outcome: str) -> None:
    assert outcomes_of(an_introduced_case(face=face))["vneid-face"] == outcome


@pytest.mark.parametrize(
    "differently",
    [
        {"full_name": "Lý Thị Mẫu Xoan"},
        {"birth_date": date(1990, 1, 1)},
        {"issued_by": "Nơi khác"},
        {"nationality": "Lào"},
        {"full_name": "Ly Thi Mau Xuan"},
    ],
)
def test_a_declaration_that_was_altered_fails_and_says_in_what(differently: dict[str, Any]) -> None:
    case = an_introduced_case()
    declare_otherwise(case, **differently)
    assert outcomes_of(case)["declared"] == FAIL
    (field,) = differently
    assert by_name(case, "declared").facts["differing"] == [f"{field}:vneid"]
    assert "khác VNeID" in grounds.of(by_name(case, "declared"))


@pytest.mark.parametrize("filmed", [True, False])
def test_words_that_are_not_vneids_any_more_fail(filmed: bool) -> None:
    case = an_introduced_case(filmed=filmed)
    introduction = introduction_of(case)
    assert outcomes_of(case)["declared"] == PASS
    said = said_of(case.application, full_name="Lý Thị Mẫu Khác").as_json()
    by_sql(introduction, said=introduction.sealed("said", said))
    assert checking.findings(case.application) == []  # what was found is of other words
    outcomes = outcomes_of(case)
    assert outcomes["declared"] == FAIL
    assert "vneid-face" not in outcomes
    assert "Không còn đúng lời VNeID" in grounds.of(by_name(case, "declared"))


def test_a_file_of_that_way_in_without_an_introduction_fails() -> None:
    case = an_introduced_case(filmed=False)
    by_sql(introduction_of(case), ended="replaced")
    assert outcomes_of(case)["declared"] == FAIL


def test_new_words_need_new_findings() -> None:
    case = an_introduced_case()
    before = basis_now(case)
    by_sql(introduction_of(case), ended="replaced")
    introduce(case.application)
    assert basis_now(case) != before


def test_a_card_whose_end_vneid_told_and_that_is_over_fails() -> None:
    assert outcomes_of(an_introduced_case(expires_on=date(2020, 1, 2)))["validity"] == FAIL


# ── The service that knows whether somebody lives ──


def test_of_a_face_alone_the_service_is_asked_whether_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    service = ekyc.VnptEkyc("http://127.0.0.1:9", "id", "key", "token")
    paths: list[str] = []

    def answer(_service: ekyc.VnptEkyc, path: str, **_sent: Any) -> dict[str, str]:
        paths.append(path)
        return {"hash": "idg-1", "liveness": "success"}

    monkeypatch.setattr(ekyc.VnptEkyc, "_call", answer)
    findings = service.ask({"face-near": b"near"})
    assert {name: finding.outcome for name, finding in findings.items()} == {
        "card-genuine": "not-performed", "liveness": "pass", "match": "not-performed",
    }  # fmt: skip
    assert paths == ["file-service/v1/addFile", "ai/v1/face/liveness"]
    assert {finding.outcome for finding in service.ask({}).values()} == {"not-performed"}


@pytest.fixture
def service_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Until it is taken off again."""
    with monkeypatch.context() as away:
        away.setattr(settings, "EKYC_URL", "vnpt+http://id:key@127.0.0.1:9/?access=token")
        ekyc.gateway.cache_clear()
        yield away
    ekyc.gateway.cache_clear()


def test_a_service_that_was_away_is_asked_again_of_a_face_alone_too(service_away: pytest.MonkeyPatch) -> None:
    case = an_introduced_case()
    checking._look(case)
    case.refresh_from_db()
    assert (case.checked, case.look_after is not None) == (False, True)
    assert by_name(case, "liveness").facts == {"why": "down"}
    service_away.undo()
    ekyc.gateway.cache_clear()
    checking._look(case)
    assert by_name(case, "liveness").facts == {"why": "no-service"}


# ── Before the reviewer ──


@pytest.fixture
def desk(reviewer: User, signed_in: Callable[[User], Client]) -> Callable[[Case], str]:
    client = signed_in(reviewer)

    def page(case: Case) -> str:
        act(case, "take", reviewer)
        return client.get(f"/admin/kyc/case/{case.pk}/change/").content.decode()

    return page


def test_the_desk_shows_what_vneid_said_in_a_column_with_its_time(desk: Callable[[Case], str]) -> None:
    case = an_introduced_case(full_name="Lý Thị Mẫu Xoan")
    outcomes_of(case)
    page, introduction = desk(case), introduction_of(case)
    assert '<th scope="col">VNeID <time>' in page
    assert "Mã QR</th>" not in page
    assert '<td class="other">Lý Thị Mẫu Xoan' in page
    assert '<td class="same">' in page
    assert "VNeID, mức 2, " in page
    assert introduction.transaction in page
    assert "Không qua VNeID" not in page
    assert "item-face" in page
    assert "item-card-front" not in page
    assert "item-card-back" not in page


def test_a_file_without_pictures_says_why(desk: Callable[[Case], str]) -> None:
    assert "Không có ảnh: VNeID đã xác nhận" in desk(an_introduced_case(filmed=False))


def test_the_desk_of_another_file_has_no_such_column(desk: Callable[[Case], str]) -> None:
    page = desk(bare_case())
    assert "Không qua VNeID" in page
    assert "VNeID <time>" not in page
    assert "item-card-front" in page


def test_words_that_are_not_vneids_are_shown_to_nobody(desk: Callable[[Case], str]) -> None:
    case = an_introduced_case()
    said = said_of(case.application, full_name="Lý Thị Mẫu Khác").as_json()
    by_sql(introduction_of(case), said=introduction_of(case).sealed("said", said))
    page = desk(case)
    assert "Mẫu Khác" not in page
    assert "VNeID <time>" not in page
