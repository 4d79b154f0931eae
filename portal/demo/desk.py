"""The demo desk: the whole portal in five minutes, on embedded defaults only (settings refuse it elsewhere)."""

import email
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import wraps
from pathlib import Path
from typing import Any

from allauth.account.adapter import get_adapter
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from portal import audit, writing
from portal.accounts import roles, signing_in
from portal.accounts.roles import ROLES
from portal.demo.people import DEMO_PASSWORD, current_code
from portal.models import User
from portal.parts import Part, parts

NEWEST = 30


@dataclass(frozen=True)
class SMS:
    to: str
    body: str
    at: datetime


@dataclass(frozen=True)
class Mail:
    name: str
    place: int
    to: str
    subject: str
    at: datetime
    text: str


def only_here(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A second lock beside the settings' refusal: nothing of this works when the demo is off."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (settings.DEMO and settings.EMBEDDED):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@only_here
def desk(request: HttpRequest) -> HttpResponse:
    order = list(ROLES)
    people = [
        {"user": user, "role": roles.labels(user.roles), "code": current_code(user) if user.is_staff else ""}
        for user in sorted(
            User.objects.filter(is_demo=True).select_related("branch").prefetch_related("groups"),
            key=lambda user: (order.index(user.roles[0]), user.pk),
        )
    ]
    doors = [door for part in parts(Part) for door in part.doors()]
    return render(request, "portal/demo/desk.html", {"people": people, "doors": doors, "password": DEMO_PASSWORD})


@require_POST
@only_here
def sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """One click, second factor included; only for the demo's own people."""
    user = get_object_or_404(User, pk=pk, is_demo=True)
    if request.user.is_authenticated:
        get_adapter().logout(request)
    signing_in.enter(request, user, second_factor=user.is_staff)
    audit.record("demo sign-in", user, user=user)
    onward = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(onward, {request.get_host()})
    return redirect(onward if safe else settings.LOGIN_REDIRECT_URL)


# ── The inbox: a phone and a mail window ──


@only_here
def inbox(request: HttpRequest) -> HttpResponse:
    number = writing.mobile(request.GET.get("to", ""))
    return render(request, "portal/demo/inbox.html", {"texts": texts(number), "mails": mails(), "number": number})


def texts(number: str = "") -> list[SMS]:
    letters = [json.loads(path.read_text()) for path in _newest(settings.STATE / "inbox" / "sms", "*.json")]
    received = [SMS(letter["to"], letter["body"], datetime.fromisoformat(letter["at"])) for letter in letters]
    return [text for text in received if number in ("", text.to)]


def mails() -> list[Mail]:
    """The newest first; a conversation with the mail server leaves one file with its letters in order."""
    received = [
        _mail(path.stem, place, letter)
        for path in _newest(settings.STATE / "inbox" / "mail", "*.log")
        for place, letter in reversed(list(enumerate(_letters(path))))
    ]
    return received[:NEWEST]


def _newest(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern), key=lambda path: path.name, reverse=True)[:NEWEST]


def _mail(name: str, place: int, letter: EmailMessage) -> Mail:
    body = letter.get_body(("plain",))
    return Mail(
        name=name,
        place=place,
        to=str(letter["To"]),
        subject=str(letter["Subject"]),
        at=parsedate_to_datetime(str(letter["Date"])).replace(tzinfo=UTC),  # Django writes -0000: UTC, unsaid
        text=body.get_content() if body else "",
    )


def _letters(path: Path) -> list[EmailMessage]:
    """Django's file backend ends each letter with a line of dashes."""
    parts = [part for part in re.split(rb"\n-{79}\n", path.read_bytes()) if part.strip()]
    return [email.message_from_bytes(part, policy=policy.default) for part in parts]


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
    letters = _letters(path) if path.exists() else []
    if place >= len(letters):
        raise Http404
    html = letters[place].get_body(("html",))
    shown = HttpResponse(html.get_content() if html else _("Thư này không có bản HTML."))
    return csp_replace(LETTER_POLICY)(lambda _request: shown)(request)


@only_here
def elements(request: HttpRequest) -> HttpResponse:
    """Every part of our pages on one page, to be looked at."""
    return render(request, "portal/demo/parts.html")


urls = [
    path("", desk, name="desk"),
    path("inbox/", inbox, name="inbox"),
    path("inbox/mail/<slug:name>/<int:place>/", mail, name="mail"),
    path("parts/", elements, name="parts"),
    path("sign-in/<int:pk>/", sign_in, name="sign_in"),
]
