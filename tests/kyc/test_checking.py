"""What machines find, and that they never claim what they cannot know."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from enrollment.demo.people import declaration_of_nobody
from enrollment.models import Application
from kyc.gateways import ekyc
from kyc.models import Case, Check, Evidence, Mark
from kyc.reading import comparing
from kyc.steps import capture, checking, kinship
from portal.allowances import Limit
from tests.kyc.conftest import a_case, an_application, given

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def outcomes_of(application: Application) -> dict[str, str]:
    checking.check(application)
    return {check.name: check.outcome for check in checking.findings(application)}


def test_a_good_file_passes_what_can_be_known_here() -> None:
    outcomes = outcomes_of(a_case().application)
    for name in (
        "quality",
        "qr",
        "mrz",
        "same-card",
        "declared",
        "validity",
        "number",
        "card-face",
        "still-faces",
        "cues",
        "reuse",
    ):
        assert outcomes[name] == Check.Outcome.PASS, name
    for name in ("card-genuine", "liveness", "match", "ocr"):
        assert outcomes[name] == Check.Outcome.NOT_PERFORMED, name


def test_another_persons_card_is_found() -> None:
    outcomes = outcomes_of(a_case(other=True).application)  # the declaration names another number than the card
    assert outcomes["declared"] == Check.Outcome.FAIL


def test_two_sides_of_two_cards_are_found() -> None:
    assert outcomes_of(a_case(fault="other-card").application)["same-card"] == Check.Outcome.FAIL


def test_another_name_on_the_card_is_found_and_shown_beside_the_declared_one() -> None:
    case = a_case(fault="other-name")
    assert outcomes_of(case.application)["declared"] == Check.Outcome.FAIL
    reads = checking.reads_of(checking.findings(case.application))
    declared = case.application.declaration
    assert declared
    row = next(row for row in comparing.rows(declared, reads) if row.field == "full_name")
    assert row.verdict == comparing.OTHER
    assert ("code", "Lý Thị Mẫu Xoan") in [(statement.source, statement.text) for statement in row.statements]


def test_an_expired_card_fails() -> None:
    person = replace(declaration_of_nobody("Lý Thị Mẫu Xuân", "079170100000", "0912100000"), issued_on=date(2003, 1, 1))
    reads: comparing.Reads = {"machine": {"expires_on": "2010-05-17"}}
    assert checking._validity(person, reads)[0] == Check.Outcome.FAIL


@pytest.mark.parametrize(
    ("declared", "read", "verdict"),
    [
        ("Nguyễn Thị Hòa", "NGUYỄN THỊ HOÀ", "same"),
        ("Nguyễn Thị Hòa", "NGUYEN THI HOA", "same"),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hoá", "near"),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hoàn", "other"),
        ("Đặng Văn Đức", "DANG VAN DUC", "same"),
        ("Lý A", "Lý B", "other"),
    ],
)
def test_names_are_compared_without_accents_and_told_with_them(declared: str, read: str, verdict: str) -> None:
    assert comparing.name_verdict(declared, read) == verdict


def test_a_name_cut_at_the_end_of_the_machines_line_is_the_same() -> None:
    long = "Nguyễn Hoàng Thị Phương Quỳnh Anh Thư"
    assert comparing.name_verdict(long, "NGUYEN HOANG THI PHUONG QUYN", cut=True) == "same"
    assert comparing.name_verdict(long, "NGUYEN HOANG THI PHUONG QUYN") == "other"


def test_the_same_pictures_in_another_persons_application_are_found() -> None:
    first = a_case()
    outcomes_of(first.application)
    second = a_case(other=True)
    outcomes = outcomes_of(second.application)
    assert outcomes["reuse"] == Check.Outcome.UNSURE
    kinds = kinship.shared(second.application)
    assert [other.pk for other, _at in kinds["face-near"]] == [first.application.pk]
    assert [other.pk for other, _at in kinds["address"]] == [first.application.pk]


def test_other_faces_are_no_reuse() -> None:
    outcomes_of(a_case(face=11).application)
    assert outcomes_of(a_case(face=77, other=True).application)["reuse"] == Check.Outcome.PASS


def alike(mine_shows: str, theirs_shows: str) -> tuple[Application, Application]:
    """Two people whose pictures share a band of their traces."""
    mine, theirs = an_application(), an_application()
    for application, trace in ((mine, mine_shows), (theirs, theirs_shows)):
        for kind in kinship.TRACED:
            rows = [(kind, "0:abcd", trace), (kind, f"1:{application.pk}", trace)]
            Mark.objects.bulk_create(
                Mark(application=application, kind=kind, value=value, trace=trace) for kind, value, trace in rows
            )
    return mine, theirs


UNLIKE = ("abcd" + "0" * 60, "abcd" + "f" * 60)


def test_pictures_that_only_share_a_band_are_no_reuse() -> None:
    mine, _theirs = alike(*UNLIKE)
    assert checking._reuse(mine)[0] == Check.Outcome.PASS


def test_a_look_at_reuse_that_came_to_its_bound_is_not_told_as_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinship, "LOOKED_AT", 1)
    mine, _theirs = alike(*UNLIKE)
    assert checking._reuse(mine)[0] == Check.Outcome.UNSURE
    monkeypatch.setattr(kinship, "LOOKED_AT", 2)
    assert checking._reuse(mine)[0] == Check.Outcome.PASS


@pytest.mark.parametrize("kind", kinship.TRACED)
def test_nor_is_one_at_half_of_the_pictures(kind: str) -> None:
    mine, _theirs = alike(*UNLIKE)
    Mark.objects.filter(application=mine, kind=kind).delete()
    assert checking._reuse(mine)[0] == Check.Outcome.UNSURE


def test_one_bound_alone_reached_is_enough_to_be_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = alike(*UNLIKE)
    monkeypatch.setattr(kinship, "LOOKED_AT", 1)
    Mark.objects.filter(application=theirs, kind="face-near").delete()
    assert checking._reuse(mine)[0] == Check.Outcome.UNSURE


def test_ten_bits_of_two_hundred_and_fifty_six_are_alike_and_eleven_are_not() -> None:
    for bits, outcome in ((10, Check.Outcome.UNSURE), (11, Check.Outcome.PASS)):
        mine, _theirs = alike("abcd" + "0" * 60, f"abcd{(1 << bits) - 1:060x}")
        assert checking._reuse(mine)[0] == outcome, bits
        Mark.objects.all().delete()


def test_findings_are_about_these_pictures_and_no_others() -> None:
    case = a_case()
    outcomes_of(case.application)
    assert checking.findings(case.application)
    capture.give(case.application, given(77))
    assert checking.findings(case.application) == []
    assert outcomes_of(case.application)["qr"] == Check.Outcome.PASS


def test_checking_twice_writes_once_and_the_sweep_finds_what_was_lost() -> None:
    case = a_case()
    assert Case.objects.get(pk=case.pk).checked is False
    checking.check_due()
    assert Case.objects.get(pk=case.pk).checked is True
    number = Check.objects.count()
    checking.check(case.application)
    assert Check.objects.count() == number > 10


def test_a_picture_that_cannot_be_opened_holds_up_no_other() -> None:
    broken, good = a_case(), a_case(other=True)
    file = Evidence.objects.filter(application=broken.application, kind="card-front").get().file
    assert file
    default_storage.delete(file.name)
    checking.check_due()
    assert not checking.findings(broken.application)
    assert checking.findings(good.application)


def test_no_number_and_no_name_lies_open_in_what_was_found() -> None:
    case = a_case()
    outcomes_of(case.application)
    stored = json.dumps(
        list(Check.objects.values_list("facts", flat=True)) + list(Mark.objects.values_list("value", flat=True)),
        default=str,
    )
    for secret in ("079190100000", "Xuân", "XUAN", "0912100000"):
        assert secret not in stored


# ── The eKYC service: a stand-in that answers as documented ──


class Service(BaseHTTPRequestHandler):
    answers: dict[str, Any]
    asked: list[str]

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        answer = self.answers.get(self.path, {"message": "IDG-00000400"})
        if self.path.endswith("addFile"):
            assert b'filename="card-front.jpg"' in sent or b'filename="face-near.jpg"' in sent
        if self.headers["Token-id"] != "id" or self.headers["Authorization"] != "Bearer token":
            answer = {"message": "IDG-00000401"}
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def ok(**content: Any) -> dict[str, Any]:
    return {"message": "IDG-00000000", "object": content}


GOOD = {
    "/file-service/v1/addFile": ok(hash="idg-1"),
    "/ai/v1/card/liveness": ok(liveness="success"),
    "/ai/v1/face/liveness": ok(liveness="success"),
    "/ai/v1/face/compare": ok(msg="MATCH", prob=99.33),
}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Service]]:
    kind = type("Kind", (Service,), {"answers": dict(GOOD), "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(settings, "EKYC_URL", f"vnpt+http://id:key@127.0.0.1:{server.server_port}/?access=token")
    monkeypatch.setattr(ekyc, "TIMES", (0.3, 0.3))
    ekyc.gateway.cache_clear()
    yield kind
    server.shutdown()
    server.server_close()
    ekyc.gateway.cache_clear()


PICTURES = {"card-front": b"front", "face-near": b"near"}


def asked() -> dict[str, str]:
    return {name: finding.outcome for name, finding in ekyc.gateway().ask(PICTURES).items()}


def test_what_the_service_is_sure_of_passes(service: type[Service]) -> None:
    assert asked() == {"card-genuine": "pass", "liveness": "pass", "match": "pass"}


@pytest.mark.parametrize(
    ("path", "answer", "name", "outcome"),
    [
        ("/ai/v1/face/compare", ok(msg="MATCH", prob=85.0), "match", "unsure"),
        ("/ai/v1/face/compare", ok(msg="NOMATCH", prob=12.0), "match", "fail"),
        ("/ai/v1/face/compare", ok(msg="NOMATCH", prob=99.0), "match", "unsure"),
        ("/ai/v1/face/compare", ok(msg="MATCH"), "match", "unsure"),
        ("/ai/v1/face/compare", ok(msg="MATCH", prob="abc"), "match", "unsure"),
        ("/ai/v1/face/liveness", ok(liveness="failure"), "liveness", "fail"),
        ("/ai/v1/face/liveness", ok(), "liveness", "unsure"),
        ("/ai/v1/card/liveness", ok(liveness="maybe"), "card-genuine", "unsure"),
        ("/ai/v1/card/liveness", {"message": "IDG-00010445"}, "card-genuine", "not-performed"),
        ("/ai/v1/card/liveness", b"<html>", "card-genuine", "not-performed"),
        ("/ai/v1/card/liveness", [1], "card-genuine", "not-performed"),
        ("/file-service/v1/addFile", ok(hash=None), "match", "not-performed"),
    ],
)
def test_whatever_else_it_says_is_no_pass(
    service: type[Service], path: str, answer: Any, name: str, outcome: str
) -> None:
    service.answers[path] = answer
    assert asked()[name] == outcome


def test_a_service_that_is_down_is_left_alone_for_a_while_and_people_decide(
    service: type[Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers["/ai/v1/card/liveness"] = b"down"
    for _time in range(5):
        assert set(asked().values()) == {"not-performed"}
    calls = len(service.asked)
    assert set(asked().values()) == {"not-performed"}
    assert len(service.asked) == calls  # the circuit is open
    assert isinstance(ekyc.FAILURES, Limit)


def test_a_wrong_address_is_no_pass_either(monkeypatch: pytest.MonkeyPatch) -> None:
    away = ekyc.VnptEkyc("http://127.0.0.1:9", "id", "key", "token")
    assert {finding.outcome for finding in away.ask(PICTURES).values()} == {"not-performed"}
