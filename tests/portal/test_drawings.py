"""Drawings stand beside words: two colours of the page's own, nothing to read, nothing that a reader would read aloud."""

import re
from pathlib import Path

import pytest
from django.conf import settings

DRAWINGS = sorted((Path(settings.BASE_DIR) / "templates" / "drawings").glob("*.svg"))
COLOURS = {"none", "currentColor", "var(--accent)", "var(--accent-wash)"}


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.stem)
def test_a_drawing_has_the_pages_two_colours_and_no_words(drawing: Path) -> None:
    text = drawing.read_text()
    assert {colour for _what, colour in re.findall(r'(fill|stroke|stop-color)="([^"]*)"', text)} <= COLOURS
    assert 'aria-hidden="true"' in text
    assert not re.search(r"<text|<title|style=|[A-Za-zÀ-ỹ]{3,}\s*</", text)
