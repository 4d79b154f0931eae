"""The parts of every page."""

import re

import pytest
from django import template
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string

from portal.templatetags.elements import DRAWINGS, drawing

USES = re.compile(r'{% drawing "([\w-]+)"')
COLOURS = {"currentColor", "none", "var(--accent)", "var(--accent-wash)"}


def foreign(svg: str) -> set[str]:
    """What a drawing has that is not the page's: other colours, styles, words."""
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg)) - COLOURS
    return colours | set(re.findall(r"style|<text(?![^>]*>[\d\s]+<)|<title|class=|id=", svg))


def test_a_drawing_stands_in_the_page_unseen_by_screen_readers() -> None:
    assert re.match(
        r'<svg class="drawing small" aria-hidden="true" [^>]*viewBox="0 0 24 24">', drawing("place-file", "small")
    )


def test_a_drawing_that_is_not_there_is_refused() -> None:
    page = engines["django"].from_string('{% drawing "nothing" %}')
    with pytest.raises(template.TemplateSyntaxError, match=r"nothing\.svg"):
        page.render({})


def test_every_drawing_that_a_page_names_is_there() -> None:
    pages = "".join(path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    assert set(USES.findall(pages)) <= set(DRAWINGS)


def test_drawings_have_the_pages_two_colours_and_no_words() -> None:
    assert {name: foreign(svg) for name, svg in DRAWINGS.items() if foreign(svg) or "viewBox" not in svg} == {}
    assert foreign('<svg><path fill="#fff"/><text>Thẻ</text><text x="1">2</text></svg>') == {"#fff", "<text"}


def test_a_file_button_speaks_the_pages_language() -> None:
    part = render_to_string("portal/parts/file.html", {"id": "it", "name": "photo", "accept": "image/png"})
    assert "Chọn tệp" in part
    assert "Chưa chọn tệp" in part
    assert 'type="file" id="it" name="photo" accept="image/png" required' in part


def test_a_value_to_copy_can_be_selected_without_a_script() -> None:
    part = render_to_string("portal/parts/copy.html", {"label": "Số tiền", "value": "220000", "shown": "220.000 đ"})
    assert "<span>220.000 đ</span>" in part
    assert re.search(r'data-copy="220000"[^>]* hidden>', part)


TYPED = re.compile(r"{% field|<(?:textarea|select)|file\.html|<input(?![^>]*(?:hidden|radio|search))")


def speaking(template: str) -> list[str]:
    """Forms in which the browser would say in its own language what is missing."""
    forms = re.findall(r"<form([^>]*)>(.*?)</form>", template, re.DOTALL)
    return [head for head, inside in forms if "post" in head and TYPED.search(inside) and "novalidate" not in head]


def test_what_is_missing_is_said_in_the_pages_language() -> None:
    assert speaking('<form method="post">{% field form.code %}</form>')
    pages = [path for path in (settings.BASE_DIR / "templates").rglob("*.html") if "admin" not in path.parts]
    assert [path.name for path in pages if speaking(path.read_text())] == []


def test_no_date_is_asked_for_by_the_browsers_own_calendar() -> None:
    pages = [path for path in (settings.BASE_DIR / "templates").rglob("*.html") if "admin" not in path.parts]
    assert [path.name for path in pages if 'type="date"' in path.read_text()] == []


def test_whatever_page_sends_somebody_to_a_counter_says_where_they_are() -> None:
    """Whoever works at a counter needs no way there."""
    folders = {"admin", "counter"}
    pages = [path for path in (settings.BASE_DIR / "templates").rglob("*.html") if not folders & set(path.parts)]
    sending = {path.name: text for path in pages if re.search(r"(?:đến|tại) quầy", text := path.read_text())}
    assert len(sending) > 5
    assert [name for name, text in sending.items() if "portal:counters" not in text] == ["counters.html"]
