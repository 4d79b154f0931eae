"""From a photograph to what the card's QR says. Nothing of the picture is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import zxingcpp
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageFile

from enrollment.identity import Card, read_card
from portal.refusals import Refusal

MAX_BYTES = 12_000_000
MAX_PIXELS = {"JPEG": 24_000_000, "PNG": 6_000_000, "WEBP": 6_000_000}  # only JPEG is decoded at a smaller scale
MAX_SCANS = 24  # of a progressive JPEG; each costs as much as a whole picture, and 42 bytes
QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
SIDE = 2000  # pixels that suffice for the QR of a card that fills the frame


def read(photo: IO[bytes], size: int) -> Card:
    if size > MAX_BYTES:
        raise Refusal("photo-too-large", _("Ảnh quá lớn. Quý khách hãy chụp lại ở cỡ ảnh thường."), status=413)
    for code in zxingcpp.read_barcodes(grey(photo), formats=QR, text_mode=zxingcpp.TextMode.Plain):
        if card := read_card(code.text):
            return card
    raise Refusal(
        "no-card-code",
        _(
            "Chưa đọc được mã QR của thẻ. Quý khách đưa mã QR vào giữa khung, đủ sáng, không lóa, rồi chụp lại; hoặc tự nhập."
        ),
        status=422,
    )


def scans_of(photo: IO[bytes]) -> int:
    place = photo.tell()
    photo.seek(0)
    scans = photo.read(MAX_BYTES).count(b"\xff\xda")
    photo.seek(place)
    return scans


def grey(photo: IO[bytes]) -> Image.Image:
    with decoding():
        image = opened(photo)
        reduce(image, "L", SIDE)
        return image.convert("L")


def reduce(image: Image.Image, mode: str, side: int) -> None:
    """While it is decoded, as far as a JPEG's own scales go; asked for by its true shape, else they go no way at all."""
    scale = side / max(image.size)
    if scale < 1:
        image.draft(mode, (int(image.width * scale), int(image.height * scale)))
        image.thumbnail((side, side), Image.Resampling.BILINEAR)


def opened(photo: IO[bytes]) -> Image.Image:
    """Within limits: the size is looked at before the pixels are."""
    image = Image.open(photo, formats=tuple(MAX_PIXELS))
    if image.width * image.height > MAX_PIXELS[str(image.format)]:
        raise ValueError("too many pixels")
    if image.format == "JPEG" and scans_of(photo) > MAX_SCANS:
        raise ValueError("too many scans")
    return image


@contextmanager
def decoding() -> Iterator[None]:
    """Whatever a decoder meets in a stranger's file is a word to the person who sent it."""
    # WeasyPrint, where it is imported, lets the whole process take half a picture.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, Image.DecompressionBombError) as wrong:
        raise Refusal(
            "not-a-photo", _("Tệp này không phải ảnh đọc được. Quý khách hãy chọn ảnh JPEG hoặc PNG."), status=422
        ) from wrong
