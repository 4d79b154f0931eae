"""Whom VNeID introduced: what its word stands for among our findings, and what is then not there to look at."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from enrollment import journey
from enrollment.identity import Declaration
from enrollment.models import Application, Introduction
from enrollment.models.introduction import LEVEL
from kyc.models import ITEMS, Check
from kyc.reading import comparing
from portal import sealing

PASS, FAIL, SKIPPED = Check.Outcome.PASS, Check.Outcome.FAIL, Check.Outcome.NOT_PERFORMED
VNEID = "vneid"
# What a check has to look at, beside the declaration: an item of ours, or VNeID's word. Of a card its front stands for both.
LOOKS_AT: dict[str, str] = {
    **dict.fromkeys(
        ("quality", "qr", "mrz", "ocr", "same-card", "card-face", "card-genuine", "match"),
        "card-front",
    ),
    **dict.fromkeys(("still-faces", "cues", "alive", "liveness", "reuse"), "face"),
    "vneid-face": VNEID,
}
Finding = tuple[Check.Outcome, dict[str, Any]]


@dataclass(frozen=True)
class Word:
    """What VNeID said of this very person, as it said it."""

    introduction: Introduction
    fields: dict[str, Any]
    locked: dict[str, Any]
    face: dict[str, Any] | None

    @property
    def has_matched(self) -> bool:
        return bool(self.face and self.face["matched"] is True)


def word_of(application: Application) -> Word | None:
    """None where nobody introduced them, or where what lies there is not what was said of this person, at this level."""
    introduction = Introduction.of(application)
    if introduction is None or introduction.level < LEVEL or introduction.person_index != application.person_index:
        return None
    try:
        return Word(introduction, introduction.fields, introduction.locked, introduction.facts["face"])
    except (sealing.Broken, sealing.Erased):
        return None


def is_introduced(application: Application) -> bool:
    """By the way in too: a file of it without VNeID's word is not one that never needed it."""
    return application.channel in journey.INTRODUCED or Introduction.of(application) is not None


def applies(name: str, sources: Collection[str]) -> bool:
    """Whether this check has something to look at among what a file has, or owes."""
    return name not in LOOKS_AT or LOOKS_AT[name] in sources


def basis(application: Application) -> list[Any]:
    """New words need new findings, and so do words that are not VNeID's any more."""
    introduction = Introduction.of(application)
    return [introduction.said_hash, word_of(application) is not None] if introduction else []


def reads(word: Word | None) -> comparing.Reads:
    """A source like the others."""
    return {VNEID: word.fields} if word else {}


def findings(
    declaration: Declaration, word: Word | None, given: Collection[str], declared: Finding
) -> dict[str, Finding]:
    """In place of what the checks of other files would say: `given` are the items that lie there, `declared` is what the
    sources together say of the declaration."""
    source = {"source": VNEID} if word else {}
    unasked = {name: (SKIPPED, source) for name, item in LOOKS_AT.items() if item in ITEMS and item not in given}
    faces = {"vneid-face": _face(word)} if word else {}
    return {**unasked, "declared": _declared(declaration, word, declared), **faces}


def _declared(declaration: Declaration, word: Word | None, declared: Finding) -> Finding:
    """Letter for letter: what is locked nobody types, so a difference was made by other means."""
    if word is None:
        return FAIL, {"differing": [], "unsaid": True}
    outcome, facts = declared
    altered = [f"{field}:{VNEID}" for field, value in word.locked.items() if getattr(declaration, field) != value]
    differing = list(dict.fromkeys((*facts["differing"], *altered)))
    return FAIL if altered else outcome, {"differing": differing, "source": VNEID}


def _face(word: Word) -> Finding:
    if word.face is None:
        return SKIPPED, {}
    return PASS if word.has_matched else FAIL, {name: word.face[name] for name in ("score", "at")}
