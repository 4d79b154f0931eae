"""What an application is asked to show: what VNeID has shown us already is not asked for once more. Of the card its word
stands at level 2; of the face only where a live policy says so, and VNeID itself has compared it."""

from enrollment.identity import Document
from enrollment.journey import Step
from enrollment.models import Application
from kyc.models import ITEMS, Evidence
from kyc.steps import introduced, policing

# A passport has one page to show.
NEEDED: dict[str, tuple[str, ...]] = {Document.PASSPORT: ("card-front", "face")}


def items_of(application: Application) -> tuple[str, ...]:
    """By the document alone."""
    declaration = application.declaration
    return NEEDED.get(declaration.document, ITEMS) if declaration else ITEMS


def needed(application: Application) -> tuple[str, ...]:
    """What a reviewer asked for again stays asked for, whatever a policy has become since."""
    again = set(application.items) if Step.CAPTURE in application.redo else set()
    left_out = spared(application) - again
    return tuple(item for item in items_of(application) if item not in left_out)


def spared(application: Application) -> set[str]:
    word = introduced.word_of(application)
    return policing.spared_by(policing.policy_for(application), matched=word.has_matched) if word else set()


def sources(application: Application, evidence: dict[str, Evidence] | None = None) -> set[str]:
    """What there is to judge by: what the file has, what it owes, and VNeID's word."""
    evidence = Evidence.of(application) if evidence is None else evidence
    given = {picture.item for picture in evidence.values()} & set(items_of(application))
    word = {introduced.VNEID} if introduced.word_of(application) else set()
    return {*needed(application), *given, *word}
