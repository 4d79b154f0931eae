"""Signing's part of an application's file: the contract as the customer confirmed it."""

import hashlib
from typing import Any

from enrollment.models import Application
from signing.models import Paper
from signing.steps.signatures import bytes_of

SIGNED = (Paper.State.AGREED, Paper.State.SEALED)


def papers(application: Application) -> dict[str, Any]:
    rows = Paper.objects.filter(application=application, kind=Paper.Kind.CONTRACT, state__in=SIGNED)
    return {number: state for number, *state in rows.values_list("number", "version", "frozen", "shown_hash")}


def is_sound(application: Application) -> bool:
    """The sealed contract itself, not only what the table says of it; and it begins with what was shown."""
    contract = Paper.of(application, Paper.Kind.CONTRACT)
    if contract is None:
        return True
    file, shown = bytes_of(contract.file), bytes_of(contract.shown)
    if contract.state != Paper.State.SEALED or file is None or shown is None:
        return False
    kept = (hashlib.sha256(file).hexdigest(), hashlib.sha256(shown).hexdigest())
    return kept == (contract.file_hash, contract.shown_hash) and file.startswith(shown)
