"""Objects of a PDF, written one after another with a table of their places."""

import io
import re
import struct
import zlib
from collections.abc import Collection, Mapping, Sequence

# Of small objects in one stream. Some readers look its index through for every object in it: so it stays short.
TOGETHER = 100


def packed(
    objects: Mapping[int, bytes], streams: Mapping[int, bytes], apart: Collection[int], size: int
) -> tuple[bytes, bytes]:
    """Everything that never changes: streams compressed, small objects together, as PDF 1.5 allows; `apart` are those
    that whoever appends must find by their places. What holds the small ones is numbered from `size` on."""
    small = [(number, body) for number, body in sorted(objects.items()) if number not in apart and not is_stream(body)]
    bundles = [small[start : start + TOGETHER] for start in range(0, len(small), TOGETHER)]
    out, table = io.BytesIO(), bytearray(7 * (size + len(bundles)))
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    for number, body in sorted(objects.items()):
        if is_stream(body):
            put(out, table, number, compressed(body))
        elif number in apart:
            put(out, table, number, body)
    for number, content in streams.items():
        squeezed = zlib.compress(content, 9)
        put(out, table, number, b"<</Length %d/Filter /FlateDecode>>" % len(squeezed), squeezed)
    for number, bundle in enumerate(bundles, size):
        put(out, table, number, *object_stream(bundle))
        for place, (inside, _body) in enumerate(bundle):
            table[7 * inside : 7 * inside + 7] = struct.pack(">BIH", 2, number, place)
    table[:7] = struct.pack(">BIH", 0, 0, 65535)
    return out.getvalue(), bytes(table)


def is_stream(body: bytes) -> bool:
    return b"stream\n" in body[:400] and body.endswith(b"endstream")


def stream_of(body: bytes) -> bytes:
    return body[body.index(b"stream\n") + 7 : body.rindex(b"\nendstream")]


def compressed(body: bytes) -> bytes:
    content = zlib.compress(stream_of(body), 9)
    shorter = b"/Length %d/Filter /FlateDecode" % len(content)
    head = re.sub(rb"/Length \d+", shorter, body[: body.index(b"stream\n")])
    return head + b"stream\n" + content + b"\nendstream"


def object_stream(bundle: Sequence[tuple[int, bytes]]) -> tuple[bytes, bytes]:
    """Its dictionary and its content: an index of numbers and offsets, then the objects."""
    index, bodies = bytearray(), bytearray()
    for number, body in bundle:
        index += b"%d %d " % (number, len(bodies))
        bodies += body + b"\n"
    content = zlib.compress(bytes(index + bodies), 9)
    head = b"<</Type /ObjStm/N %d/First %d/Length %d/Filter /FlateDecode>>" % (len(bundle), len(index), len(content))
    return head, content


def put(out: io.BytesIO, table: bytearray, number: int, body: bytes, stream: bytes | None = None) -> None:
    """The object where the file ends now, and its place in the table."""
    table[7 * number : 7 * number + 7] = struct.pack(">BIH", 1, out.tell(), 0)
    inside = body if stream is None else b"%s\nstream\n%s\nendstream" % (body, stream)
    out.write(b"%d 0 obj\n%s\nendobj\n" % (number, inside))
