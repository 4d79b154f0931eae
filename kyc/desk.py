"""Everything about one file on one screen, for whoever has it in hand: what warns of it first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import corrections, dossier
from enrollment.identity import Declaration, Document
from enrollment.models import Application, Ward
from enrollment.parts import all_parts
from kyc import grounds
from kyc.forms import item_choices
from kyc.models import Case, Check, Decision, Evidence, Mark, Remark
from kyc.reading import comparing
from kyc.steps import checking, flags, introduced, kinship, looking, sampling
from kyc.steps.review import acts, asking, law, queues
from kyc.steps.review.verbs import VERBS
from portal import looks
from portal.accounts.roles import is_vouched
from portal.models import User

Queue = Case.Queue
NAMED = 3  # of those who have something in common with it: the first; all are below
REGRETTED = timedelta(minutes=15)  # in which the last act is offered to be undone
UNDONE_BY = {"pass": "recall", "hold": "resume"}


def file_page(case: Case, user: User, written: Mapping[str, str] | None = None) -> dict[str, Any]:
    application = case.application
    # Whoever has the file sees it whole; to others it tells how it stands and no more.
    opened = looking.may_look(case, user)
    if opened:
        looks.look(application, user, looks.FILE)
    verbs = [verb for verb in VERBS.values() if law.may(case, verb, user)]
    passing = next((verb for verb in verbs if verb.answers), None)
    # A second opinion is given without seeing the first.
    second = case.queue == Queue.SECOND and (case.holder_id == user.pk or queues.SUPERVISOR not in user.roles)
    blind = second or (case.queue == Queue.CLOSED and sampling.waiting_for(user).filter(case=case).exists())
    decisions = [] if blind else list(with_key(case.decisions.select_related("by").order_by("pk"), case))
    return {
        **shown(case, decisions, written or {}, opened=opened),
        "case": case,
        "opened": opened,
        "may_open": not opened and looking.may_open(case, user),
        "openings": looks.openings(application)[:20] if queues.SUPERVISOR in user.roles else None,
        "verbs": verbs,
        "passing": passing,
        "buttons": [verb for verb in verbs if not verb.fields],
        "forms": [verb for verb in verbs if verb.fields],
        "decisions": [
            (decision, corrections.named(decision.items), reason_of(decision), answers_of(decision))
            for decision in decisions
        ],
        "first": first_look(case, decisions) if opened and case.queue == Queue.APPROVAL else None,
        "remarks": [] if blind or not opened else said(case),
        "blind": blind,
        "file_hash": dossier.digest(application) if opened else "",
        "items": item_choices(application),
        "people": colleagues(case) if VERBS["assign"] in verbs else [],
        "now": timezone.now(),
        "tomorrow": timezone.localdate() + timedelta(days=1),
        "trail": application.trail.select_related("actor").order_by("pk"),
    }


def undo_of(user: User) -> dict[str, Any] | None:
    """The last act of this person, while it is fresh and the law lets it be taken back."""
    rows = Decision.objects.filter(by=user, at__gt=timezone.now() - REGRETTED).order_by("-pk")
    last = rows.select_related("case__application").first()
    verb = VERBS.get(UNDONE_BY.get(last.act, "")) if last else None
    return {"last": last, "case": last.case, "verb": verb} if last and verb and law.may(last.case, verb, user) else None


def first_look(case: Case, decisions: list[Decision]) -> dict[str, Any] | None:
    """How the appraiser came to it: how long, what was opened, and where they hesitated."""
    last = next((decision for decision in reversed(decisions) if decision.act == "pass"), None)
    if last is None or last.by is None:
        return None
    seen = looking.looked_at(case, last.by)
    before = [decision for decision in decisions if decision.pk < last.pk and decision.act in ("ask", "hold", "recall")]
    return {
        "by": last.by,
        "minutes": divmod(last.seconds, 60),
        "files": seen.pop("file", 0),
        "opened": [(name, seen.get(kind, 0)) for kind, name in SEEN.items()],
        "hesitated": [decision.title for decision in before],
    }


SEEN: dict[str, Any] = {  # what is opened by a key of its own, and so says something
    "face-film": _("đoạn ghi khuôn mặt"),
    "beside": _("ảnh của hồ sơ khác, đặt cạnh"),
    "contract": _("hợp đồng"),
}


def said(case: Case) -> list[tuple[Remark, Any]]:
    """Notes, questions and answers, each question in the words of its topic."""
    remarks = with_key(case.remarks.select_related("by").order_by("pk"), case)
    return [(remark, asking.TOPICS[remark.topic][1] if remark.topic else "") for remark in remarks]


def with_key(rows: Any, case: Case) -> Any:
    """What is said in them is sealed by the application's key, which is here already."""
    for row in rows:
        row.case = case
        yield row


def reason_of(decision: Any) -> Any:
    named = acts.REJECTIONS.get(decision.reason)
    return named[0] if named else acts.HOLDS.get(decision.reason, "")


def answers_of(decision: Decision) -> list[tuple[Any, str]]:
    return [(flags.NAMES[name], words) for name, words in (decision.answers or {}).items()]


def blind_page(case: Case, user: User) -> dict[str, Any]:
    looks.look(case.application, user, looks.FILE, blind=True)
    return {**shown(case, [], {}, opened=True), "case": case}


# ── What is shown of it ──


@dataclass(frozen=True)
class Line:
    """A warning: what, why, where it was seen before, what was said to it and what is being written."""

    flag: flags.Flag
    why: str
    seen: list["Other"]
    more: int
    said: list[tuple[Any, str]]  # by whom: what
    written: str


@dataclass(frozen=True)
class Other:
    """Somebody else's file, and the two pictures that are much alike, where pictures are."""

    application: Application
    at: datetime
    pictures: tuple[int, int] | None = None

    @property
    def name(self) -> Any:
        return name_of(self.application)


def name_of(application: Application) -> Any:
    return looks.legible(lambda: getattr(application.declaration, "full_name", ""), application)


def warnings(
    application: Application, checks: list[Check], decisions: list[Decision], written: Mapping[str, str]
) -> list[Line]:
    said = [(decision.by, name, words) for decision in decisions for name, words in (decision.answers or {}).items()]
    return [
        Line(
            flag,
            grounds.of(flag.check) if flag.check else "",
            others_of(application, flag),
            max(0, len(flag.seen) - NAMED),
            [(by, words) for by, name, words in said if name == flag.name],
            written.get(flag.name, ""),
        )
        for flag in flags.of(application, checks)
    ]


def others_of(application: Application, flag: flags.Flag) -> list[Other]:
    """Where it was seen before; of pictures with the pictures themselves, side by side on demand."""
    files = flag.seen[:NAMED]
    if flag.name not in kinship.TRACED:
        return [Other(other, at) for other, at in files]
    owners = [application.pk, *(other.pk for other, _at in files)]
    rows = Evidence.objects.filter(application__in=owners, kind=flag.name, replaced_at=None)
    pictures = dict(rows.values_list("application", "pk"))
    mine = pictures.get(application.pk)
    return [
        Other(other, at, (mine, pictures[other.pk]) if mine and other.pk in pictures else None) for other, at in files
    ]


def shown(case: Case, decisions: list[Decision], written: Mapping[str, str], *, opened: bool) -> dict[str, Any]:
    application = case.application
    declared, evidence = application.declaration, Evidence.of(application) if opened else {}
    known: dict[str, Any] = {
        "application": application,
        "declared": declared,
        "unchecked": not case.checked and case.looks < checking.LOOKS,
    }
    if not opened:
        return known
    checks, word = checking.findings(application, evidence), introduced.word_of(application)
    return {
        **known,
        **compared(declared, checks, word),
        "introduced": introduced.is_introduced(application),
        "vouched_for": word is not None,
        "warnings": warnings(application, checks, decisions, written),
        "document": Document(declared.document).label if declared else "",
        "place": place(declared) if declared else "",
        "evidence": [evidence[kind] for kind in Evidence.Kind.values if kind in evidence],
        "film": evidence.get("face-film"),
        "frames": len((evidence["face-film"].facts or {}).get("frames", [])) if "face-film" in evidence else 0,
        "checks": [(check, grounds.of(check)) for check in checks if check.outcome not in flags.WARNS],
        "above": rows_of(application),
        "own": own_files(application),
        "shared": [(Mark.KINDS[kind], files) for kind, files in kinship.shared(application).items()],
        "sheets": [sheet for part in all_parts() for sheet in part.sheets(application)],
    }


def compared(declared: Declaration | None, checks: list[Check], word: introduced.Word | None) -> dict[str, Any]:
    """Field by field, a column for each source that said anything; VNeID's with the time at which it was said."""
    reads = checking.reads_of(checks) | introduced.reads(word)
    sources = [source for source in comparing.SOURCES if source in reads]
    rows = comparing.rows(declared, reads) if declared else []
    said_at = {introduced.VNEID: word.introduction.said_at} if word else {}
    return {
        "sources": [(comparing.SOURCES[source], said_at.get(source)) for source in sources],
        "rows": [
            (row, [next((said for said in row.statements if said.source == source), None) for source in sources])
            for row in rows
        ],
    }


def own_files(application: Application) -> list[tuple[Application, list[tuple[str, str]]]]:
    """The same person's others, each with what came of it."""
    if not application.person_index:
        return []
    others = Application.objects.filter(person_index=application.person_index).exclude(pk=application.pk)
    newest = others.select_related("data_key", "plan").order_by("-pk")[:20]
    return [(other, rows_of(other)) for other in newest]


def rows_of(application: Application) -> list[tuple[str, str]]:
    """What the other apps know of it, such as who vouched for it at a counter."""
    return [row for part in all_parts() for row in part.rows(application)]


def place(declared: Declaration) -> str:
    ward = Ward.objects.select_related("province").filter(code=declared.ward).first()
    return ", ".join(str(part) for part in (declared.address, ward) if part)


def colleagues(case: Case) -> list[User]:
    roles = [role for role, worked_off in queues.WORKS.items() if case.queue in worked_off]
    people = (
        User.objects.filter(groups__name__in=roles, is_active=True)
        .prefetch_related("groups", "further_branches")
        .distinct()
        .order_by("pk")
    )
    return [user for user in people if is_vouched(user)]
