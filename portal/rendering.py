"""Boxes and lists drawn without a template each: on a form of twelve fields Django's own way is most of the page's cost.

The result is Django's, letter for letter but for white space; a test compares them."""

from collections.abc import Callable
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


def attributes(attrs: dict[str, Any]) -> str:
    return "".join(
        f" {name}" if value is True else f' {name}="{conditional_escape(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def box(widget: dict[str, Any]) -> str:
    value = widget["value"]
    shown = "" if value is None else f' value="{conditional_escape(str(value))}"'
    name = conditional_escape(widget["name"])
    return f'<input type="{widget["type"]}" name="{name}"{shown}{attributes(widget["attrs"])}>'


def option(choice: dict[str, Any]) -> str:
    value, label = conditional_escape(str(choice["value"])), conditional_escape(choice["label"])
    return f'<option value="{value}"{attributes(choice["attrs"])}>{label}</option>'


def chooser(widget: dict[str, Any]) -> str:
    options = "".join(option(choice) for _group, choices, _place in widget["optgroups"] for choice in choices)
    return f'<select name="{conditional_escape(widget["name"])}"{attributes(widget["attrs"])}>{options}</select>'


DRAWN: dict[str, Callable[[dict[str, Any]], str]] = {
    **{
        f"django/forms/widgets/{kind}.html": box
        for kind in ("text", "number", "email", "password", "hidden", "date", "checkbox", "radio_option", "input")
    },
    "django/forms/widgets/select.html": chooser,
}


class Renderer(DjangoTemplates):
    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        widget: Any = context.get("widget")
        draw = DRAWN.get(template_name)
        if draw is None or any(group for group, *_rest in widget.get("optgroups", ())) or widget.get("wrap_label"):
            return SafeString(super().render(template_name, context, request))
        return SafeString(draw(widget))
