"""What is written into a paper once it was confirmed: into places that were shown empty, as a revision of its own. The bytes
that were shown stay at the file's beginning, so that their hash can be computed by anybody."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from signing.papers.filling import set_run
from signing.papers.fonts import Face, face, known
from signing.papers.pades import Revision, structure_of

LINE = re.compile(rb"/(\w+) \d+ (\d+) /(\w+) ([\d.]+) ([\d.]+)")


@dataclass(frozen=True)
class Line:
    """One line of a place, as the file itself tells of it."""

    stream: int
    style: str
    size: float
    width: float


def completed(pdf: bytes, facts: Mapping[str, str]) -> bytes:
    """With these facts in the places that were left for them. What is too long ends in an ellipsis."""
    revision = Revision(structure_of(pdf))
    for name, lines in left_open(revision.structure.catalog).items():
        for line, words in zip(lines, within(facts.get(name, "–"), lines), strict=False):
            run = set_run(words, face(line.style))
            revision.objects[line.stream] = b"<</Length %d>>\nstream\n%s\nendstream" % (len(run), run)
    return revision.appended(pdf)


def left_open(catalog: bytes) -> dict[str, list[Line]]:
    lines = defaultdict[str, list[Line]](list)
    listed = re.search(rb"/PortalLater \[(.*?)\]", catalog)
    for name, stream, style, size, width in LINE.findall(listed.group(1)) if listed else ():
        lines[name.decode()].append(Line(int(stream), style.decode(), float(size), float(width)))
    return lines


def within(text: str, lines: list[Line]) -> list[str]:
    """Broken between words, and within one that is wider than a line."""
    letters, most = face(lines[0].style), lines[0].width * 1000 / lines[0].size
    broken = [""]
    for word in known(text).split():
        longer = f"{broken[-1]} {word}".strip()
        if letters.width(longer) <= most:
            broken[-1] = longer
        else:
            broken += pieces(word, letters, most)
    broken = [line for line in broken if line]
    if len(broken) > len(lines):
        broken[len(lines) - 1] = shortened(broken[len(lines) - 1], letters, most)
    return broken[: len(lines)]


def pieces(word: str, letters: Face, most: float) -> list[str]:
    parts = [""]
    for letter in word:
        if letters.width(parts[-1] + letter) > most:
            parts.append("")
        parts[-1] += letter
    return parts


def shortened(text: str, letters: Face, most: float) -> str:
    while letters.width(f"{text}…") > most:
        text = text[:-1]
    return f"{text}…"
