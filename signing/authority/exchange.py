"""The key to which browsers enclose PINs. It turns every month, and an hour later the one before is destroyed: what was
enclosed to it opens for nobody any more, whoever kept it and whatever comes to light later."""

import hashlib
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from signing.authority.gateways.vault import pair_of, vault
from signing.authority.models import Authority

Role = Authority.Role
TURNS = timedelta(days=30)
KEPT = timedelta(hours=1)  # what is enclosed is opened within minutes, or never


class Forgotten(Exception):
    """No key of this name, or none any more."""


def name_of(public: bytes) -> str:
    """As an envelope names the key that it is meant for: see static/signing/signing.js."""
    return hashlib.sha256(public).digest()[:8].hex()


def make() -> None:
    """A new one takes over; of two that make one at once, one stays."""
    pair = vault().make(Role.EXCHANGE, "p-256")
    try:
        with transaction.atomic():
            Authority.objects.filter(role=Role.EXCHANGE, live=True).update(live=False)
            Authority.objects.create(
                role=Role.EXCHANGE, name="signer", kind=pair.kind, public=pair.public, wrapped=pair.wrapped,
                serial=name_of(pair.public),
            )  # fmt: skip
    except IntegrityError:
        vault().forget(pair)


def turn_due(now: datetime) -> None:
    live = Authority.now(Role.EXCHANGE)
    if live.made_at < now - TURNS:
        make()
    elif live.made_at < now - KEPT:
        for old in Authority.objects.filter(role=Role.EXCHANGE, live=False):
            vault().forget(pair_of(old))
            old.delete()


def age() -> timedelta | None:
    live = Authority.objects.filter(role=Role.EXCHANGE, live=True).first()
    return timezone.now() - live.made_at if live else None


def agreed(name: str, point: bytes) -> bytes:
    """What it shares with whoever enclosed something for it."""
    key = Authority.objects.filter(role=Role.EXCHANGE, serial=name).first()
    if key is None:
        raise Forgotten
    return vault().agree(pair_of(key), point)
