"""Pieces that come again, pictures that are looked at, and files that mean harm."""

import io
import resource
import struct
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image, PngImagePlugin

from enrollment.journey import Step
from enrollment.models import Application
from kyc import erasure
from kyc.demo.drawing import Face, jpeg
from kyc.models import Evidence, Mark, Piece, Upload
from kyc.steps import capture
from portal.models import SealedFile, User
from portal.refusals import Refusal
from portal.templatetags.elements import drawing
from signing.papers import layout
from tests.kyc.conftest import an_application, given, send, shown, try_face

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


# ── Hostile files (promise P15) ──


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def saved(kind: str, size: tuple[int, int] = (64, 64), **how: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, kind, **how)
    return file.getvalue()


def long_comment() -> PngImagePlugin.PngInfo:
    comment = PngImagePlugin.PngInfo()
    comment.add_text("comment", "x" * 3_000_000, zip=True)
    return comment


def cut() -> bytes:
    good = shown("front")
    return good[: len(good) // 3]


def many_scans() -> bytes:
    good = shown("front")
    scan = good.index(b"\xff\xda")
    return good[:-2] + good[scan : scan + 60] * 1000


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty but a byte": lambda: b"\0",
    "one pixel": lambda: saved("PNG", size=(1, 1)),
    "a thread": lambda: saved("PNG", size=(1, 6000)),
    "text": lambda: b"khong phai anh" * 100,
    "html": lambda: b"<html><script>alert(1)</script></html>",
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "pdf": lambda: b"%PDF-1.7\n" + b"0" * 5000,
    "zip bomb": lambda: zlib.compress(b"\0" * 50_000_000),
    "png bomb": lambda: png(50_000, 50_000, zlib.compress(b"\0" * 30_000_000)),
    "png just above": lambda: png(3000, 2500, zlib.compress(b"\0" * (3000 * 3 + 1) * 2500)),
    "png lying about its size": lambda: png(800, 800, zlib.compress(b"\0" * 100)),
    "png zero wide": lambda: png(0, 10, zlib.compress(b"")),
    "png with a text bomb": lambda: saved("PNG", pnginfo=long_comment()),
    "gif": lambda: saved("GIF"),
    "tiff": lambda: saved("TIFF"),
    "bmp": lambda: saved("BMP"),
    "ico": lambda: saved("ICO"),
    "cut jpeg": cut,
    "jpeg head alone": lambda: shown("front")[:200],
    "jpeg of a thousand scans": many_scans,
    "jpeg with a lying height": lambda: shown("front").replace(
        b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x08\xff\xff", 1
    ),
    "webp head alone": lambda: saved("WEBP")[:30],
    "video": lambda: b"\x1aE\xdf\xa3" + b"\x42\x86\x81\x01" * 2000,
    "mp4": lambda: b"\0\0\0\x18ftypmp42" + b"\xff" * 8000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_at_little_cost(what: str) -> None:
    """Promise P15."""
    application, file = an_application(), HOSTILE[what]()
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    answer = send(application, "card-front", file).answer
    assert answer
    assert answer.get("refused") in {"not-a-photo", "small", "dark", "blurred", "far"}
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KiB
    assert not Evidence.objects.exists()


def test_half_a_photograph_is_refused_also_where_papers_are_printed() -> None:
    """WeasyPrint tells Pillow, for the whole process, to take what was cut off."""
    layout.printed("<p>x</p>")
    assert send(an_application(), "card-front", cut()).answer == {"refused": "not-a-photo"}


@pytest.mark.parametrize(
    "film", [b"{}\n", b"[" * 100_000, b'{"frames": [{"at": 0, "size": 5}]}\nhello', b"\xff" * 500_000]
)
def test_a_broken_film_is_refused_too(film: bytes) -> None:
    began = time.process_time()
    answer = try_face(an_application(), lambda _challenge: film).answer
    assert answer in ({"refused": "wrong-film"}, {"refused": "not-a-photo"})
    assert time.process_time() - began < 2


def test_what_is_kept_carries_pixels_and_nothing_else() -> None:
    """Promise P15, as far as stored bytes: a comment, an EXIF place, a trailing archive are left behind."""
    application = an_application()
    exif = Image.Exif()
    exif[0x010E] = "PLANTED-EXIF"
    file = io.BytesIO()
    picture = Image.open(io.BytesIO(shown("back")))
    picture.save(file, "JPEG", quality=90, exif=exif, comment=b"PLANTED-COMMENT")
    send(application, "card-back", file.getvalue() + b"PK\x03\x04PLANTED-TRAILER")
    evidence = Evidence.objects.get()
    assert evidence.file
    sealed = default_storage.open(evidence.file.name).read()
    assert b"PLANTED" not in evidence.file.read() + sealed
    assert b"JFIF" not in sealed


def test_a_picture_lying_on_its_side_is_set_upright() -> None:
    application = an_application()
    upright = Image.open(io.BytesIO(shown("back")))
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", quality=90, exif=exif)
    assert send(application, "card-back", file.getvalue()).answer == {"kept": True}
    kept = Evidence.objects.get().file
    assert kept
    assert Image.open(io.BytesIO(kept.read())).size == upright.size


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
