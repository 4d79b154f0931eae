"""Identity's part of an application's file: the pictures that count, by the hash of their pixels, and what
the customer answered."""

from typing import Any

from enrollment.models import Application
from kyc.models import Evidence, Help
from kyc.steps import capture
from kyc.steps.review import asking
from portal import sealing


def papers(application: Application) -> dict[str, Any]:
    answers = asking.answers(application)
    return {**pictures(application), "answers": answers} if answers else pictures(application)


def pictures(application: Application) -> dict[str, Any]:
    rows = Evidence.objects.filter(application=application, replaced_at=None)
    return {kind: facts for kind, *facts in rows.values_list("kind", "digest", "way", "file", "by")}


def is_sound(application: Application) -> bool:
    """The pictures themselves, not only what the table says of them."""
    try:
        return all(capture.is_sound(evidence) for evidence in Evidence.of(application).values())
    except (OSError, sealing.Broken, sealing.Erased):
        return False


def hands(application: Application) -> set[int]:
    """Whoever took a picture, also one that was replaced since, or let somebody try the face again."""
    took = Evidence.objects.filter(application=application).exclude(by=None).values_list("by", flat=True)
    helped = Help.objects.filter(application=application).values_list("by", flat=True)
    return {*took, *helped}
