"""Templates into PDFs: tagged PDF/A-3a, fonts embedded, the same bytes whenever the same is printed.

WeasyPrint lays a document out once per version, with a marker in each place where a customer's own words go. In what it
wrote every marker is a run of glyphs by itself, which is cut out and becomes a small stream of its own. For a customer
only these streams, the dates and the table of places are written; all else is copied. What does not fit its place is
laid out by itself, the slow way."""

import base64
import hashlib
import io
import itertools
import re
import secrets
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.template.loader import render_to_string
from fontTools.ttLib import TTFont

log = structlog.get_logger(__name__)
FONTS = Path(__file__).parent / "data" / "fonts"
MARK = "QXZ"  # begins a marker: letters that no text of ours has in this order
RUN = re.compile(rb"BT\n1 0 0 -1 ([\d.-]+) ([\d.-]+) Tm\n/(\w+) ([\d.]+) Tf\n(\[(?:<[0-9a-f]*>|[\d.-]+|\s)*\] TJ)")
OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.S)
VALUE: Final = 430.0  # the width of a value beside its label, in the pixels of the style sheet
DRAWING = "drawing"
Strokes = Sequence[Sequence[Sequence[float]]]  # strokes of points, x and y between 0 and 1 of the box


@dataclass(frozen=True)
class Place:
    """Where a value goes: in how many lines of what width, and to which side it keeps."""

    lines: int = 1
    width: float = VALUE
    side: str = "left"


@dataclass(frozen=True)
class Row:
    label: str
    gloss: str
    name: str
    lines: int = 1


@dataclass(frozen=True)
class Slot:
    name: str
    line: int
    number: int  # of its stream
    font: str
    size: float
    x: float
    y: float
    run: float  # how wide the marker was


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
    font = TTFont(FONTS / f"NotoSerif-{style}.ttf")
    order = {name: place for place, name in enumerate(font.getGlyphOrder())}
    widths = [font["hmtx"][name][0] * 1000 / font["head"].unitsPerEm for name in font.getGlyphOrder()]
    return Face({chr(code): order[name] for code, name in font.getBestCmap().items()}, widths)


class DoesNotFit(Exception):
    """A value that is wider than its place, or has letters that the fonts lack."""


# ── Laying out, once per version ──


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
    title: str

    @property
    def last(self) -> int:
        return len(self.table) // 7


def html_of(template: str, facts: Mapping[str, Any], fixed: Mapping[str, Any]) -> str:
    """Tables are told as rows of label, gloss and the name of a fact; here each gets its words."""
    tables = {
        name: [{"label": row.label, "gloss": row.gloss, "value": facts[row.name]} for row in value]
        for name, value in fixed.items()
        if isinstance(value, tuple) and value and isinstance(value[0], Row)
    }
    return render_to_string(template, {"f": facts, "fonts": embedded_fonts(), **fixed, **tables})


@cache
def embedded_fonts() -> dict[str, str]:
    return {
        style: base64.b64encode((FONTS / f"NotoSerif-{style}.ttf").read_bytes()).decode()
        for style in ("Regular", "Bold", "Italic")
    }


def weasyprint(html: str) -> bytes:
    """Its output for the same page is kept on disk: a process that only fills layouts need not even import it."""
    key = hashlib.sha256(html.encode()).hexdigest()
    kept = settings.STATE / "paper" / f"{key}.pdf"
    if kept.exists():
        return bytes(kept.read_bytes())
    made = printed(html)
    kept.parent.mkdir(exist_ok=True)
    aside = kept.with_suffix(f".{secrets.token_hex(4)}")  # several processes may be at it
    aside.write_bytes(made)
    aside.replace(kept)
    return made


def printed(html: str) -> bytes:
    """Nothing is fetched from anywhere, whatever the text says (promise P16): the fonts are in the page."""
    from weasyprint import HTML  # it takes more than a second to come, and most processes never need it
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    return bytes(
        HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
        .write_pdf(
            font_config=FontConfiguration(),
            pdf_variant="pdf/a-3a",
            pdf_identifier=b"portal",
            full_fonts=True,
            uncompressed_pdf=True,
        )
    )  # fmt: skip


@lru_cache(32)
def layout(template: str, fixed: tuple[tuple[str, Any], ...], places: tuple[tuple[str, Place], ...]) -> Layout:
    """With markers; the template's own parts are what `fixed` names."""
    known, markers, names = dict(places), dict[str, Any](), list[tuple[str, int]]()
    for name, place in known.items():
        marks = []
        for line in range(place.lines):
            marks.append(marked(MARK, len(names)))
            names.append((name, line))
        markers[name] = Safe("<br>".join(marks))
    return cut(weasyprint(html_of(template, markers, dict(fixed))), names, known)


class Safe(str):
    """Markup of our own making, for the template."""

    def __html__(self) -> str:
        return self


def marked(mark: str, number: int) -> str:
    return f"<span>{mark}{number:03d}JKV</span>"


def cut(pdf: bytes, names: Sequence[tuple[str, int]], places: Mapping[str, Place], mark: str = MARK) -> Layout:
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    trailer = pdf[pdf.rindex(b"trailer") :]
    catalog = int(found(rb"/Root (\d+) 0 R", trailer))
    dropped = {int(found(rb"/Info (\d+) 0 R", trailer)), int(found(rb"/Metadata (\d+) 0 R", objects[catalog]))}
    title = text_of(found(rb"/Title <([0-9a-f]+)>", objects[int(found(rb"/Info (\d+) 0 R", trailer))]))
    fonts = fonts_of(objects)
    next_number, slots, drawings = max(objects) + 1, list[Slot](), dict[str, int]()
    streams: dict[int, bytes] = {}
    pages = [number for number, body in objects.items() if body.startswith(b"<</Type /Page/")]
    for page in sorted(pages):
        content = int(found(rb"/Contents (\d+) 0 R", objects[page]))
        pieces, holes = split(stream_of(objects.pop(content)), fonts, mark)
        parts = list[int]()
        for place, piece in enumerate(pieces):
            streams[next_number] = piece
            parts.append(next_number)
            next_number += 1
            if place < len(holes):
                name, font, size, x, y, run = holes[place]
                slots.append(Slot(*names[name], next_number, font, size, x, y, run))
                parts.append(next_number)
                next_number += 1
        for slot in slots:
            if slot.name.startswith(DRAWING) and slot.number in parts:
                drawings[slot.name] = next_number
                parts.append(next_number)
                next_number += 1
        listed = b"[" + b" ".join(b"%d 0 R" % part for part in parts) + b"]"
        objects[page] = objects[page].replace(b"/Contents %d 0 R" % content, b"/Contents " + listed)
    for number in dropped:
        objects.pop(number)
    metadata = next_number  # the last of the open ones
    objects[catalog] = re.sub(rb"/Metadata \d+ 0 R", b"/Metadata %d 0 R" % metadata, objects[catalog])
    # Where the first page lies, for whoever appends a signature: a name of our own, which readers pass over.
    objects[catalog] = objects[catalog].removesuffix(b">>") + b"/PortalFirstPage %d>>" % pages[0]
    fixed, table = packed(objects, streams, catalog, pages[0], metadata + 1)
    return Layout(fixed, table, tuple(slots), fonts, places, drawings, catalog, title)


def found(pattern: bytes, text: bytes) -> bytes:
    match = re.search(pattern, text)
    assert match, pattern
    return match.group(1)


def text_of(encoded: bytes) -> str:
    return bytes.fromhex(encoded.decode()).decode("utf-16")


def stream_of(body: bytes) -> bytes:
    return body[body.index(b"stream\n") + 7 : body.rindex(b"\nendstream")]


def fonts_of(objects: Mapping[int, bytes]) -> dict[str, str]:
    """As pages name them → which of our styles. Any other font means that the style sheet forgot one."""
    named = next(body for body in objects.values() if re.fullmatch(rb"<<(/\w+ \d+ 0 R)+>>", body) and b"/Type0" in
                 objects[int(found(rb"(\d+) 0 R", body))])  # fmt: skip
    styles = {}
    for name, number in re.findall(rb"/(\w+) (\d+) 0 R", named):
        family = found(rb"/BaseFont /\w+\+([\w-]+)", objects[int(number)]).decode()
        styles[name.decode()] = {"Noto-Serif": "Regular", "Noto-Serif-Bold": "Bold", "Noto-Serif-Italic": "Italic"}[
            family
        ]
    return styles


Hole = tuple[int, str, float, float, float, float]


def split(content: bytes, fonts: Mapping[str, str], begins: str) -> tuple[list[bytes], list[Hole]]:
    """The page between its markers, and where each of them stood."""
    letters = {
        style: {number: letter for letter, number in face(style).glyphs.items()} for style in set(fonts.values())
    }
    pieces, holes, at = list[bytes](), list[Hole](), 0
    for run in RUN.finditer(content):
        x, y, font, size, shown = run.groups()
        style = fonts[font.decode()]
        glyphs = bytes.fromhex(b"".join(re.findall(rb"<([0-9a-f]*)>", shown)).decode())
        numbers = struct.unpack(f">{len(glyphs) // 2}H", glyphs)
        mark = re.fullmatch(begins + r"(\d{3})JKV", "".join(letters[style].get(number, "?") for number in numbers))
        if mark:
            kerns = sum(float(number) for number in re.findall(rb"[\]>\s](-?[\d.]+)(?=[<\]\s])", shown))
            wide = (sum(face(style).widths[number] for number in numbers) - kerns) * float(size) / 1000
            pieces.append(content[at : run.start(5)])
            holes.append((int(mark.group(1)), font.decode(), float(size), float(x), float(y), wide))
            at = run.end(5)
    pieces.append(content[at:])
    return pieces, holes


def packed(
    objects: dict[int, bytes], streams: dict[int, bytes], catalog: int, page: int, size: int
) -> tuple[bytes, bytes]:
    """Everything that never changes: streams compressed, small objects together in one, as PDF 1.5 allows."""
    out, table = io.BytesIO(), bytearray(7 * (size + 1))  # one more for the stream that holds the small ones
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    small = dict[int, bytes]()
    for number, body in sorted(objects.items()):
        if b"stream\n" in body[:400] and body.endswith(b"endstream"):
            content = zlib.compress(stream_of(body), 9)
            told = re.sub(
                rb"/Length \d+", b"/Length %d/Filter /FlateDecode" % len(content), body[: body.index(b"stream\n")]
            )
            put(out, table, number, told + b"stream\n" + content + b"\nendstream")
        elif number in (catalog, page):
            put(out, table, number, body)
        else:
            small[number] = body
    for number, content in streams.items():
        squeezed = zlib.compress(content, 9)
        told = b"<</Length %d/Filter /FlateDecode>>" % len(squeezed)
        put(out, table, number, told + b"\nstream\n" + squeezed + b"\nendstream")
    index, bodies = bytearray(), bytearray()
    for place, (number, body) in enumerate(small.items()):
        index += b"%d %d " % (number, len(bodies))
        bodies += body + b"\n"
        table[7 * number : 7 * number + 7] = struct.pack(">BIH", 2, size, place)
    together = zlib.compress(bytes(index + bodies), 9)
    told = b"<</Type /ObjStm/N %d/First %d/Length %d/Filter /FlateDecode>>" % (len(small), len(index), len(together))
    put(out, table, size, told + b"\nstream\n" + together + b"\nendstream")
    table[:7] = struct.pack(">BIH", 0, 0, 65535)
    return out.getvalue(), bytes(table)


def put(out: io.BytesIO, table: bytearray, number: int, body: bytes) -> None:
    table[7 * number : 7 * number + 7] = struct.pack(">BIH", 1, out.tell(), 0)
    out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))


# ── Filling, once per customer ──


def fill(made: Layout, facts: Mapping[str, str], at: datetime, drawings: Mapping[str, Strokes] | None = None) -> bytes:
    """The document with these facts. Raises DoesNotFit where a place is too small."""
    out, table = io.BytesIO(), bytearray(made.table)
    out.write(made.fixed)
    lines = {name: broken(facts.get(source(name), ""), place, made, name) for name, place in made.places.items()}
    for slot in made.slots:
        words = lines[slot.name][slot.line]
        run = set_line(words, slot, made) if words else b""
        put(out, table, slot.number, b"<</Length %d>>\nstream\n%s\nendstream" % (len(run), run))
    for name, number in made.drawings.items():
        slot = next(one for one in made.slots if one.name == name)
        drawn = drawing((drawings or {}).get(name, ()), slot)
        put(out, table, number, b"<</Length %d>>\nstream\n%s\nendstream" % (len(drawn), drawn))
    described = about(made.title, at)
    metadata = made.last - 2
    put(out, table, metadata, b"<</Type /Metadata/Subtype /XML/Length %d>>\nstream\n%s\nendstream"
        % (len(described), described))  # fmt: skip
    here = out.tell()
    own = made.last
    table += struct.pack(">BIH", 1, here, 0)
    identity = hashlib.sha256(out.getvalue()[len(made.fixed) :]).hexdigest()[:32].encode()
    told = b"<</Type /XRef/Size %d/W [1 4 2]/Root %d 0 R/ID [<%s><%s>]/Length %d>>" % (
        own + 1, made.catalog, identity, identity, len(table)
    )  # fmt: skip
    out.write(b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (own, told, bytes(table)))
    out.write(b"startxref\n%d\n%%%%EOF\n" % here)
    return out.getvalue()


def source(name: str) -> str:
    """A fact that is printed in two places has two names: "number" and "number__again"."""
    return name.partition("__")[0]


def broken(text: str, place: Place, made: Layout, name: str) -> list[str]:
    """Into the lines of its place, between words."""
    slot = next(one for one in made.slots if one.name == name)
    type_ = face(made.fonts[slot.font])
    if not type_.has(text):
        raise DoesNotFit(name)
    most, lines = place.width * 1000 / slot.size, [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if type_.width(longer) <= most:
            lines[-1] = longer
        elif type_.width(word) <= most:
            lines.append(word)
        else:
            raise DoesNotFit(name)
    if len(lines) > place.lines:
        raise DoesNotFit(name)
    return lines + [""] * (place.lines - len(lines))


def set_line(text: str, slot: Slot, made: Layout) -> bytes:
    type_ = face(made.fonts[slot.font])
    numbers = struct.pack(f">{len(text)}H", *(type_.glyphs[letter] for letter in text))
    free = slot.run - type_.width(text) * slot.size / 1000
    shift = {"left": 0.0, "center": free / 2, "right": free}[made.places[slot.name].side]
    return b"[%.3f <%s>] TJ" % (-shift * 1000 / slot.size, numbers.hex().encode())


BOX = (220.0, 84.0)  # of a drawn signature, in pixels


def drawing(strokes: Strokes, slot: Slot) -> bytes:
    """As lines, not as a picture: sharp at any size, and nothing in it but the strokes."""
    if not strokes:
        return b""
    out = [b"/Artifact BMC q 0.75 0 0 0.75 0 0 cm 0.05 0.1 0.45 RG 1.8 w 1 J 1 j"]
    for stroke in strokes:
        points = [(slot.x + x * BOX[0], slot.y - 20 + y * BOX[1]) for x, y, *_when in stroke]
        out.append(b"%.2f %.2f m" % points[0])
        out += [b"%.2f %.2f l" % point for point in points[1:] or points]
        out.append(b"S")
    return b"\n".join([*out, b"Q EMC"])


def about(title: str, at: datetime) -> bytes:
    """The description that archives read."""
    when = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<dc:format>application/pdf</dc:format><dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<xmp:CreateDate>{when}</xmp:CreateDate><xmp:ModifyDate>{when}</xmp:ModifyDate>
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def make(
    template: str,
    fixed: Mapping[str, Any],
    places: Mapping[str, Place],
    facts: Mapping[str, str],
    at: datetime,
    drawings: Mapping[str, Strokes] | None = None,
) -> bytes:
    """The document: quickly where everything fits its place, else laid out for itself alone."""
    try:
        return fill(layout(template, tuple(fixed.items()), tuple(places.items())), facts, at, drawings)
    except DoesNotFit as wide:
        log.info("laid out alone", template=template, place=str(wide))
        return alone(template, fixed, places, facts, at, drawings)


# What a customer wrote may hold a marker's letters: then another begins it. More of them than any text has room for.
MARKS = ["".join(letters) for letters in itertools.permutations("QXZJKVWFP", 3)]


def alone(
    template: str,
    fixed: Mapping[str, Any],
    places: Mapping[str, Place],
    facts: Mapping[str, str],
    at: datetime,
    drawings: Mapping[str, Strokes] | None = None,
) -> bytes:
    """By a full layout: slower, and never kept on disk, for it holds a person's words."""
    drawn = [name for name in places if name.startswith(DRAWING)]
    words = {name: known(facts.get(source(name), "")) for name in places}
    mark = next(one for one in MARKS if not any(one in text for text in words.values()))
    marks = {name: Safe(marked(mark, number)) for number, name in enumerate(drawn)}
    html = html_of(template, {**words, **marks}, fixed)
    made = cut(printed(html), [(name, 0) for name in drawn], {name: places[name] for name in drawn}, mark)
    return fill(made, {}, at, drawings)


def known(text: str) -> str:
    """A letter that our fonts lack becomes a question mark, rather than a letter of whatever font this machine has."""
    return "".join(letter if face("Regular").has(letter) else "?" for letter in text)
