"""Devices on which somebody signed in before: a signed cookie by which an account tells its owner's tries from a stranger's,
so that nobody locks an owner out from elsewhere. It opens nothing, and a changed password ends it."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

from portal import sealing
from portal.models import User

COOKIE = "signed-in-before"  # another than kyc's, which tells one phone from many
KEPT = timedelta(days=365)
MOST = 10  # accounts that one device is known to; a counter's computer has several
signer = TimestampSigner(salt="device")


@dataclass(frozen=True)
class Device:
    name: str = ""
    marks: tuple[str, ...] = ()

    def mark(self, user: User) -> str:
        return sealing.blind_index("device", f"{self.name} {user.pk} {user.password}")[:32]

    def knows(self, user: User | None) -> bool:
        return bool(user and self.name and self.mark(user) in self.marks)


def device_of(request: Any) -> Device:
    try:
        name, *marks = signer.unsign(request.COOKIES.get(COOKIE, ""), max_age=KEPT).split(".")
    except BadSignature:
        return Device()
    return Device(name, tuple(marks))


def speak(response: Any, language: str) -> None:
    """What this device's pages are written in while nobody is signed in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=KEPT,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def remember(request: Any, response: Any, user: User) -> None:
    """From now on, and until the cookie or the password ends, this device is the account's own."""
    before = device_of(request)
    device = Device(before.name or secrets.token_hex(16))
    marks = [device.mark(user), *(mark for mark in before.marks if mark != device.mark(user))]
    response.set_cookie(
        COOKIE,
        signer.sign(".".join([device.name, *marks[:MOST]])),
        max_age=KEPT,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
