"""A template laid out once per version, with a marker in each place where a customer's own words go."""

import hashlib
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from signing.papers import fonts
from signing.papers.places import Layout, Place, Row
from signing.papers.splicing import MARK, cut

ENGINE = "signing.papers.weasy.printed"  # imported when something is laid out, and not before


def html_of(template: str, facts: Mapping[str, Any], fixed: Mapping[str, Any]) -> str:
    """Tables are given as rows of label, gloss and the name of a fact; here each gets its words."""
    tables = {
        name: [{"label": row.label, "gloss": row.gloss, "value": facts[row.name]} for row in value]
        for name, value in fixed.items()
        if isinstance(value, tuple) and value and isinstance(value[0], Row)
    }
    return render_to_string(template, {"f": facts, "fonts": fonts.embedded(), **fixed, **tables})


def weasyprint(html: str) -> bytes:
    """Its output for the same page is kept on disk: a process that only fills layouts need not even import it."""
    key = hashlib.sha256(html.encode()).hexdigest()
    kept = settings.STATE / "paper" / f"{key}.pdf"
    if kept.exists():
        return bytes(kept.read_bytes())
    pdf = printed(html)
    kept.parent.mkdir(exist_ok=True)
    aside = kept.with_suffix(f".{secrets.token_hex(4)}")  # several processes may be at it
    aside.write_bytes(pdf)
    aside.replace(kept)
    return pdf


def printed(html: str) -> bytes:
    pdf: bytes = import_string(ENGINE)(html)
    return pdf


@lru_cache(32)
def laid_out(template: str, fixed: tuple[tuple[str, Any], ...], places: tuple[tuple[str, Place], ...]) -> Layout:
    """With markers; the template's own parts are what `fixed` names."""
    known = dict(places)
    markers, names = marked(known, MARK)
    return cut(weasyprint(html_of(template, markers, dict(fixed))), names, known)


def marked(places: Mapping[str, Place], mark: str) -> tuple[dict[str, "Safe"], list[tuple[str, int]]]:
    """A marker for each line of each place, and what each of them stands for."""
    markers, names = dict[str, Safe](), list[tuple[str, int]]()
    for name, place in places.items():
        first = len(names)
        names += [(name, line) for line in range(place.lines)]
        lines = (f"<span>{mark}{number:03d}JKV</span>" for number in range(first, len(names)))
        markers[name] = Safe("<br>".join(lines))
    return markers, names


class Safe(str):
    """Markup of our own making, for the template."""

    def __html__(self) -> str:
        return self
