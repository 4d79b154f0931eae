"""A new master key, and everything sealed again under it, while the portal works. Stop it anywhere and start it again."""

import time
from collections.abc import Iterator
from typing import Any

import structlog
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models

from portal import audit, sealing, sessions
from portal.accounts.binding import PLACE
from portal.gateways import keys

log = structlog.get_logger(__name__)
BATCH = 500
SAFE = 3600  # seconds: longer than any request or task that read a value before the keys turned


class Command(BaseCommand):
    help = "Make a new master key the active one and seal everything again under it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--new", action="store_true", help="make a new key first (KEYS_URL=env: put it first there)"
        )
        parser.add_argument("--retire", action="store_true", help="drop keys under which nothing is sealed any more")

    def handle(self, *args: Any, new: bool, retire: bool, **options: Any) -> None:
        provider = keys.provider()
        if retire and (new or time.time() - provider.keyring().since < SAFE):
            raise CommandError(
                "Old keys are dropped an hour after the turn at the earliest: work under way may hold them."
            )
        if new:
            provider.replace(provider.keyring().with_new_key())
            audit.record("master key made", provider.keyring().active)
        active = provider.keyring().active
        total = 0
        # A writer that read the ring a moment ago may still seal under the old key: go round until a round finds none.
        while renewed := sum(1 for _row in sealed_again(active)):
            total += renewed
        audit.record("sealed again", active, values=total)
        self.stdout.write(f"{total} values sealed again under {active}")
        if retire:
            for name in [key for key in provider.keyring().keys if key != active]:
                provider.replace(provider.keyring().without(name))
                self.stdout.write(f"{name} retired")


def sealed_again(active: str) -> Iterator[None]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            # What a data key sealed stays as it is: only the data key itself is sealed by the master key.
            if isinstance(field, sealing.SealedField) and not field.key:
                yield from column(model, field.attname, field.place, active)
    yield from column(Session, "session_data", sessions.PLACE, active)
    yield from second_factors(active)


def column(model: type[models.Model], name: str, place: str, active: str) -> Iterator[None]:
    """By primary key, batch by batch; each value only if nobody changed it meanwhile."""
    rows, last = model._default_manager.order_by("pk"), None
    while True:
        batch = list((rows.filter(pk__gt=last) if last is not None else rows).values_list("pk", name)[:BATCH])
        if not batch:
            return
        for key, token in batch:
            if token is None or token.startswith(f"{active}."):
                continue
            try:
                renewed = sealing.seal(sealing.unseal(token, place), place)
            except sealing.Broken:
                log.error("cannot be opened", alarm=True, place=place, row=str(key))
                continue
            if model._default_manager.filter(**{"pk": key, name: token}).update(**{name: renewed}):
                yield None
        last = batch[-1][0]


def second_factors(active: str) -> Iterator[None]:
    """allauth keeps its secrets inside a JSON column, sealed by our adapter."""
    place, old = PLACE, [f"{name}." for name in keys.provider().keyring().keys if name != active]
    for factor in Authenticator.objects.order_by("pk").iterator():
        renewed = {
            name: sealing.seal(sealing.unseal(value, place), place)
            if isinstance(value, str) and value.startswith(tuple(old))
            else value
            for name, value in factor.data.items()
        }
        if renewed != factor.data and Authenticator.objects.filter(pk=factor.pk, data=factor.data).update(data=renewed):
            yield None
