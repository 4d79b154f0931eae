"""What belongs together: applications with the same contact, device or helper, or with nearly the same pictures."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment.identity import Declaration
from enrollment.journey import Step
from enrollment.models import Application, Trail
from enrollment.parts import Signal
from kyc.models import Mark
from portal import sealing, writing

TRACED = {"card-front": "card-front", "face-near": "face"}  # pictures, each with the item that it is of
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


# ── Among the files of one counter ──

SIGNALS: dict[str, Any] = {
    "address": _("Nhiều khách cùng một địa chỉ"),
    "device": _("Nhiều khách ký trên cùng một thiết bị"),
    "face-near": _("Nhiều khách có ảnh khuôn mặt gần giống nhau"),
}
CROWD = 50  # more that share one band of a trace say nothing; those alike share others too


def signals(applications: Sequence[Application]) -> list[Signal]:
    """What several people's files have in common (index `one_mark_each`)."""
    known = {application.pk: application for application in applications}
    alike: dict[tuple[str, str], set[int]] = defaultdict(set)
    rows = Mark.objects.filter(application__in=known, kind__in=SIGNALS)
    for kind, value, pk in rows.values_list("kind", "value", "application"):
        alike[kind, value].add(pk)
    groups = {kind: [pks for (of, _value), pks in alike.items() if of == kind and len(pks) > 1] for kind in SIGNALS}
    groups["face-near"] = lookalikes(groups["face-near"])
    return [
        Signal(SIGNALS[kind], people, [known[pk] for pk in sorted(pks, reverse=True)])
        for kind, together in groups.items()
        for pks in together
        if (people := len({known[pk].person_index for pk in pks})) > 1
    ]


def lookalikes(bands: list[set[int]]) -> list[set[int]]:
    """Of those that share a band, whose whole traces are near; together with those that are near to them."""
    candidates = {pk for pks in bands if len(pks) <= CROWD for pk in pks}
    rows = Mark.objects.filter(application__in=candidates, kind="face-near").select_related("application__data_key")
    traces = {row.application_id: row.trace for row in rows if row.trace}
    together: dict[int, set[int]] = {}
    for pks in bands:
        for first, second in combinations(sorted(pks & set(traces)), 2) if len(pks) <= CROWD else ():
            if bits_apart(traces[first], traces[second]) <= NEAR_BITS:
                whole = together.get(first, {first}) | together.get(second, {second})
                together |= dict.fromkeys(whole, whole)
    return [pks for pk, pks in together.items() if pk == min(pks)]
