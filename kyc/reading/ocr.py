"""The printed words of a card, by tesseract with Vietnamese where that program is installed; last, for it is slow."""

import io
import re
import shutil
import subprocess
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache

from PIL import Image

from enrollment import identity
from portal import writing

SECONDS = 20
# It reads what we wrote, from pixels of somebody else's making; what it could do with them has its bounds too.
LIMITS = ("prlimit", f"--cpu={SECONDS}", "--as=1500000000", "--fsize=0", "--nofile=64", "--core=0")


@dataclass(frozen=True)
class Printed:
    """What was found; empty where it was not."""

    number: str = ""
    name: str = ""
    dates: tuple[date, ...] = ()


@cache
def able() -> bool:
    if not (shutil.which("tesseract") and shutil.which("prlimit")):
        return False
    known = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=SECONDS, check=False)
    return "vie" in known.stdout.split()


def words(image: Image.Image) -> str:
    sent = io.BytesIO()
    image.convert("L").save(sent, "PNG", compress_level=1)
    command = [*LIMITS, "tesseract", "stdin", "stdout", "-l", "vie", "--psm", "6"]
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
        return ""
    return unicodedata.normalize("NFC", process.stdout.decode(errors="replace"))


def printed(image: Image.Image) -> Printed:
    if not able():
        return Printed()
    text = words(image)
    numbers = re.findall(r"(?<!\d)\d{12}(?!\d)", re.sub(r"(?<=\d) (?=\d)", "", text))
    days = [identity.day(day_text) for day_text in re.findall(r"\d{2}/\d{2}/\d{4}", text)]
    return Printed(
        number=numbers[0] if numbers else "",
        name=_name(text.splitlines()),
        dates=tuple(dict.fromkeys(day for day in days if day)),
    )


def _name(lines: list[str]) -> str:
    """The line of capitals after the one that says "Họ và tên / Full name"."""
    for place, line in enumerate(lines):
        if "full name" in writing.fold(line).casefold():
            for following in lines[place + 1 : place + 4]:
                capitals = re.findall(r"[^\W\d_]{2,}", following)
                name = " ".join(word for word in capitals if word == word.upper())
                if len(name.split()) > 1:
                    return name
    return ""
