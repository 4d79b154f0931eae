"""What every page knows."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal import looks
from portal.accounts.signing_in import session_ends
from portal.demo.ribbon import Ribbon
from portal.models import User
from portal.parts import Place
from portal.refusals import Refusal

DESK = Place(_("Trang chính"), "admin:index", "place-desk")
ACCOUNT = Place(_("Tài khoản"), "portal:account", "place-account")


def site(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)  # a refusal may come before anybody asked who it is
    screen = getattr(request, "screen", None)  # the one put before a customer, which has its own end
    return {
        "hotline": settings.HOTLINE,
        "demo": Ribbon(request) if settings.DEMO else None,
        "language": get_language(),
        "screen": screen,
        "session_ends": screen.ends
        if screen
        else session_ends(request.session, user)
        if isinstance(user, User)
        else None,
    }


def places(user: User) -> list[Place]:
    return [DESK, ACCOUNT] if user.is_staff else [ACCOUNT]


def opened_up(request: HttpRequest, about: models.Model, page: HttpResponse) -> HttpResponse:
    """Staff said why they look at what they do not hold; its page shows it to them for a while, or says what is missing."""
    assert isinstance(request.user, User)
    try:
        looks.open_up(about, request.user, request.POST.get("reason", ""), request.POST.get("words", ""))
    except Refusal as no:
        messages.warning(request, no.message)
    return page
