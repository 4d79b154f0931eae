"""What warns of a file: checks that failed or are not sure, what it has in common with other people's files, and that no
machine has looked yet. Each passes by a person's written reason alone (kyc/steps/review/law.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment import parts
from enrollment.models import Application
from kyc.models import Check, Evidence, Mark
from kyc.steps import introduced, kinship

WARNS = (Check.Outcome.FAIL, Check.Outcome.UNSURE)
UNCHECKED, DOUBTED = "unchecked", "doubted"
# What two people's files must not have in common; an agent helps many, and that is no wonder.
COMMON = tuple(kind for kind in Mark.KINDS if kind != "agent")
NAMES: dict[str, Any] = {
    UNCHECKED: _("Máy chưa kiểm tra"),
    DOUBTED: _("Trưởng quầy nghi ngờ cam kết"),
    **Check.NAMES,
    **{kind: Mark.KINDS[kind] for kind in COMMON},
}


@dataclass(frozen=True)
class Flag:
    name: str
    outcome: str = Check.Outcome.UNSURE
    check: Check | None = None
    seen: tuple[tuple[Application, datetime], ...] = ()  # other people's files, and since when

    @property
    def title(self) -> Any:
        return NAMES[self.name]


def of(application: Application, checks: list[Check]) -> list[Flag]:
    """As it stands now, the worst first: a file that came later may have put one to an earlier file."""
    common = others(application)
    warning = [Flag(check.name, check.outcome, check) for check in checks if check.outcome in WARNS]
    if set(kinship.TRACED) & set(common):  # where it was seen says more than that it was
        warning = [flag for flag in warning if flag.name != "reuse"]
    pictures = Evidence.objects.filter(application=application, replaced_at=None)
    unlooked = not checks and (pictures.exists() or introduced.is_introduced(application))
    unchecked = [Flag(UNCHECKED)] if unlooked else []
    doubted = [Flag(DOUBTED, Check.Outcome.FAIL)] if parts.is_doubted(application) else []
    shared = [Flag(kind, seen=tuple(files)) for kind, files in common.items()]
    return sorted(doubted + unchecked + warning + shared, key=lambda flag: WARNS.index(Check.Outcome(flag.outcome)))


def others(application: Application) -> Mapping[str, list[tuple[Application, datetime]]]:
    """By kind, of other people: what one's own earlier file has in common is no wonder."""
    strange = {
        kind: [(other, at) for other, at in files if other.person_index != application.person_index]
        for kind, files in kinship.shared(application).items()
        if kind in COMMON
    }
    return {kind: strange[kind] for kind in reversed(COMMON) if strange.get(kind)}
