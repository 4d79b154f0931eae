"""Where a customer's own words go in a paper, and the paper with these places left open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

VALUE: Final = 430.0  # the width of a value beside its label, in the pixels of the style sheet
DRAWING = "drawing"
Strokes = Sequence[Sequence[Sequence[float]]]  # strokes of points, x and y between 0 and 1 of the box


@dataclass(frozen=True)
class Place:
    """Where a value goes: in how many lines of what width, and to which side it keeps."""

    lines: int = 1
    width: float = VALUE
    side: str = "left"
    later: bool = False  # shown empty, and written once what was shown is confirmed: see completing.py


@dataclass(frozen=True)
class Row:
    """One of a table: its label, the English of it, and the name of the fact."""

    label: str
    gloss: str
    name: str
    lines: int = 1


@dataclass(frozen=True)
class Slot:
    """One line of a place, as it was found in the laid-out page."""

    name: str
    line: int
    number: int  # of its stream
    font: str
    size: float
    x: float
    y: float
    run: float  # how wide the marker was


@dataclass(frozen=True)
class Layout:
    """A document with holes: what never changes, where it lies, and what goes into the holes."""

    fixed: bytes
    table: bytes  # of places: seven bytes for each object, those of the holes still open
    slots: tuple[Slot, ...]
    fonts: dict[str, str]  # as pages name them → style
    places: Mapping[str, Place]
    drawings: dict[str, int]  # slot → the stream at the end of its page
    catalog: int
    metadata: int  # the stream that describes the document, open too
    title: str

    @property
    def last(self) -> int:
        return len(self.table) // 7

    def slot(self, name: str) -> Slot:
        """The first line of a place."""
        return next(slot for slot in self.slots if slot.name == name)


class DoesNotFit(Exception):
    """A value that is wider than its place, or has letters that the fonts lack."""


def source(name: str) -> str:
    """A fact that is printed in two places has two names: "number" and "number__again"."""
    return name.partition("__")[0]
