"""Signatures in PDFs: the only place that knows how a signature lies in one (PAdES: ETSI EN 319 142-1).

Every signature and every timestamp is a revision appended to what was there, so whatever was signed before stays to the
byte. The levels: B-B the signature, B-T with a timestamp, B-LT with everything needed to check it later, B-LTA with a
timestamp over that. What is signed here was written by packing.py and filling.py, so its structure is known and need not
be parsed in general; a stranger's PDF would come with a Structure that a reader found."""

import hashlib
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from signing.authority import cms
from signing.authority.cms import Signer

ROOM = 9_000  # bytes for a signature with its certificates and timestamp
STAMP_ROOM = 7_500
GAP = b"0 0000000000 0000000000 0000000000"
Stamp = Callable[[bytes], bytes]


@dataclass
class Structure:
    """What a revision builds on, and changes: numbers, and the catalog and first page as they stand."""

    size: int
    table: int  # where the last table of places is
    root: int
    catalog: bytes  # without the entries below
    page_number: int
    page: bytes
    identity: bytes
    fields: tuple[int, ...] = ()
    widgets: tuple[int, ...] = ()
    dss: int = 0
    certified: int = 0  # the signature that says what may still be added
    vacant: tuple[int, ...] = ()  # fields that it left for further signatures
    stored: tuple[tuple[int, ...], ...] = ((), (), ())  # what the store of evidence holds: see STORE


@dataclass(frozen=True)
class Evidence:
    """What a checker needs in ten years: certificates, revocation lists, answers."""

    certificates: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()


@dataclass
class Revision:
    """Objects that are new or changed, to be appended with a table of their places."""

    structure: Structure
    objects: dict[int, bytes] = field(default_factory=dict)

    def add(self, body: bytes) -> int:
        number = self.structure.size
        self.structure.size = number + 1
        self.objects[number] = body
        return number

    def appended(self, pdf: bytes) -> bytes:
        """With the catalog and the page as they now are."""
        before = self.structure
        self.objects[before.root] = catalog_of(before)
        if before.widgets:
            self.objects[before.page_number] = inserted(before.page, b"/Annots [%s]" % refs(before.widgets))
        parts, places = [pdf if pdf.endswith(b"\n") else pdf + b"\n"], dict[int, int]()
        at = len(parts[0])
        for number, body in sorted(self.objects.items()):
            places[number] = at
            parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            at += len(parts[-1])
        own = before.size
        places[own] = at
        parts.append(table_of(places, own, before))
        before.size, before.table = own + 1, at
        return b"".join(parts)


def refs(numbers: Sequence[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


def inserted(dictionary: bytes, *entries: bytes) -> bytes:
    return dictionary[: dictionary.rindex(b">>")] + b"".join(entries) + b">>"


def catalog_of(structure: Structure) -> bytes:
    entries = []
    if structure.fields:
        entries.append(b"/AcroForm <</Fields [%s]/SigFlags 3>>" % refs(structure.fields))
    if structure.certified:
        entries.append(b"/Perms <</DocMDP %d 0 R>>" % structure.certified)
    if structure.dss:
        entries.append(b"/DSS %d 0 R" % structure.dss)
        entries.append(EXTENSIONS)
    return inserted(structure.catalog, *entries)


STORE = (b"Certs", b"CRLs", b"OCSPs")
EXTENSIONS = b"/Extensions <</ESIC <</BaseVersion /1.7/ExtensionLevel 5>>>>"


def table_of(places: dict[int, int], own: int, before: Structure) -> bytes:
    """As a stream, like the tables before it."""
    index, rows = list[list[int]](), b""
    for number, at in sorted(places.items()):
        if index and index[-1][0] + index[-1][1] == number:
            index[-1][1] += 1
        else:
            index.append([number, 1])
        rows += struct.pack(">BIH", 1, at, 0)
    listed = b" ".join(b"%d %d" % (start, count) for start, count in index)
    changed = hashlib.sha256(rows + before.identity).hexdigest()[:32].encode()
    head = b"<</Type /XRef/Size %d/W [1 4 2]/Index [%s]/Root %d 0 R/Prev %d/ID [<%s><%s>]/Length %d>>" % (
        own + 1, listed, before.root, before.table, before.identity, changed, len(rows)
    )  # fmt: skip
    return b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (own, head, rows, places[own])


# ── What lies there ──


class NotOurs(Exception):
    """Not a PDF that we wrote and this module appended to."""


def structure_of(pdf: bytes) -> Structure:
    """Of one of ours: each table of places is a stream that we wrote, the newest at the end."""
    if isinstance(pdf, Signed):
        return replace(pdf.structure)
    table = last_table(pdf)
    head = table_head(pdf, table).group(1)
    size = int(match(rb"/Size (\d+)", head).group(1))
    root, identity = int(match(rb"/Root (\d+) 0 R", head).group(1)), match(rb"/ID \[<([0-9a-f]+)>", head).group(1)
    catalog = object_at(pdf, table, root)
    fields = re.search(rb"/AcroForm <</Fields \[([\d R]*)\]/SigFlags 3>>", catalog)
    dss = re.search(rb"/DSS (\d+) 0 R", catalog)
    certified = re.search(rb"/Perms <</DocMDP (\d+) 0 R>>", catalog)
    page_number = int(match(rb"/PortalFirstPage (\d+)", catalog).group(1))
    page = object_at(pdf, table, page_number)
    widgets = re.search(rb"/Annots \[([\d R]*)\]", page)
    vacant = [number for number in numbers_in(fields) if b"/V " not in object_at(pdf, table, number)]
    bare = without(without(without(catalog, fields), certified), dss).replace(EXTENSIONS, b"")
    store = object_at(pdf, table, int(dss.group(1))) if dss else b""
    stored = tuple(numbers_in(re.search(rb"/%s \[([\d R]*)\]" % name, store)) for name in STORE)
    return Structure(
        size, table, root, bare, page_number, without(page, widgets), identity, numbers_in(fields), numbers_in(widgets),
        int(dss.group(1)) if dss else 0, int(certified.group(1)) if certified else 0, tuple(vacant),
        stored,
    )  # fmt: skip


def place_of(pdf: bytes, table: int, number: int) -> int:
    """Where an object lies, by the tables from this one back to the first; each is looked into at one spot alone."""
    while True:
        beginning = table_head(pdf, table)
        head, start = beginning.group(1), beginning.end()
        index = re.search(rb"/Index \[([\d ]+)\]", head)
        numbers = (
            [int(each) for each in index.group(1).split()] if index else [0, int(match(rb"/Size (\d+)", head).group(1))]
        )
        for first, count in zip(numbers[::2], numbers[1::2], strict=True):
            if first <= number < first + count:
                kind, place, _generation = struct.unpack_from(">BIH", pdf, start + 7 * (number - first))
                if kind != 1:
                    raise NotOurs(number)
                return int(place)
            start += 7 * count
        before = re.search(rb"/Prev (\d+)", head)
        if not before:
            raise NotOurs(number)
        table = int(before.group(1))


def table_head(pdf: bytes, at: int) -> "re.Match[bytes]":
    return match(rb"\d+ 0 obj\n(<<.*?>>)\nstream\n", pdf, at)


def last_table(pdf: bytes) -> int:
    return int(match(rb"startxref\n(\d+)\n%%EOF\n$", pdf, max(0, len(pdf) - 64)).group(1))


def match(pattern: bytes, text: bytes, at: int = 0) -> "re.Match[bytes]":
    match = re.compile(pattern, re.S).search(text, at)
    if match is None:
        raise NotOurs(pattern)
    return match


def without(text: bytes, match: "re.Match[bytes] | None") -> bytes:
    return text.replace(match.group(0), b"") if match else text


def numbers_in(match: "re.Match[bytes] | None") -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(rb"(\d+) 0 R", match.group(1))) if match else ()


def object_at(pdf: bytes, table: int, number: int) -> bytes:
    start = pdf.find(b" 0 obj\n", place_of(pdf, table, number)) + 7
    end = pdf.find(b"\nendobj", start)
    if start < 7 or end < 0:
        raise NotOurs(number)
    return pdf[start:end]


# ── Signing ──


def sign(
    pdf: bytes,
    signer: Signer,
    name: str,
    *,
    stamp: Stamp | None = None,
    at: datetime | None = None,
    leaves: int | None = None,
) -> bytes:
    """Level B-B, or B-T with a stamp. The first signature of a paper of ours certifies it: it `leaves` fields for so many
    more, and whatever else is added later than stamps and evidence breaks it (DocMDP: ISO 32000-1, 12.8.2.2)."""
    moment = timezone.localtime(at or timezone.now())
    entries = b"/Type /Sig/Filter /Adobe.PPKLite/SubFilter /ETSI.CAdES.detached/M (D:%s+07'00')/Name %s" % (
        f"{moment:%Y%m%d%H%M%S}".encode(),
        text(name),
    )
    revision = Revision(structure_of(pdf))
    if leaves is not None:
        entries += CERTIFIES % (2 if leaves else 1)
    value = add_signature(revision, entries, ROOM)
    if leaves is not None:
        revision.structure.certified = value
        for _place in range(leaves):
            add_field(revision)
    return filled(revision, pdf, ROOM, lambda digest: cms.signed(signer, digest, stamp=stamp))


CERTIFIES = (
    b"/Reference [<</Type /SigRef/TransformMethod /DocMDP/TransformParams <</Type /TransformParams/P %d/V /1.2>>>>]"
)


def timestamp(pdf: bytes, stamp: Stamp, evidence: Evidence | None = None) -> bytes:
    """A timestamp over the whole, and in the same revision what is needed to check all that came before: B-LTA."""
    revision = Revision(structure_of(pdf))
    revision.structure.vacant = ()
    if evidence:
        add_evidence(revision, evidence)
    add_signature(revision, b"/Type /DocTimeStamp/Filter /Adobe.PPKLite/SubFilter /ETSI.RFC3161", STAMP_ROOM)
    return filled(revision, pdf, STAMP_ROOM, stamp)


def add_signature(revision: Revision, entries: bytes, room: int) -> int:
    """Into the next field that was left for one, else into one of its own."""
    value = revision.add(b"<<%s/ByteRange [%s]/Contents <%s>>>" % (entries, GAP, b"0" * (2 * room)))
    vacant = revision.structure.vacant
    if vacant:
        place = revision.structure.fields.index(vacant[0]) + 1
        revision.objects[vacant[0]] = field_of(place, revision.structure.page_number, b"/V %d 0 R" % value)
        revision.structure.vacant = vacant[1:]
    else:
        add_field(revision, b"/V %d 0 R" % value)
    return value


def add_field(revision: Revision, value: bytes = b"") -> None:
    before = revision.structure
    widget = revision.add(field_of(len(before.fields) + 1, before.page_number, value))
    before.fields, before.widgets = (*before.fields, widget), (*before.widgets, widget)
    before.vacant += () if value else (widget,)


def field_of(place: int, page: int, value: bytes) -> bytes:
    return b"<</Type /Annot/Subtype /Widget/FT /Sig/T (Signature%d)%s/F 132/Rect [0 0 0 0]/P %d 0 R>>" % (
        place, value, page,
    )  # fmt: skip


class Signed(bytes):
    """A file as it was signed, with what a later revision begins with: its structure, and for a signature that covers all of
    this the state of the hash up to the one before."""

    structure: Structure
    upto: int
    state: "hashlib._Hash"


def filled(revision: Revision, before: bytes, room: int, make: Callable[[bytes], bytes]) -> Signed:
    """The signature covers everything but the hole that it then fills."""
    pdf, since = revision.appended(before), len(before)
    start = pdf.index(b"/Contents <" + b"0" * 64, since) + len(b"/Contents ")
    end, gap = start + 2 * room + 2, pdf.index(GAP, since)
    span = (b"0 %d %d %d" % (start, end, len(pdf) - end)).ljust(len(GAP))
    upto, state = (before.upto, before.state.copy()) if isinstance(before, Signed) else (0, hashlib.sha256())
    view = memoryview(pdf)
    for part in (view[upto:gap], span, view[gap + len(GAP) : start]):
        state.update(part)
    whole = state.copy()
    whole.update(view[end:])
    signature = make(whole.digest())
    if len(signature) > room:
        raise ValueError(f"a signature of {len(signature)} bytes has no room in {room}")
    hole = b"<" + signature.hex().encode().ljust(2 * room, b"0") + b">"
    signed = Signed(b"".join((view[:gap], span, view[gap + len(GAP) : start], hole, view[end:])))
    signed.structure, signed.upto, signed.state = revision.structure, start, state
    return signed


def text(words: str) -> bytes:
    return b"<feff%s>" % words.encode("utf-16-be").hex().encode()


# ── What is needed later ──


def add_evidence(revision: Revision, evidence: Evidence) -> None:
    """All of it in one store, beside what an earlier one held; compressed by nobody: a reader in ten years should find it
    easily."""
    stored = list[tuple[int, ...]]()
    more = evidence.certificates, evidence.lists, evidence.answers
    for before, entries in zip(revision.structure.stored, more, strict=True):
        numbers = [revision.add(b"<</Length %d>>\nstream\n%s\nendstream" % (len(entry), entry)) for entry in entries]
        stored.append((*before, *numbers))
    listed = zip(STORE, stored, strict=True)
    number = revision.add(
        b"<</Type /DSS%s>>" % b"".join(b"/%s [%s]" % (name, refs(numbers)) for name, numbers in listed if numbers)
    )
    revision.structure.dss, revision.structure.stored = number, tuple(stored)
