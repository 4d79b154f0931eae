"""The fonts that papers are set in: one family in three styles, with what is needed to set a line of it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent / "data" / "fonts"
STYLES: Mapping[str, str] = {"Noto-Serif": "Regular", "Noto-Serif-Bold": "Bold", "Noto-Serif-Italic": "Italic"}


@dataclass(frozen=True)
class Face:
    """What of a font is needed to set a line: its glyphs and how wide each is, in thousandths."""

    glyphs: dict[str, int]
    widths: list[float]

    def width(self, text: str) -> float:
        return sum(self.widths[self.glyphs[letter]] for letter in text)

    def has(self, text: str) -> bool:
        return all(letter in self.glyphs for letter in text)


@cache
def face(style: str) -> Face:
    font = TTFont(file_of(style))
    order = {name: place for place, name in enumerate(font.getGlyphOrder())}
    widths = [font["hmtx"][name][0] * 1000 / font["head"].unitsPerEm for name in font.getGlyphOrder()]
    return Face({chr(code): order[name] for code, name in font.getBestCmap().items()}, widths)


@cache
def embedded() -> dict[str, str]:
    """As a page carries them: nothing is fetched."""
    return {style: base64.b64encode(file_of(style).read_bytes()).decode() for style in STYLES.values()}


def file_of(style: str) -> Path:
    return FONTS / f"NotoSerif-{style}.ttf"


def known(text: str) -> str:
    """A letter that our fonts lack becomes a question mark, rather than a letter of whatever font this machine has."""
    return "".join(letter if face("Regular").has(letter) else "?" for letter in text)
