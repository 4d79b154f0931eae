"""A layout filled for one customer: the streams in its places, the dates and the table are written; all else is copied."""

import hashlib
import io
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

from signing.papers.fonts import Face, face
from signing.papers.packing import put
from signing.papers.places import DoesNotFit, Layout, Place, Slot, Strokes, source

BOX = (220.0, 84.0)  # of a drawn signature, in pixels


def fill(
    layout: Layout, facts: Mapping[str, str], at: datetime, drawings: Mapping[str, Strokes] | None = None
) -> bytes:
    """The document with these facts. Raises DoesNotFit where a place is too small."""
    out, table = io.BytesIO(), bytearray(layout.table)
    out.write(layout.fixed)
    lines = {name: broken(facts.get(source(name), ""), place, layout, name) for name, place in layout.places.items()}
    for slot in layout.slots:
        words = lines[slot.name][slot.line]
        run = set_line(words, slot, layout) if words else b""
        put(out, table, slot.number, b"<</Length %d>>" % len(run), run)
    for name, number in layout.drawings.items():
        drawn = drawing((drawings or {}).get(name, ()), layout.slot(name))
        put(out, table, number, b"<</Length %d>>" % len(drawn), drawn)
    described = about(layout.title, at)
    put(out, table, layout.metadata, b"<</Type /Metadata/Subtype /XML/Length %d>>" % len(described), described)
    own, end = layout.last, out.tell()
    table += struct.pack(">BIH", 1, end, 0)
    identity = hashlib.sha256(out.getvalue()[len(layout.fixed) :]).hexdigest()[:32].encode()
    head = b"<</Type /XRef/Size %d/W [1 4 2]/Root %d 0 R/ID [<%s><%s>]/Length %d>>" % (
        own + 1, layout.catalog, identity, identity, len(table)
    )  # fmt: skip
    out.write(b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (own, head, bytes(table)))
    out.write(b"startxref\n%d\n%%%%EOF\n" % end)
    return out.getvalue()


def face_of(slot: Slot, layout: Layout) -> Face:
    return face(layout.fonts[slot.font])


def broken(text: str, place: Place, layout: Layout, name: str) -> list[str]:
    """Into the lines of its place, between words."""
    slot = layout.slot(name)
    letters = face_of(slot, layout)
    if not letters.has(text):
        raise DoesNotFit(name)
    most, lines = place.width * 1000 / slot.size, [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if letters.width(longer) <= most:
            lines[-1] = longer
        elif letters.width(word) <= most:
            lines.append(word)
        else:
            raise DoesNotFit(name)
    if len(lines) > place.lines:
        raise DoesNotFit(name)
    return lines + [""] * (place.lines - len(lines))


def set_line(text: str, slot: Slot, layout: Layout) -> bytes:
    letters = face_of(slot, layout)
    free = slot.run - letters.width(text) * slot.size / 1000
    shift = {"left": 0.0, "center": free / 2, "right": free}[layout.places[slot.name].side]
    return set_run(text, letters, -shift * 1000 / slot.size)


def set_run(text: str, letters: Face, shift: float = 0.0) -> bytes:
    numbers = struct.pack(f">{len(text)}H", *(letters.glyphs[letter] for letter in text))
    return b"[%.3f <%s>] TJ" % (shift, numbers.hex().encode())


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
