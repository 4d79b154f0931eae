"""The letters in which specimens and watermarks are written, and from which the reader knows what OCR-B looks like."""

from functools import cache
from pathlib import Path

from PIL import ImageDraw, ImageFont

PAGES = Path(__file__).resolve().parent.parent / "static" / "portal" / "fonts"
OCR_B = Path(__file__).parent / "data" / "OCRB.otf"
Ink = float | tuple[int, ...] | str


@cache
def page(size: int, *, bold: bool = False, part: str = "latin") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(PAGES / f"be-vietnam-pro-{part}-{600 if bold else 400}-normal.woff2", size)


@cache
def machine(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(OCR_B, size)


def of(letter: str, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The pages' font comes in two files: each letter is taken from the one that has it."""
    return page(size, bold=bold, part="latin" if ord(letter) < 0x100 else "vietnamese")


def write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, ink: Ink, *, bold: bool = False
) -> None:
    x, y = at
    for letter in text:
        known = of(letter, size, bold=bold)
        draw.text((x, y), letter, font=known, fill=ink, anchor="ls")
        x += known.getlength(letter)
