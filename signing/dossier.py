"""Signing's part of an application's file: the contract as the customer confirmed it."""

from typing import Any

from enrollment.models import Application
from signing.models import Paper
from signing.steps.sealing import is_whole

SIGNED = (Paper.State.AGREED, Paper.State.SEALED)


def papers(application: Application) -> dict[str, Any]:
    rows = Paper.objects.filter(application=application, kind=Paper.Kind.CONTRACT, state__in=SIGNED)
    return {number: told for number, *told in rows.values_list("number", "version", "frozen", "shown_hash")}


def is_sound(application: Application) -> bool:
    """The sealed contract itself, not only what the table says of it."""
    found = Paper.of(application, Paper.Kind.CONTRACT)
    return found is None or (found.state == Paper.State.SEALED and is_whole(found.file, found.file_hash))


def hands(application: Application) -> set[int]:
    """The customer's alone, and that one is named already."""
    return set()
