"""A stranger's picture, decoded within limits, and the QR codes in it. Knows no Django: where it matters it runs as a
program of isolation.py, in a process that has nothing to lose."""

import io
from typing import IO, Any

import zxingcpp
from PIL import Image, ImageFile

MAX_PIXELS = {"JPEG": 24_000_000, "PNG": 6_000_000, "WEBP": 6_000_000}  # only JPEG is decoded at a smaller scale
MAX_SCANS = 24  # of a progressive JPEG; each costs as much as a whole picture, and 42 bytes
QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
SIDE = 2000  # pixels that suffice for the QR of a card that fills the frame
# Whatever a decoder meets in a stranger's file: a word to the person who sent it.
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, OverflowError, Image.DecompressionBombError)
ImageFile.LOAD_TRUNCATED_IMAGES = False  # half a picture is none


def opened(photo: IO[bytes]) -> Image.Image:
    """Within limits: the size is looked at before the pixels are."""
    image = Image.open(photo, formats=tuple(MAX_PIXELS))
    if image.width * image.height > MAX_PIXELS[str(image.format)]:
        raise ValueError("too many pixels")
    if image.format == "JPEG" and scans_of(photo) > MAX_SCANS:
        raise ValueError("too many scans")
    return image


def scans_of(photo: IO[bytes]) -> int:
    place = photo.tell()
    photo.seek(0)
    scans = photo.read().count(b"\xff\xda")
    photo.seek(place)
    return scans


def reduce(image: Image.Image, mode: str, side: int) -> None:
    """While it is decoded, as far as a JPEG's own scales go; asked for by its true shape, else they go no way at all."""
    scale = side / max(image.size)
    if scale < 1:
        image.draft(mode, (int(image.width * scale), int(image.height * scale)))
        image.thumbnail((side, side), Image.Resampling.BILINEAR)


def codes_in(grey: Image.Image) -> list[str]:
    """What the QR codes say, as text."""
    barcodes = zxingcpp.read_barcodes(grey, formats=QR, text_mode=zxingcpp.TextMode.Plain)
    return [barcode.text for barcode in barcodes][:8]


# ── As a program ──


def warm() -> None:
    """Every format once: decoders are brought in when they are first needed, and later nothing can be."""
    for kind in MAX_PIXELS:
        drawn = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.effect_noise((64, 48), 40).convert("RGB").save(drawn, kind, exif=exif)
        image = opened(drawn)
        image.getexif().get(0x0112)
        reduce(image, "RGB", 32)
        codes_in(image.convert("L"))


def codes(photo: bytes) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    try:
        image = opened(io.BytesIO(photo))
        reduce(image, "L", SIDE)
        return {"codes": codes_in(image.convert("L"))}, ()
    except UNREADABLE:
        return {"unreadable": True}, ()
