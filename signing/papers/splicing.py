"""From what WeasyPrint wrote to a layout: in it every marker is a run of glyphs by itself, which is cut out and becomes a
small stream of its own."""

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from signing.papers import fonts
from signing.papers.packing import packed, stream_of
from signing.papers.places import DRAWING, Layout, Place, Slot

MARK = "QXZ"  # begins a marker: letters that no text of ours has in this order
RUN = re.compile(rb"BT\n1 0 0 -1 ([\d.-]+) ([\d.-]+) Tm\n/(\w+) ([\d.]+) Tf\n(\[(?:<[0-9a-f]*>|[\d.-]+|\s)*\] TJ)")
OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.S)


@dataclass(frozen=True)
class Hole:
    """Where a marker stood."""

    marker: int
    font: str
    size: float
    x: float
    y: float
    run: float


@dataclass
class Pieces:
    """What the pages fall into: streams that stay, and the numbers of those that are written for each customer."""

    next_number: int
    streams: dict[int, bytes] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    drawings: dict[str, int] = field(default_factory=dict)

    def number(self) -> int:
        self.next_number += 1
        return self.next_number - 1


def cut(pdf: bytes, names: Sequence[tuple[str, int]], places: Mapping[str, Place], mark: str = MARK) -> Layout:
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    trailer = pdf[pdf.rindex(b"trailer") :]
    catalog, about = (int(first(rb"/%s (\d+) 0 R" % name, trailer)) for name in (b"Root", b"Info"))
    title = text_of(first(rb"/Title <([0-9a-f]+)>", objects[about]))
    styles, pieces = fonts_of(objects), Pieces(max(objects) + 1)
    pages = sorted(number for number, body in objects.items() if body.startswith(b"<</Type /Page/"))
    for page in pages:
        content = int(first(rb"/Contents (\d+) 0 R", objects[page]))
        parts = spliced(objects.pop(content), names, styles, pieces, mark)
        listed = b"[" + b" ".join(b"%d 0 R" % part for part in parts) + b"]"
        objects[page] = objects[page].replace(b"/Contents %d 0 R" % content, b"/Contents " + listed)
    for number in {about, int(first(rb"/Metadata (\d+) 0 R", objects[catalog]))}:
        objects.pop(number)
    metadata = pieces.number()  # the last of the open ones
    objects[catalog] = re.sub(rb"/Metadata \d+ 0 R", b"/Metadata %d 0 R" % metadata, objects[catalog])
    # Where the first page lies, for whoever appends a signature: a name of our own, which readers pass over.
    objects[catalog] = objects[catalog].removesuffix(b">>") + b"/PortalFirstPage %d%s>>" % (
        pages[0], written_later(pieces.slots, places, styles),
    )  # fmt: skip
    fixed, table = packed(objects, pieces.streams, {catalog, pages[0]}, pieces.next_number)
    return Layout(fixed, table, tuple(pieces.slots), styles, places, pieces.drawings, catalog, metadata, title)


def written_later(slots: Sequence[Slot], places: Mapping[str, Place], styles: Mapping[str, str]) -> bytes:
    """In the file itself, for whoever writes there may know another template by then: of each line its place, number
    and stream, style, size and width."""
    lines = [
        b"/%s %d %d /%s %.2f %.2f"
        % (slot.name.encode(), slot.line, slot.number, styles[slot.font].encode(), slot.size, places[slot.name].width)
        for slot in sorted(slots, key=lambda slot: (slot.name, slot.line))
        if places[slot.name].later
    ]
    return b"/PortalLater [%s]" % b" ".join(lines) if lines else b""


def spliced(
    content: bytes, names: Sequence[tuple[str, int]], styles: Mapping[str, str], pieces: Pieces, mark: str
) -> list[int]:
    """The streams of a page in their order: what stays, and between it the holes; drawings at its end."""
    stays, holes = split(stream_of(content), styles, mark)
    parts, slots = list[int](), list[Slot]()
    for place, piece in enumerate(stays):
        parts.append(pieces.number())
        pieces.streams[parts[-1]] = piece
        if place < len(holes):
            hole = holes[place]
            parts.append(pieces.number())
            slots.append(Slot(*names[hole.marker], parts[-1], hole.font, hole.size, hole.x, hole.y, hole.run))
    for slot in slots:
        if slot.name.startswith(DRAWING):
            parts.append(pieces.number())
            pieces.drawings[slot.name] = parts[-1]
    pieces.slots += slots
    return parts


def first(pattern: bytes, text: bytes) -> bytes:
    match = re.search(pattern, text)
    assert match, pattern
    return match.group(1)


def text_of(encoded: bytes) -> str:
    return bytes.fromhex(encoded.decode()).decode("utf-16")


def fonts_of(objects: Mapping[int, bytes]) -> dict[str, str]:
    """As pages name them → which of our styles. Any other font means that the style sheet forgot one."""
    named = next(body for body in objects.values() if re.fullmatch(rb"<<(/\w+ \d+ 0 R)+>>", body) and b"/Type0" in
                 objects[int(first(rb"(\d+) 0 R", body))])  # fmt: skip
    styles = {}
    for name, number in re.findall(rb"/(\w+) (\d+) 0 R", named):
        family = first(rb"/BaseFont /\w+\+([\w-]+)", objects[int(number)]).decode()
        styles[name.decode()] = fonts.STYLES[family]
    return styles


def split(content: bytes, styles: Mapping[str, str], begins: str) -> tuple[list[bytes], list[Hole]]:
    """The page between its markers, and where each of them stood."""
    letters = {
        style: {number: letter for letter, number in fonts.face(style).glyphs.items()} for style in set(styles.values())
    }
    pieces, holes, at = list[bytes](), list[Hole](), 0
    for run in RUN.finditer(content):
        x, y, font, size, shown = run.groups()
        style = styles[font.decode()]
        glyphs = bytes.fromhex(b"".join(re.findall(rb"<([0-9a-f]*)>", shown)).decode())
        numbers = struct.unpack(f">{len(glyphs) // 2}H", glyphs)
        mark = re.fullmatch(begins + r"(\d{3})JKV", "".join(letters[style].get(number, "?") for number in numbers))
        if mark:
            kerns = sum(float(number) for number in re.findall(rb"[\]>\s](-?[\d.]+)(?=[<\]\s])", shown))
            wide = (sum(fonts.face(style).widths[number] for number in numbers) - kerns) * float(size) / 1000
            pieces.append(content[at : run.start(5)])
            holes.append(Hole(int(mark.group(1)), font.decode(), float(size), float(x), float(y), wide))
            at = run.end(5)
    pieces.append(content[at:])
    return pieces, holes
