"""Which dialect of VNeID is spoken with whom: `shared+https://partner:secret@host/…`, `signin+…` or `hub+…`; empty shuts
the door."""

from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from enrollment.gateways.vneid import VNeID
from enrollment.gateways.vneid_hub import Hub
from enrollment.gateways.vneid_line import Partner
from enrollment.gateways.vneid_shared import SharedData
from enrollment.gateways.vneid_signin import SignIn

DIALECTS: dict[str, Callable[[Partner], VNeID]] = {SharedData.code: SharedData, SignIn.code: SignIn, Hub.code: Hub}


@cache
def vneid() -> VNeID | None:
    if not settings.VNEID_URL:
        return None
    url = urlsplit(settings.VNEID_URL)
    kind, _plus, scheme = url.scheme.partition("+")
    if kind not in DIALECTS or scheme not in ("http", "https"):
        raise ImproperlyConfigured("VNEID_URL is shared+https://…, signin+https://… or hub+https://….")
    if not (url.username and url.password):  # or anybody's signature would be right
        raise ImproperlyConfigured("VNEID_URL names no partner, or no secret.")
    if scheme == "http" and not settings.EMBEDDED:
        raise ImproperlyConfigured("VNEID_URL is read by everybody on its way: https.")
    return DIALECTS[kind](Partner(url, settings.VNEID_KEYS))
