"""Templates into PDFs: tagged PDF/A-3a, fonts embedded, the same bytes whenever the same is printed.

A document is laid out once per version (layout.py), with a marker in each place where a customer's own words go; in the
PDF the markers are cut out (splicing.py). For a customer only these places are written (filling.py). What does not fit
its place is laid out by itself, the slow way."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from signing.papers.filling import fill
from signing.papers.fonts import known
from signing.papers.layout import html_of, laid_out, marked, printed
from signing.papers.places import DRAWING, DoesNotFit, Place, Strokes, source
from signing.papers.splicing import cut

log = structlog.get_logger(__name__)


def make(
    template: str,
    fixed: Mapping[str, Any],
    places: Mapping[str, Place],
    facts: Mapping[str, str],
    at: datetime,
    drawings: Mapping[str, Strokes] | None = None,
) -> bytes:
    """The document: quickly where everything fits its place, else laid out for itself alone."""
    try:
        return fill(laid_out(template, tuple(fixed.items()), tuple(places.items())), facts, at, drawings)
    except DoesNotFit as wide:
        log.info("laid out alone", template=template, place=str(wide))
        return alone(template, fixed, places, facts, at, drawings)


# What a customer wrote may hold a marker's letters: then another begins it. More of them than any text has room for.
MARKS = ["".join(letters) for letters in itertools.permutations("QXZJKVWFP", 3)]


def alone(
    template: str,
    fixed: Mapping[str, Any],
    places: Mapping[str, Place],
    facts: Mapping[str, str],
    at: datetime,
    drawings: Mapping[str, Strokes] | None = None,
) -> bytes:
    """By a full layout: slower, and never kept on disk, for it holds a person's words."""
    words = {name: known(facts.get(source(name), "")) for name in places}
    still_open = {name: place for name, place in places.items() if is_open(name, place, facts)}
    mark = next(mark for mark in MARKS if not any(mark in text for text in words.values()))
    markers, names = marked(still_open, mark)
    html = html_of(template, {**words, **markers}, fixed)
    return fill(cut(printed(html), names, still_open, mark), {}, at, drawings)


def is_open(name: str, place: Place, facts: Mapping[str, str]) -> bool:
    """Drawn into, or written later."""
    return name.startswith(DRAWING) or (place.later and source(name) not in facts)
