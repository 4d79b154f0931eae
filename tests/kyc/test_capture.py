"""Pieces that come again, pictures that are looked at, and files that mean harm."""

import io
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from kyc import erasure
from kyc.demo.drawing import Face, jpeg
from kyc.models import Evidence, Mark, Piece, Upload
from kyc.steps import capture
from portal.models import SealedFile, User
from portal.refusals import Refusal
from portal.templatetags.elements import drawing
from tests.kyc.conftest import an_application, given, send, shown

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CAPTURE = "/application/capture/"


def test_a_good_card_is_kept_and_a_new_one_takes_its_place() -> None:
    application = an_application()
    assert send(application, "card-front", shown("front")).answer == {"kept": True}
    first = Evidence.objects.get(application=application, replaced_at=None)
    assert first.facts
    assert first.facts["code"]["number"] == "079190100000"
    assert send(application, "card-front", shown("front", seed=2)).answer == {"kept": True}
    assert Evidence.objects.get(application=application, replaced_at=None).pk != first.pk
    assert capture.missing(application) == ["card-back", "face"]


@pytest.mark.parametrize(
    ("side", "item", "how", "said"),
    [
        ("front", "card-front", {"blur": 5}, "blurred"),
        ("front", "card-front", {"glare": 1.0, "seed": 5}, "glare"),
        ("front", "card-front", {"light": 0.18}, "dark"),
        ("front", "card-front", {"fill": 0.3}, "far"),
        ("back", "card-front", {}, "back-shown"),
        ("front", "card-back", {}, "front-shown"),
    ],
)
def test_a_picture_that_is_not_enough_is_refused_with_its_reason(
    side: str, item: str, how: dict[str, Any], said: str
) -> None:
    application = an_application()
    assert send(application, item, shown(side, **how)).answer == {"refused": said}
    assert not Evidence.objects.filter(application=application).exists()


def test_after_two_refusals_a_poor_picture_may_be_sent_to_people_all_the_same() -> None:
    application = an_application()
    poor = shown("front", blur=5)
    assert send(application, "card-front", poor, insist=True).answer == {"refused": "blurred"}
    send(application, "card-front", poor)
    assert send(application, "card-front", poor, insist=True).answer == {"kept": True}
    facts = Evidence.objects.get(application=application).facts
    assert facts
    assert facts["insisted"] == "blurred"


def test_pieces_may_come_twice_late_or_out_of_turn() -> None:
    application, file = an_application(), shown("front")
    upload = capture.begin(application, uuid.uuid4(), "card-front", len(file), "camera")
    half = len(file) // 2
    assert capture.receive(upload, half, file[half:]) == 0  # out of turn
    assert capture.receive(upload, 0, file[:half]) == half
    assert capture.receive(upload, 0, file[:half]) == half  # the line was lost before the answer came
    assert capture.receive(upload, half, file[half:]) == len(file)
    assert capture.whole(upload) == file


def test_pieces_lie_sealed_and_are_gone_when_the_picture_is_kept() -> None:
    """Promise P18, as far as pictures on their way."""
    application, file = an_application(), shown("back")
    upload = capture.begin(application, uuid.uuid4(), "card-back", len(file), "camera")
    capture.receive(upload, 0, file[:1000])
    assert file[:40] not in Piece.objects.get().sealed.encode()
    assert "JFIF" not in Piece.objects.get().sealed
    send(application, "card-back", file)
    assert not Piece.objects.exists()


def test_an_upload_belongs_to_one_application_and_one_item() -> None:
    mine, other, key = an_application(), an_application(), uuid.uuid4()
    capture.begin(mine, key, "card-front", 100, "camera")
    for application, item in ((other, "card-front"), (mine, "card-back")):
        with pytest.raises(Refusal, match="out-of-step"):
            capture.begin(application, key, item, 100, "camera")


def test_nothing_is_added_once_the_file_went_on() -> None:
    application = an_application()
    Application.objects.filter(pk=application.pk).update(step=Step.REVIEW, moves=9)
    with pytest.raises(Refusal, match="out-of-step"):
        send(application, "card-back", shown("back"))
    assert not Evidence.objects.exists()


def test_it_finishes_with_all_items_and_not_before() -> None:
    application = an_application()
    with pytest.raises(Refusal, match="evidence-missing"):
        capture.finish(application)
    capture.give(application, given())
    capture.finish(application)
    assert application.step == Step.CONTRACT


def test_an_item_that_was_sent_back_must_be_new() -> None:
    application = an_application(Step.PIN)
    capture.give(application, given())
    application.finish()
    application.send_back({"card-back": "glare"})
    assert application.step == Step.CAPTURE
    assert capture.missing(application) == ["card-back"]
    with pytest.raises(Refusal, match="evidence-missing"):
        capture.finish(application)
    send(application, "card-back", shown("back"))
    capture.finish(application)
    assert application.step == Step.REVIEW


# ── The pages ──


def test_the_pages_lead_from_item_to_item(capturing: tuple[Application, Client]) -> None:
    application, client = capturing
    assert client.get("/application/").headers["Location"] == CAPTURE
    page = client.get(CAPTURE).content.decode()
    for word in ("Ảnh mặt trước giấy tờ", "Ảnh mặt sau giấy tờ", "Xác thực khuôn mặt", "Còn 3 trong 3 mục"):
        assert word in page
    for path in ("test/", "card-front/", "card-back/", "face/"):
        assert client.get(CAPTURE + path).status_code == 200
    assert client.get(f"{CAPTURE}passport/").status_code == 404
    capture.give(application, given())
    assert client.post(f"{CAPTURE}done/").headers["Location"] == "/application/contract/"
    application.refresh_from_db()
    assert application.step == Step.CONTRACT


def test_of_a_passport_one_page_is_asked_for_by_its_own_drawing(capturing: tuple[Application, Client]) -> None:
    application, client = capturing
    assert application.declaration
    passport = replace(application.declaration, document="passport")
    Application.objects.filter(pk=application.pk).update(**application.as_declared(passport))
    assert "Còn 2 trong 2 mục" in client.get(CAPTURE).content.decode()
    page = client.get(f"{CAPTURE}card-front/").content.decode()
    assert "<h1>Chụp trang có ảnh</h1>" in page
    assert drawing("passport") in page
    assert client.get(f"{CAPTURE}card-back/").status_code == 404


def test_a_piece_is_posted_and_asked_about(capturing: tuple[Application, Client]) -> None:
    _application, client = capturing
    file, key = shown("back"), uuid.uuid4()
    address = f"{CAPTURE}card-back/{key}/?of={len(file)}&way=camera"
    for start in range(0, len(file), 100_000):
        answer = client.post(
            f"{address}&at={start}", file[start : start + 100_000], content_type="application/octet-stream"
        )
    assert answer.json() == {"received": len(file), "done": True, "refused": "", "said": ""}
    assert client.get(address).json()["done"]


def test_without_javascript_a_photograph_comes_by_a_form(capturing: tuple[Application, Client]) -> None:
    application, client = capturing
    photo = io.BytesIO(shown("front"))
    photo.name = "../../etc/passwd.jpg"
    assert client.post(f"{CAPTURE}card-front/photo/", {"photo": photo}).headers["Location"] == CAPTURE
    assert Evidence.objects.get(application=application).way == "gallery"
    page = client.post(f"{CAPTURE}card-back/photo/", {"photo": io.BytesIO(b"no photo")}, follow=True).content.decode()
    assert "không phải ảnh đọc được" in page


@pytest.mark.parametrize(
    "query", ["", "of=0&way=camera", "of=99999999999&way=camera", "of=10&way=fax", "of=10&way=camera&challenge=1"]
)
def test_a_piece_with_an_odd_address_is_refused(query: str, capturing: tuple[Application, Client]) -> None:
    answer = capturing[1].post(
        f"{CAPTURE}card-front/{uuid.uuid4()}/?{query}", b"x", content_type="application/octet-stream"
    )
    assert answer.status_code in (400, 409, 422)
    assert not Upload.objects.exists()


def test_a_stranger_and_another_step_are_sent_away(
    capturing: tuple[Application, Client], person: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    application, client = capturing
    for path in ("", "test/", "card-front/", "face/"):
        assert Client().get(CAPTURE + path).status_code == 302
        assert signed_in(person()).get(CAPTURE + path).headers["Location"] == "/register/"
    Application.objects.filter(pk=application.pk).update(step=Step.CONTRACT)
    assert client.get(CAPTURE).headers["Location"] == "/application/contract/"


def test_the_same_phone_is_marked_blindly(capturing: tuple[Application, Client]) -> None:
    application, client = capturing
    client.get(f"{CAPTURE}card-front/")
    client.get(f"{CAPTURE}card-back/")
    mark = Mark.objects.get(application=application, kind="device")
    assert client.cookies["capture-device"].value not in mark.value


def test_erasing_takes_files_and_marks_along() -> None:
    application = an_application()
    capture.give(application, given())
    names = list(SealedFile.objects.values_list("name", flat=True))
    application.data_key.erase(timezone.now())
    erasure.erased(application)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("django.db.transaction.on_commit", lambda act, **_how: act())
        capture.tidy()
    assert names
    assert not any(default_storage.exists(name) for name in names)
    assert not Evidence.objects.exclude(file=None).exists()
    assert set(Evidence.objects.values_list("digest", flat=True)) == {""}


def test_a_face_is_no_card() -> None:
    application = an_application()
    answer = send(application, "card-back", jpeg(Face(7).seen(0.4, size=(1200, 900)))).answer
    assert answer in ({"refused": "front-shown"}, {"refused": "blurred"})
