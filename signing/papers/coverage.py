"""What a signature speaks for: the bytes it covers, and what was added to the file after it.

Evidence and timestamps may be added to any signed file (PAdES), signatures to one that is not closed against them. What
else is seen on a page afterwards was not signed."""

from collections.abc import Iterator
from typing import Any

from pyhanko.sign.diff_analysis import ModificationLevel, StandardDiffPolicy
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdatingRule
from pyhanko.sign.diff_analysis.rules.file_structure_rules import (
    CatalogModificationRule,
    ObjectStreamRule,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.rules.form_field_rules import (
    DSSCompareRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
)
from pyhanko.sign.diff_analysis.rules.metadata_rules import DocInfoRule, MetadataUpdateRule
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signing.papers.facts import INVALID, UNKNOWN, VALID, Fact

UPKEEP = ModificationLevel.LTA_UPDATES
# The library's own policy lets filled fields pass as well: what is typed into a page after a signature was not signed.
POLICY = StandardDiffPolicy(
    [
        CatalogModificationRule(),
        *(
            rule.as_qualified(UPKEEP)
            for rule in (DocInfoRule(), XrefStreamRule(), ObjectStreamRule(), DSSCompareRule(), MetadataUpdateRule())
        ),
    ],
    FormUpdatingRule(
        [SigFieldCreationRule(), SigFieldModificationRule(allow_in_place_appearance_stream_changes=False)]
    ),
)
DEEPEST = 20  # levels of fields
HIDDEN = 2  # of an annotation's flags
LOOKS = (
    "/DR",
    "/DA",
    "/Q",
    "/NeedAppearances",
)  # of a form: how a field is drawn that brings no picture, or all of them


def coverage(signature: Any, pdf: bytes, *, known: bool) -> Fact:
    """`known`: byte for byte what we keep, so that what was added after each signature need not be looked at again."""
    if not covers_its_revision(signature, pdf):
        return Fact(INVALID, "uncovered")
    signature.compute_integrity_info(POLICY, skip_diff=known)
    if signature.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return Fact(VALID, "whole")
    if signature.coverage != SignatureCoverageLevel.ENTIRE_REVISION:
        return Fact(INVALID, "uncovered")
    if known:
        return Fact(VALID, "ours")
    if not signature.summarise_integrity_info()["docmdp_ok"]:
        return Fact(INVALID, "changed")
    shown = shown_since(signature.reader, signature.signed_revision)
    if shown.value != VALID:
        return shown
    if came_later(signature.reader, signature.signed_revision):
        return Fact(INVALID, "changed")
    level = signature.diff_result.modification_level
    return Fact(VALID, "upkeep" if level in (ModificationLevel.NONE, UPKEEP) else "signed")


def covers_its_revision(signature: Any, pdf: bytes) -> bool:
    """From the first byte on, and left out is nothing but the signature itself."""
    spans = [int(number) for number in signature.byte_range]
    if len(spans) != 4 or spans[0] != 0:
        return False
    _first, before, after, rest = spans
    try:
        left_out = bytes.fromhex(pdf[before + 1 : after - 1].decode("ascii"))
    except ValueError:
        return False
    framed = pdf[before : before + 1] + pdf[after - 1 : after] == b"<>"
    return framed and 0 < before < after and after + rest <= len(pdf) and left_out == signature.pkcs7_content


def came_later(reader: Any, revision: int) -> bool:
    """Whether something that the signed file names and did not have was brought in afterwards: a page's second text, a font.
    Nothing there was replaced, so the comparison of revisions takes it for something that nobody uses."""
    before = reader.get_historical_resolver(revision)
    later = range(revision + 1, reader.total_revisions)
    brought = {ref for each in later for ref in reader.xrefs.explicit_refs_in_revision(each)}
    brought = {ref for ref in brought if before.is_ref_unassignable(ref)}
    return bool(brought and brought & before.collect_dependencies(before.trailer_view))


def appended(reader: Any, pdf: bytes, newest: Any) -> bool:
    """Whether bytes follow the newest signature that are no revision which a reader finds."""
    try:
        end = int(newest.byte_range[2]) + int(newest.byte_range[3])
    except (ValueError, TypeError, IndexError):
        return True
    tail = pdf[end:].rstrip(b"\r\n\0 \t")
    return bool(tail) and not (reader.last_startxref >= end and tail.endswith(b"%%EOF"))


# ── What is seen on the pages ──


def shown_since(reader: Any, revision: int) -> Fact:
    """A further signature may show itself; whether it hides something from who reads, only who looks can say."""
    before, facts = reader.get_historical_resolver(revision), [Fact(VALID, "upkeep")]
    for reference in annotations(reader):
        annotation = reader.get_object(reference)
        old = None if before.is_ref_unassignable(reference) else before(reference)
        if is_seen(annotation) and (old is None or changed(old, annotation)):
            is_its_own = value_of(annotation) is not None and (old is None or value_of(old) is None)
            facts.append(Fact(UNKNOWN, "shows-signature") if is_its_own else Fact(INVALID, "shows"))
    if redrawn(before.root, reader):
        facts.append(Fact(UNKNOWN, "redrawn"))
    return next((fact for value in (INVALID, UNKNOWN) for fact in facts if fact.value == value), facts[0])


def redrawn(old: Any, reader: Any) -> bool:
    """Whether a form's filled fields may look another way than they did: by other letters, or drawn anew. Programs add such
    entries in good faith too, so only who looks can say."""
    over = [reader.get_object(each) for each in annotations(reader)]
    if all(each.get("/Subtype") == "/Link" or inherited(each, "/FT") == "/Sig" for each in over):
        return False
    before, now = (root.get("/AcroForm", {}) for root in (old, reader.root))
    return any(before.get(entry) != now.get(entry) for entry in LOOKS)


def annotations(reader: Any) -> Iterator[Any]:
    """References of all that lies over the pages, as the file now is."""
    waiting, seen = [reader.root.raw_get("/Pages")], set()
    while waiting:
        node = waiting.pop()
        if node.reference in seen:
            continue
        seen.add(node.reference)
        entries = node.get_object()
        waiting += list(entries.get("/Kids", ())) if entries.get("/Type") == "/Pages" else []
        kept = entries.get("/Annots", ())
        for place in range(len(kept)):
            yield kept.raw_get(place).reference


def is_seen(annotation: Any) -> bool:
    left, bottom, right, top = (float(number) for number in annotation.get("/Rect", (0, 0, 0, 0)))
    return left != right and bottom != top and not int(annotation.get("/F", 0)) & HIDDEN


def changed(old: Any, new: Any) -> bool:
    return any(raw(old, key) != raw(new, key) for key in ("/AP", "/Rect", "/F", "/V", "/AS"))


def value_of(annotation: Any) -> Any:
    return inherited(annotation, "/V")


def inherited(annotation: Any, key: str) -> Any:
    """Of the field, which may stand above its appearance."""
    for _above in range(DEEPEST):
        if annotation is None or key in annotation:
            break
        annotation = annotation.get("/Parent")
    return raw(annotation, key) if annotation is not None else None


def raw(entries: Any, key: str) -> Any:
    return entries.raw_get(key) if key in entries else None
