"""What belongs together: applications with the same contact, device or helper, or with nearly the same pictures."""

from collections.abc import Iterable, Mapping
from typing import Any

from enrollment.identity import Declaration
from enrollment.journey import Step
from enrollment.models import Application, Trail
from kyc.models import Mark
from portal import sealing, writing

TRACED = ("card-front", "face-near")
LOOKED_AT = 3000  # marks of others, the newest first; beyond that it is not known and not claimed
NEAR_BITS = 10  # of 256: two traces that differ in no more share some of sixteen bands, so an index finds them


def marks_of(application: Application, declaration: Declaration, traces: Mapping[str, str]) -> list[Mark]:
    """Bands of a trace are blind as everything else here: alike can be found, and nothing be drawn from them."""
    kept = {
        "phone": application.phone_index,
        "email": application.email_index,
        "address": sealing.blind_index("address", f"{declaration.ward} {writing.fold(declaration.address).casefold()}"),
    }
    hands = Trail.objects.filter(application=application, origin=Step.CAPTURE).values_list("actor", flat=True)
    if agents := set(hands) - {None, application.user_id}:
        kept["agent"] = str(min(agents))
    rows = [Mark(application=application, kind=kind, value=value) for kind, value in kept.items() if value]
    for kind, trace in traces.items():
        rows += [Mark(application=application, kind=kind, value=band, trace=trace) for band in bands(kind, trace)]
    return rows


def mark(application: Application, rows: list[Mark]) -> None:
    Mark.objects.filter(application=application).exclude(kind="device").delete()
    Mark.objects.bulk_create(rows, ignore_conflicts=True)


def bands(kind: str, trace: str) -> list[str]:
    """Without those that are even: half of all pictures have one."""
    cut = [f"{place}:{trace[place * 4 : place * 4 + 4]}" for place in range(16)]
    return [sealing.blind_index(f"trace {kind}", band) for band in cut if not band.endswith(":0000")]


def shared(application: Application, most: int = 50) -> dict[str, list[tuple[Application, Any]]]:
    """Other applications with the same contact, device, helper, or nearly the same pictures; each with its day."""
    return {
        kind: applications
        for kind, (applications, _whole) in compared(application, Mark.KINDS, most).items()
        if applications
    }


def compared(
    application: Application, kinds: Iterable[str], most: int = 50
) -> dict[str, tuple[list[tuple[Application, Any]], bool]]:
    """By kind: the others, and whether all that might be alike were looked at."""
    own: dict[str, list[Mark]] = {}
    for mark in Mark.objects.filter(application=application, kind__in=kinds):
        own.setdefault(mark.kind, []).append(mark)
    near_by_kind: dict[str, tuple[list[tuple[Application, Any]], bool]] = {}
    for kind, marks in own.items():
        others = Mark.objects.filter(kind=kind, value__in=[mark.value for mark in marks]).exclude(
            application=application
        )
        rows = list(others.order_by("-at").only("application_id", "trace", "at")[:LOOKED_AT])
        near = {
            row.application_id: row.at
            for row in rows
            if marks[0].trace is None or (row.trace and bits_apart(row.trace, marks[0].trace) <= NEAR_BITS)
        }
        chosen = dict(list(near.items())[:most])
        applications = Application.objects.in_bulk(chosen)
        near_by_kind[kind] = [(applications[pk], at) for pk, at in chosen.items()], len(rows) < LOOKED_AT
    return near_by_kind


def bits_apart(first: str, second: str) -> int:
    return (int(first, 16) ^ int(second, 16)).bit_count()
