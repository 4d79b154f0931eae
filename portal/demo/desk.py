"""The demo desk: the whole portal in five minutes, on embedded defaults only (settings refuse it elsewhere)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from portal import audit, writing
from portal.accounts import roles, signing_in
from portal.demo import inbox as letters
from portal.demo.people import all_people, current_code
from portal.demo.ribbon import SEEN, Ribbon, news, read_until
from portal.models import User
from portal.parts import Door, Part, parts


def only_here(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A second lock beside the settings' refusal: nothing of this works when the demo is off."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (settings.DEMO and settings.EMBEDDED):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


# ── The desk ──


@dataclass(frozen=True)
class Row:
    """A line of the desk's table: a door, and what its person would type at the real one."""

    door: Door
    user: User | None

    @property
    def role(self) -> str:
        return roles.labels([self.door.role])

    @property
    def code(self) -> str:
        return current_code(self.user) if self.user and self.user.is_staff else ""

    @property
    def words(self) -> str:
        """By which it is searched."""
        number = self.user.id_number if self.user else ""
        return writing.fold(f"{self.door.who} {self.role} {self.door.at} {self.door.note} {number}").lower()

    def fits(self, q: str, role: str, at: str) -> bool:
        asked, words = writing.fold(q).lower().split(), self.words
        return role in ("", self.door.role) and at in ("", self.door.at) and all(word in words for word in asked)


def rows() -> list[Row]:
    """Everybody once: the door of an app above says more of its person than the ground floor's."""
    users = {user.pk: user for user in all_people()}
    doors = {door.user or door.address: door for part in parts(Part) for door in part.doors()}
    return [Row(door, users.get(door.user)) for door in doors.values()]


@only_here
def desk(request: HttpRequest) -> HttpResponse:
    everybody, brought = rows(), parts(Part)
    asked = {name: writing.line(request.GET.get(name, "")) for name in ("q", "role", "at")}
    facts = {
        "rows": [row for row in everybody if row.fits(**asked)],
        "asked": asked,
        "hands": hands(everybody),
        "line": line(everybody, [step for part in brought for step in part.line]),
        "legs": [leg for part in brought for leg in part.legs],
        "roles": [(name, role.label) for name, role in roles.ROLES.items()],
        "places": list(dict.fromkeys(row.door.at for row in everybody if row.door.at)),
        "typed": {label: value for part in brought for label, value in part.typed.items()},
    }
    return render(request, "portal/demo/desk.html", facts)


def hands(everybody: list[Row]) -> dict[str, Row]:
    """Whose place is taken in each role: of customers, whoever is furthest."""
    by_role: dict[str, Row] = {}
    for row in sorted(everybody, key=lambda row: -row.door.place):
        by_role.setdefault(row.door.role, row)
    return by_role


def line(everybody: list[Row], steps: list[Any]) -> list[tuple[Any, Door | None]]:
    """Who stands at each of the customer's steps: the first who came."""
    standing = {row.door.place: row.door for row in reversed(everybody)}
    return [(step, standing.get(place)) for place, step in enumerate(steps, 1)]


@require_POST
@only_here
def sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """One click, second factor included; only for the demo's own people."""
    user = get_object_or_404(User, pk=pk, is_demo=True)
    become(request, user)
    onward = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(onward, {request.get_host()})
    return redirect(onward if safe else get_adapter().get_login_redirect_url(request))


def become(request: HttpRequest, user: User | None) -> None:
    """That person of the demo, second factor included; or nobody, with nothing left of whoever one was.
    Either reads what the visitor reads: pages go on in their language, and so do messages from here on."""
    if request.user.is_authenticated:
        get_adapter().logout(request)
    request.session.flush()
    if user:
        user.language = get_language() or user.language
        User.objects.filter(pk=user.pk).update(language=user.language)
        signing_in.enter(request, user, second_factor=user.is_staff)
        audit.record("demo sign-in", user, user=user)


# ── The inbox: a phone and a mail window ──


@only_here
def inbox(request: HttpRequest) -> HttpResponse:
    """By number, as other pages name one; else of whoever one is just now, if that is wanted."""
    number, mine = writing.mobile(request.GET.get("to", "")), Ribbon(request).reached
    only_mine = bool(mine) and not number and "all" not in request.GET
    to = [number] if number else mine if only_mine else []
    facts = {"texts": letters.texts(to), "mails": letters.mails(to), "number": number, "mine": mine}
    response = render(request, "portal/demo/inbox.html", {**facts, "only_mine": only_mine})
    response.set_cookie(SEEN, f"{time.time():.3f}", httponly=True, samesite="Lax", secure=settings.SECURE)
    return response


@only_here
def newest(request: HttpRequest) -> HttpResponse:
    """For the ribbon of a page that is looked at: asked without a session, so that asking keeps nobody signed in."""
    letter = news(request.GET.getlist("to"), read_until(request.GET.get("since", "")))
    return JsonResponse({"number": letter.number, "code": letter.code})


DRAWINGS = settings.BASE_DIR / "templates/drawings"
LETTER_POLICY = {
    "style-src": ["'unsafe-inline'"],
    "script-src": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": [""],
}


@only_here
@xframe_options_sameorigin
def mail(request: HttpRequest, name: str, place: int) -> HttpResponseBase:
    """The letter as a mail program shows it: its own styles, nothing else, in a frame without rights."""
    path = settings.STATE / "inbox" / "mail" / f"{name}.log"
    received = letters.letters_in(path) if path.exists() else []
    if place >= len(received):
        raise Http404
    html = received[place].get_body(("html",))
    shown = HttpResponse(html.get_content() if html else _("Thư này không có bản HTML."))
    return csp_replace(LETTER_POLICY)(lambda _request: shown)(request)


@only_here
def elements(request: HttpRequest) -> HttpResponse:
    """Every part of our pages on one page, to be looked at."""
    return render(request, "portal/demo/parts.html", {"drawings": sorted(path.stem for path in DRAWINGS.glob("*.svg"))})


urls = [
    path("", desk, name="desk"),
    path("inbox/", inbox, name="inbox"),
    path("inbox/newest/", newest, name="newest"),
    path("inbox/mail/<slug:name>/<int:place>/", mail, name="mail"),
    path("parts/", elements, name="parts"),
    path("sign-in/<int:pk>/", sign_in, name="sign_in"),
]
