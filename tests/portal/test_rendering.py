"""Our way of drawing a box draws what Django's own does."""

import re
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

from portal.rendering import Renderer

NASTY = "\"><script>alert('x')</script>&amp;"
CHOICES = [("", "–"), ("a", "A & B"), (1, NASTY)]


@pytest.mark.parametrize(
    ("widget", "value"),
    [
        (forms.TextInput(attrs={"maxlength": 5, "data-x": NASTY, "hidden": False, "required": True}), NASTY),
        (forms.TextInput(), None),
        (forms.TextInput(), ""),
        (forms.NumberInput(), 1234567),
        (forms.EmailInput(), "a@example.vn"),
        (forms.PasswordInput(), "x"),
        (forms.HiddenInput(), "1"),
        (forms.DateInput(format="%d/%m/%Y"), "28/03/2021"),
        (forms.CheckboxInput(), True),
        (forms.CheckboxInput(), False),
        (forms.Select(choices=CHOICES), "a"),
        (forms.Select(choices=CHOICES, attrs={"data-typeahead": ""}), 1),
        (forms.Select(choices=[("Nhóm", CHOICES)]), "a"),
        (forms.RadioSelect(choices=CHOICES), "a"),
        (forms.CheckboxSelectMultiple(choices=CHOICES), ["a", "1"]),
        (forms.Textarea(), NASTY),
    ],
)
def test_it_is_djangos_letter_for_letter(widget: forms.Widget, value: Any) -> None:
    ours, theirs = (
        re.sub(r">\s+<", "><", re.sub(r"\s+", " ", str(widget.render('n"ame', value, {"id": "i"}, renderer)))).strip()
        for renderer in (Renderer(), DjangoTemplates())
    )
    assert ours == theirs
