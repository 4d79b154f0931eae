"""What a check brings to light: each fact is valid, not valid, or cannot be told. Without evidence it cannot be told."""

from typing import NamedTuple

VALID, INVALID, UNKNOWN = "valid", "invalid", "unknown"


class Fact(NamedTuple):
    """A value, the reason by a word that a page puts into a sentence, and what that sentence names."""

    value: str
    why: str
    detail: str = ""


def worst(*facts: Fact) -> Fact:
    """The first that is not valid, else the first that cannot be told, else the first."""
    for value in (INVALID, UNKNOWN):
        for fact in facts:
            if fact.value == value:
                return fact
    return facts[0]
