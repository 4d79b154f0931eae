"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language


def site(request: HttpRequest) -> dict[str, Any]:
    return {
        "hotline": settings.HOTLINE,
        "demo": settings.DEMO,
        "language": get_language(),
        "session_ends": getattr(request, "session_ends", None),
    }
