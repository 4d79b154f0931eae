"""The machine-readable lines: three of 30 letters on a card (TD1), two of 44 in a passport (TD3), as ICAO 9303 sets them.

The Vietnamese card's own trap: the document number is the last nine digits only; the whole number stands in the optional
data, followed by two fillers and a check digit of its own. Knows no Django: it is read where strangers' files are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
DIGITS, NAMES = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
PASSPORT_NUMBER = re.compile(r"[A-Z]{1,2}[0-9]{6,8}")
FOREVER = "991231"  # how a card without an end is printed (unconfirmed)


@dataclass(frozen=True)
class Machine:
    """What the lines say."""

    document: str
    number: str
    name: str  # folded; cut where the line ends
    birth_date: date
    sex: str
    expires_on: date | None
    nationality: str


def check(text: str) -> str:
    """7-3-1, letters from 10, fillers 0."""
    worth = (0 if letter == "<" else int(letter, 36) for letter in text)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(worth)) % 10)


def lines_for(number: str, name: str, born: date, sex: str, ends: date | None) -> tuple[str, str, str]:
    """What a citizen card prints."""
    surname, _space, given = name.partition(" ")
    optional = f"{number}<<"
    first = f"IDVNM{number[-9:]}{check(number[-9:])}{optional}{check(optional)}"
    expiry = f"{ends:%y%m%d}" if ends else FOREVER
    birth = f"{born:%y%m%d}"
    second = f"{birth}{check(birth)}{'M' if sex == 'male' else 'F'}{expiry}{check(expiry)}VNM<<<<<<<<<<<"
    third = f"{surname}<<{given.replace(' ', '<')}"[:30].ljust(30, "<")
    return first, second + check(_composite(first, second)), third


def passport_lines(number: str, name: str, born: date, sex: str, ends: date) -> tuple[str, str]:
    surname, _space, given = name.partition(" ")
    first = f"P<VNM{surname}<<{given.replace(' ', '<')}"[:44].ljust(44, "<")
    birth, expiry, own = f"{born:%y%m%d}", f"{ends:%y%m%d}", "<" * 14
    document = number.ljust(9, "<")
    second = f"{document}{check(document)}VNM{birth}{check(birth)}{'M' if sex == 'male' else 'F'}"
    second += f"{expiry}{check(expiry)}{own}{check(own)}"
    return first, second + check(second[0:10] + second[13:20] + second[21:43])


def _composite(first: str, second: str) -> str:
    return first[5:30] + second[0:7] + second[8:15] + second[18:29]


# ── From letters to facts ──


def parse(lines: Sequence[str]) -> Machine | None:
    """What the lines say, or None where a check digit or a date does not hold."""
    if [len(line) for line in lines] == [30, 30, 30]:
        return _card(*lines)
    if [len(line) for line in lines] == [44, 44]:
        return _passport(*lines)
    return None


def _card(first: str, second: str, third: str) -> Machine | None:
    holds = (
        first[:5] == "IDVNM"
        and first[14] == check(first[5:14])
        and first[29] == check(first[15:29])
        and first[27:29] == "<<"
        and first[15:27].isdecimal()
        and first[18:27] == first[5:14]
        and second[15:18] == "VNM"
        and second[29] == check(_composite(first, second))
    )
    number = first[15:27]
    return _facts("citizen", number, second[:15], third, second[15:18], number) if holds else None


def _passport(first: str, second: str) -> Machine | None:
    number = second[:9].rstrip("<")
    holds = (
        first[0] == "P"
        and second[9] == check(second[:9])
        and second[42] in (check(second[28:42]), "<")
        and second[43] == check(second[0:10] + second[13:20] + second[21:43])
        and PASSPORT_NUMBER.fullmatch(number)
    )
    return _facts("passport", number, second[13:28], first[5:], second[10:13], "") if holds else None


def _facts(document: str, number: str, dates: str, name: str, nationality: str, citizen: str) -> Machine | None:
    """`dates`: birth, check, sex, expiry, check."""
    birth, expiry = dates[:6], dates[8:14]
    if dates[6] != check(birth) or dates[14] != check(expiry) or dates[7] not in "MF<":
        return None
    born = _day(birth, 19 + int(citizen[3]) // 2 if citizen else None)
    ends = None if expiry in (FOREVER, "<<<<<<") else _day(expiry, 20)
    if born is None or (ends is None and expiry not in (FOREVER, "<<<<<<")):
        return None
    sex = {"M": "male", "F": "female"}.get(dates[7], "")
    return Machine(document, number, " ".join(name.replace("<", " ").split()), born, sex, ends, nationality)


def _day(text: str, century: int | None) -> date | None:
    if not text.isdecimal():
        return None
    year = int(text[:2])
    if century is None:
        century = 19 if year > datetime.now(UTC).year % 100 else 20
    try:
        return date(century * 100 + year, int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None


# ── From a reader's likelihoods to letters ──

# What may stand where: one alphabet for each place of each line.
CARD_FORM = (
    ["I", "D", "V", "N", "M", *[DIGITS] * 22, "<", "<", DIGITS],
    [*[DIGITS] * 7, "MF", *[DIGITS] * 7, "V", "N", "M", *["<"] * 11, DIGITS],
    [NAMES] * 30,
)
PASSPORT_FORM = (
    ["P", NAMES, *[NAMES] * 42],
    [
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ", *[DIGITS + "<"] * 8, DIGITS, "V", "N", "M", *[DIGITS] * 7, "MF", *[DIGITS] * 7,
        *[LETTERS] * 14, DIGITS + "<", DIGITS,
    ],
)  # fmt: skip
# The fields that a check digit guards: (line, from, to), the check digit the last of them.
CARD_GUARDS = ((0, 5, 15), (0, 15, 30), (1, 0, 7), (1, 8, 15))
PASSPORT_GUARDS = ((1, 0, 10), (1, 13, 20), (1, 21, 28), (1, 28, 43))


NEARLY = 0.06  # of likelihood, between a letter and its runner-up


def decide(likely: Sequence[Any], form: Sequence[Sequence[str]]) -> list[str]:
    """The likeliest lines of this form. `likely[line][place]` holds a likelihood for each of LETTERS.

    Where a check digit does not hold, the two least certain letters give way to their runners-up."""
    ranked = [
        [_ranked(cell, allowed) for cell, allowed in zip(row, alphabet, strict=True)]
        for row, alphabet in zip(likely, form, strict=True)
    ]
    lines = [[cell[0][1] for cell in row] for row in ranked]
    for line, start, end in CARD_GUARDS if len(lines) == 3 else PASSPORT_GUARDS:
        _repair(lines[line], ranked[line], start, end)
    return ["".join(line) for line in lines]


def _ranked(cell: Any, allowed: str) -> list[tuple[float, str]]:
    return sorted(((float(cell[LETTERS.index(letter)]), letter) for letter in allowed), reverse=True)


def _repair(line: list[str], ranked: list[list[tuple[float, str]]], start: int, end: int) -> None:
    def holds() -> bool:
        return check("".join(line[start : end - 1])) == line[end - 1]

    if holds():
        return
    swaps = [
        (ranked[place][0][0] - score, place, letter)
        for place in range(start, end)
        for score, letter in ranked[place][1:3]
    ]
    # Only what was nearly as likely: letters that were read with certainty are believed, and then the line is not.
    doubtful = sorted(swap for swap in swaps if swap[0] < NEARLY)[:8]
    for count in (1, 2) if len(line) == 30 else (1,):
        for chosen in combinations(doubtful, count):
            before = list(line)
            for _cost, place, letter in chosen:
                line[place] = letter
            if holds():
                return
            line[:] = before
