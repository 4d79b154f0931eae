"""The texts that a customer agrees to, each purpose by itself: versions are files, and a file that was shown never changes."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "data" / "consents"


@dataclass(frozen=True)
class Purpose:
    version: str
    required: bool
    elsewhere: bool = False  # agreed to where the data comes from, and not on a page of ours


PURPOSES = {
    "terms": Purpose("2026-11", required=True),
    "personal-data": Purpose("2026-11", required=True),
    "offers": Purpose("2026-11", required=False),
    "sharing": Purpose("2026-11", required=False, elsewhere=True),
}


@dataclass(frozen=True)
class Text:
    purpose: str
    version: str
    language: str
    title: str
    ask: str  # what stands beside the box
    paragraphs: tuple[str, ...]
    hash: str

    @property
    def required(self) -> bool:
        return PURPOSES[self.purpose].required


@cache
def text(purpose: str, version: str, language: str) -> Text:
    """First line: title; second paragraph: what stands beside the box; the rest: the text."""
    raw = (TEXTS / f"{purpose}.{version}.{language}.txt").read_text()
    title, ask, *paragraphs = [" ".join(part.split()) for part in raw.split("\n\n")]
    digest = hashlib.sha256(raw.encode()).hexdigest()
    return Text(purpose, version, language, title, ask, tuple(paragraphs), digest)


def current(language: str) -> list[Text]:
    """What our own pages ask."""
    return [text for text in every(language) if not PURPOSES[text.purpose].elsewhere]


def every(language: str) -> list[Text]:
    return [text(name, purpose.version, language) for name, purpose in PURPOSES.items()]


def read_elsewhere(purpose: str, version: str, language: str, text_hash: str) -> Text | None:
    """A text of ours that somebody else says was agreed to; None if it is none of ours, or was another by then."""
    if purpose not in PURPOSES or version != PURPOSES[purpose].version or language not in ("vi", "en"):
        return None
    known = text(purpose, version, language)
    return known if known.hash == text_hash else None
