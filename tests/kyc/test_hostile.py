"""Files that mean harm (promise P15)."""

import io
import resource
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image, PngImagePlugin

from kyc.models import Evidence
from signing.papers import layout
from tests.kyc.conftest import an_application, send, shown, try_face

pytestmark = [pytest.mark.django_db, pytest.mark.once]


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
