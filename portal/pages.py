"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from portal.accounts.signing_in import session_ends
from portal.models import User


def site(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)  # a refusal may come before anybody asked who it is
    return {
        "hotline": settings.HOTLINE,
        "demo": settings.DEMO,
        "language": get_language(),
        "session_ends": session_ends(request.session, user) if isinstance(user, User) else None,
    }
