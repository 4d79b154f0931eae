"""The printed words of a card, by tesseract with Vietnamese where that program is installed; last, for it is slow."""

import io
import itertools
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from PIL import Image

from enrollment import identity
from portal import writing

SECONDS = 20
# It reads what we wrote, from pixels of somebody else's making; what it could do with them has its bounds too.
LIMITS = ("prlimit", f"--cpu={SECONDS}", "--as=1500000000", "--fsize=0", "--nofile=64", "--core=0")


SURE = {"number": 80, "full_name": 60, "birth_date": 80}  # of 100: below that it was guessed, not read


@dataclass(frozen=True)
class Word:
    text: str
    sure: float


@dataclass(frozen=True)
class Printed:
    """What was read for sure; empty where it was not."""

    number: str = ""
    full_name: str = ""
    birth_date: date | None = None


@cache
def able() -> bool:
    if not (shutil.which("tesseract") and shutil.which("prlimit")):
        return False
    known = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=SECONDS, check=False)
    return "vie" in known.stdout.split()


def lines(image: Image.Image) -> list[list[Word]]:
    """Line by line, each word with how sure the reader is of it."""
    sent = io.BytesIO()
    image.convert("L").save(sent, "PNG", compress_level=1)
    command = [*LIMITS, "tesseract", "stdin", "stdout", "-l", "vie", "--psm", "6", "tsv"]
    try:
        process = subprocess.run(
            command,
            input=sent.getvalue(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={"OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired:
        return []
    text = unicodedata.normalize("NFC", process.stdout.decode(errors="replace"))
    by_line: dict[tuple[str, ...], list[Word]] = {}
    for row in text.splitlines()[1:]:
        *place, _word, _x, _y, _wide, _high, sure, word = (row.split("\t") + [""] * 12)[:12]
        if word.strip():
            by_line.setdefault(tuple(place), []).append(Word(word.strip(), float(sure)))
    return list(by_line.values())


def printed(image: Image.Image) -> Printed:
    return found_in(lines(image)) if able() else Printed()


def found_in(read: list[list[Word]]) -> Printed:
    """Each field below its label, in the form it has on every card; anything else was not read."""
    return Printed(
        number=_sure("number", itertools.chain.from_iterable(map(_number, read))),
        full_name=_sure("full_name", map(_name, _below(read, "full name", "ho va ten"))),
        birth_date=identity.day(_sure("birth_date", map(_day, _below(read, "of birth", "ngay sinh")))),
    )


Reading = tuple[str, float] | None


def _sure(field: str, readings: Iterable[Reading]) -> str:
    """The first that has the form; of a doubtful one nothing."""
    text, sure = next(filter(None, readings), ("", 0.0))
    return text if sure >= SURE[field] else ""


def _below(read: list[list[Word]], *labels: str) -> list[list[Word]]:
    for place, line in enumerate(read):
        text = writing.fold(" ".join(word.text for word in line)).casefold()
        if any(label in text for label in labels):
            return read[place + 1 : place + 3]
    return []


def _number(line: list[Word]) -> Iterator[Reading]:
    """Twelve digits in one piece or in threes; a zero is often taken for the letter."""
    text = " ".join(word.text for word in line).replace("O", "0").replace("o", "0")
    for match in re.finditer(r"(?<![\w.,/-])\d{3}(?: ?\d{3}){3}(?![\w.,/-])", text):
        place = text[: match.start()].count(" ")
        part = line[place : place + match[0].count(" ") + 1]
        yield match[0].replace(" ", ""), min(word.sure for word in part)


def _day(line: list[Word]) -> Reading:
    return next(((word.text, word.sure) for word in line if re.fullmatch(r"\d{2}/\d{2}/\d{4}", word.text)), None)


def _name(line: list[Word]) -> Reading:
    """Capitals alone, as a name is printed."""
    capitals = [word for word in line if len(word.text) > 1 and word.text.isalpha() and word.text == word.text.upper()]
    if len(capitals) < 2:
        return None
    return " ".join(word.text for word in capitals), min(word.sure for word in capitals)
