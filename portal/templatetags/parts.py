"""The few parts of a page that need more than HTML."""

from typing import Any

from django import template
from django.forms import BoundField

from portal import accounts, writing

register = template.Library()
register.filter("masked", writing.masked)


@register.inclusion_tag("portal/parts/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A form field: label, hint, what is wrong, and the box; Django ties hint and error to it for screen readers."""
    return {"field": bound, "kind": bound.widget_type}


@register.inclusion_tag("portal/parts/checklist.html")
def checklist(bound: BoundField | str) -> dict[str, Any]:
    """What a password still lacks, told while it is typed."""
    return {"id": bound if isinstance(bound, str) else bound.id_for_label, "kinds": accounts.KINDS}


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], *names: str) -> str:
    """aria-current for the link to the page one is on."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    return "page" if match and match.view_name in names else "false"
