"""Who issues certificates: the authority within (no legal value), or one outside that speaks EJBCA's REST interface."""

from functools import cache
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from signing.authority.gateways.ejbca import EJBCA
from signing.authority.gateways.within import Within
from signing.authority.intents import Intent
from signing.authority.models import Authority


class CA(Protocol):
    outside: bool  # chooses its own serials

    def issue(self, intent: Intent) -> bytes:
        """The certificate for a stored intent; asked twice, it gives the same and makes no second one."""

    def issuer(self, intended: Authority) -> Authority:
        """Who stands above what it issues, where this one was intended."""


@cache
def ca_for(url: str) -> CA:
    scheme = urlsplit(url).scheme
    if scheme == "embedded":
        return Within()
    if scheme.startswith("ejbca+"):
        try:
            return EJBCA(url)
        except (KeyError, OSError, ValueError) as wrong:
            raise ImproperlyConfigured(f"CA_URL: {wrong} is missing or cannot be read.") from wrong
    raise ImproperlyConfigured(f"CA_URL begins with embedded: or ejbca+https:, not {scheme}:.")


def authority() -> CA:
    return ca_for(settings.CA_URL)
