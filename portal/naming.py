"""What an entry or a message is about, by name: "application:12" is the application HX4K2B7M, and a link to it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from portal import looks
from portal.audit.reading import FIELDS
from portal.models import User
from portal.parts import NOTHING, PartConfig


@dataclass(frozen=True)
class Subject:
    words: str
    address: str = ""

    @property
    def link(self) -> str:
        return format_html('<a href="{}">{}</a>', self.address, self.words) if self.address else self.words


@cache
def kinds() -> dict[str, type[Model]]:
    """As audit.named() writes them."""
    configs = (config for config in apps.get_app_configs() if isinstance(config, PartConfig))
    return {str(model._meta.model_name): model for config in configs for model in config.get_models()}


def named(labels: Iterable[str], reader: User) -> dict[str, Subject]:
    return {label: Subject(words(row), address(row, reader)) for label, row in rows_of(labels).items()}


def rows_of(labels: Iterable[str]) -> dict[str, Model]:
    """A query for each kind, not for each label. Where the row is gone or the kind unknown, the label stays as it is."""
    keys: dict[type[Model], dict[Any, str]] = defaultdict(dict)
    for label in set(labels):
        kind, _colon, key = label.partition(":")
        if model := kinds().get(kind):
            with suppress(ValidationError):
                keys[model][model._meta.pk.to_python(key)] = label
    return {
        wanted[pk]: row
        for model, wanted in keys.items()
        for pk, row in model._default_manager.in_bulk(list(wanted)).items()
    }


def words_of(label: str) -> str:
    subject = rows_of([label]).get(label)
    return words(subject) if subject else label or NOTHING


def words(row: Model) -> str:
    if isinstance(row, User):
        return person(row)
    kind = str(FIELDS.get(str(row._meta.model_name), row._meta.verbose_name))
    return f"{capfirst(kind)} {row.pk if type(row).__str__ is Model.__str__ else row}"


def person(user: User) -> str:
    """Staff by name; of a customer the number of the account."""
    return str(looks.legible(lambda: user.full_name, user)) if user.is_staff else _("Khách hàng số %d") % user.pk


def address(row: Model, reader: User) -> str:
    """Where it is read, for who may read it."""
    app, kind = row._meta.app_label, row._meta.model_name
    if not reader.has_perm(f"{app}.view_{kind}"):
        return ""
    try:
        return reverse(f"admin:{app}_{kind}_change", args=[row.pk])
    except NoReverseMatch:
        return ""


def name(rows: Sequence[Any], reader: User) -> Sequence[Any]:
    """Rows that know by name what they are `about`."""
    subjects = named((row.about for row in rows if row.about), reader)
    for row in rows:
        row.subject = subjects.get(row.about, Subject(row.about or NOTHING))
    return rows
