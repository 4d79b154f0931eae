"""Where people live: provinces and wards in force since 01/07/2025, and the way there from the old three levels."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal import writing

DATA = Path(__file__).parent / "data"
SHOWN = 20
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


@cache
def old_wards() -> tuple[OldWard, ...]:
    provinces = json.loads((DATA / "old_wards.json").read_text())
    return tuple(
        OldWard(label, folded(label), tuple(codes))
        for province, districts in provinces.items()
        for district, wards in districts.items()
        for ward, codes in wards.items()
        for label in [", ".join(filter(None, (ward, district, province)))]
    )


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
