"""The few parts of a page that need more than HTML."""

import re
from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.loader_tags import BlockNode
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal import looks, naming, writing
from portal.accounts.passwords import checks
from portal.models import Event, User
from portal.parts import Part, parts

register = template.Library()
register.filter("masked", writing.masked)
register.filter("spaced", writing.spaced)
ROOT = re.compile(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>")
DRAWINGS = {
    path.stem: ROOT.sub(r"<svg \1>", path.read_text().strip(), count=1)
    for path in (settings.BASE_DIR / "templates/drawings").glob("*.svg")
}
DRAWN = 'aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "coc_coc": "Cốc Cốc",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
MACHINES = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


@register.filter
def device(user_agent: str) -> str:
    """ "Chrome · Android": what a person calls it. The order matters, as each browser claims to be the ones after it."""
    names = [next((name for mark, name in table.items() if mark in user_agent), "") for table in (BROWSERS, MACHINES)]
    return " · ".join(filter(None, names)) or user_agent[:60]


@register.inclusion_tag("portal/parts/field.html")
def field(bound: BoundField, note: str = "") -> dict[str, Any]:
    """A form field: label, hint, what is wrong, and the box; Django ties hint and error to it for screen readers."""
    return {"field": bound, "kind": bound.widget_type, "note": note}


@register.simple_tag(takes_context=True)
def heading(context: template.Context) -> SafeString:
    """The page's title, as its h1: said once, in the page's title block."""
    return format_html("<h1>{}</h1>", BlockNode("title", template.NodeList()).render(context))


@register.simple_tag
def drawing(name: str, size: str = "") -> SafeString:
    """One of ours, in the page's own colours; what it shows is said in words beside it. Sizes: "small", as an icon."""
    if name not in DRAWINGS:
        raise template.TemplateSyntaxError(f"There is no templates/drawings/{name}.svg.")
    known_as = f"drawing {size}".strip()
    return mark_safe(DRAWINGS[name].replace("<svg", f'<svg class="{known_as}" {DRAWN}', 1))  # noqa: S308


@register.inclusion_tag("portal/parts/checklist.html")
def checklist(bound: BoundField | str, declared: Any = None) -> dict[str, Any]:
    """What a password still lacks, told while it is typed; with the person's own data only where they stand on the page."""
    person = declared and User(
        id_number=declared.number, full_name=declared.full_name, phone=declared.phone, email=declared.email
    )
    return {"id": bound if isinstance(bound, str) else bound.id_for_label, "checks": checks(person)}


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], *names: str) -> str:
    """aria-current for the link to the page one is on."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    return "page" if match and match.view_name in names else "false"


@register.inclusion_tag("portal/parts/places.html", takes_context=True)
def places(context: dict[str, Any]) -> dict[str, Any]:
    """Where the person signed in finds what is theirs; of those that this page lies under the nearest is marked."""
    ground, *above = parts(Part)
    rows = [place for part in (*above, ground) for place in part.places(context["user"])]
    path = context["request"].path
    under = [place for place in rows if path.startswith(reverse(place.address))]
    nearest = max(under, key=lambda place: len(reverse(place.address)), default=None)
    state = "page" if nearest and path == reverse(nearest.address) else "true"
    return {"places": [(place, state if place is nearest else "false") for place in rows]}


@register.inclusion_tag("admin/parts/open_up.html")
def open_up(address: str) -> dict[str, Any]:
    """Staff who do not hold it ask to see it in clear, and say why."""
    return {"address": address, "reasons": looks.REASONS}


@register.inclusion_tag("admin/parts/openings.html", takes_context=True)
def openings(context: dict[str, Any], events: Iterable[Event], *, of_all: bool = False) -> dict[str, Any]:
    """Who opened what they did not hold, and why: for their supervisor."""
    rows = naming.name(list(events), context["user"])
    return {"openings": [(event, looks.reason_of(event)) for event in rows], "of_all": of_all}
