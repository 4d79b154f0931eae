"""Signing's part of an application's file: the contract as the customer confirmed it."""

from typing import Any

from enrollment.models import Application
from signing.models import Paper
from signing.steps.signatures import is_whole

SIGNED = (Paper.State.AGREED, Paper.State.SEALED)


def papers(application: Application) -> dict[str, Any]:
    rows = Paper.objects.filter(application=application, kind=Paper.Kind.CONTRACT, state__in=SIGNED)
    return {number: state for number, *state in rows.values_list("number", "version", "frozen", "shown_hash")}


def is_sound(application: Application) -> bool:
    """The sealed contract itself, not only what the table says of it."""
    contract = Paper.of(application, Paper.Kind.CONTRACT)
    return contract is None or (contract.state == Paper.State.SEALED and is_whole(contract.file, contract.file_hash))
