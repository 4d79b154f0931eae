"""Where people live: provinces and wards in force since 01/07/2025, and the way there from the old three levels, typed or
as a card's QR says it."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path

from portal import writing

DATA = Path(__file__).parent / "data"
SHOWN = 20
Place = tuple[tuple[str, ...], tuple[str, ...]]  # its names from the smallest up, and the codes of today's wards
KIND = re.compile(
    r"^(thành phố|thị trấn|thị xã|tỉnh|quận|huyện|phường|xã|đặc khu|(?:tp|tt|tx|q|h|p|x)(?=[. ]))[. ]*(?:0(?=[0-9]))?"
)
KINDS = re.compile(r"\b(thanh pho|thi tran|thi xa|tinh|quan|huyen|phuong|xa|dac khu|tp|tx|tt|q|h|p|x)\b\.?")


@dataclass(frozen=True)
class OldWard:
    """A ward until 30/06/2025 and the new ones that hold it; more than one where it was split."""

    label: str
    search: str
    wards: tuple[str, ...]

    @property
    def is_split(self) -> bool:
        return len(self.wards) > 1


def folded(text: str) -> str:
    """For finding: without accents, kinds of place and signs, so that "h. Mo Duc" finds "Huyện Mộ Đức"."""
    plain = re.sub(r"[^a-z0-9. ]", " ", writing.fold(text).casefold())
    return " ".join(KINDS.sub(" ", plain).replace(".", " ").split())


def before_july_2025() -> Iterator[Place]:
    for province, districts in json.loads((DATA / "old_wards.json").read_text()).items():
        for district, wards in districts.items():
            for ward, codes in wards.items():
                yield tuple(filter(None, (ward, district, province))), tuple(codes)


@cache
def old_wards() -> tuple[OldWard, ...]:
    return tuple(OldWard(", ".join(names), folded(", ".join(names)), codes) for names, codes in before_july_2025())


def find_old(query: str) -> list[OldWard]:
    """Those in which every word of the query stands, whole words and the ward's own name first."""
    words = folded(query).split()
    if not words:
        return []
    matches = [old for old in old_wards() if all(f" {word}" in f" {old.search}" for word in words)]
    start = " ".join(words)
    return sorted(matches, key=lambda old: (not f"{old.search} ".startswith(f"{words[0]} "), start not in old.search))[
        :SHOWN
    ]


# ── What a card says: "Thôn 6, Đức Chánh, Mộ Đức, Quảng Ngãi", or since 01/07/2025 "Thôn 6, Mỏ Cày, Quảng Ngãi" ──


@dataclass(frozen=True)
class Residence:
    """As a card's QR says it: house, street, hamlet; and the wards of today in which that may be: one is certain."""

    detail: str
    wards: tuple[str, ...]


def plainly(name: str) -> str:
    """The name alone, with its accents and without the kind of place."""
    return KIND.sub("", unicodedata.normalize("NFC", name).casefold().strip())


@lru_cache(20_000)
def without_accents(name: str) -> str:
    return writing.fold(plainly(name))


def since_july_2025() -> Iterator[Place]:
    for province in json.loads((DATA / "places.json").read_text()).values():
        for code, ward in province["wards"].items():
            yield (ward, province["name"]), (code,)


@cache
def by_name() -> dict[tuple[str, ...], list[Place]]:
    """Old wards by three names (a district that had none by two) and those of today by two."""
    index = defaultdict(list)
    for names, codes in chain(before_july_2025(), since_july_2025()):
        index[tuple(map(without_accents, names))].append((names, codes))
    return dict(index)


def residence(text: str) -> Residence:
    """Where two places are called alike, accents decide, then the kind of place if the card says it; else both may be it."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for size in (3, 2):
        names = tuple(parts[-size:])
        places = by_name().get(tuple(map(without_accents, names)), []) if len(names) == size else []
        for spelled in (plainly, str.casefold):
            alike = [place for place in places if [*map(spelled, place[0])] == [*map(spelled, names)]]
            places = alike or places
        if places:
            wards = dict.fromkeys(code for _names, codes in places for code in codes)
            return Residence(", ".join(parts[:-size]), tuple(wards))
    return Residence("", ())
