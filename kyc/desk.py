"""What the desk's pages show: the queues with right counts, and everything about one file on one screen."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import corrections, dossier
from enrollment.identity import Declaration, Document
from enrollment.models import Application, Ward
from kyc.forms import item_choices
from kyc.models import Case, Evidence, Mark, Remark
from kyc.reading import comparing
from kyc.steps import checking, looking, sampling
from kyc.steps.review import acts, asking, law, queues
from kyc.steps.review.verbs import VERBS
from portal import looks
from portal.accounts.roles import is_vouched
from portal.models import User

Queue = Case.Queue
ROWS = 25
# The tabs, in the order of the day.
TABS: dict[str, tuple[Any, Q]] = {
    "new": (_("Mới"), Q(queue=Queue.APPRAISAL, holder=None)),
    "mine": (_("Của tôi"), Q()),
    "second": (_("Ý kiến thứ hai"), Q(queue=Queue.SECOND)),
    "approval": (_("Chờ duyệt"), Q(queue=Queue.APPROVAL)),
    "objection": (_("Khiếu nại"), Q(queue=Queue.OBJECTION)),
    "waiting": (_("Chờ khách"), Q(queue=Queue.WAITING)),
    "hold": (_("Tạm giữ"), Q(queue=Queue.HOLD)),
    "rejected": (_("Không đạt"), Q(queue=Queue.REJECTED)),
    "held": (_("Người khác giữ"), Q()),
}


def works(user: User) -> bool:
    return bool(queues.queues_of(user))


# ── Queues ──


def tab_of(name: str, user: User) -> Q:
    if name == "mine":
        return ~Q(queue=Queue.CLOSED) & Q(holder=user)
    if name == "held":
        return ~Q(queue=Queue.CLOSED) & ~Q(holder=None) & ~Q(holder=user)
    return TABS[name][1]


def counts(user: User) -> dict[str, int]:
    """One look at the open cases alone; the closed million costs nothing."""
    rows = Case.objects.exclude(queue=Queue.CLOSED).values("queue", mine=Q(holder=user), free=Q(holder=None))
    numbers = list(rows.annotate(number=Count("pk")).order_by())

    def total(queue: str, *, free: bool = False) -> int:
        return sum(row["number"] for row in numbers if row["queue"] == queue and (row["free"] or not free))

    return {
        "new": total(Queue.APPRAISAL, free=True),
        "mine": sum(row["number"] for row in numbers if row["mine"]),
        "held": sum(row["number"] for row in numbers if not row["free"] and not row["mine"]),
        **{name: total(name) for name in ("second", "approval", "objection", "waiting", "hold", "rejected")},
    }


def queue_page(user: User, query: Mapping[str, str], rows: "QuerySet[Case]") -> dict[str, Any]:
    tab = query.get("tab", "")
    if tab not in TABS:
        tab = "new" if queues.REVIEWER in user.roles else "approval" if queues.APPROVER in user.roles else "new"
    searching = bool(query.get("q"))
    if not searching:
        rows = rows.filter(tab_of(tab, user))
        if after := place_of(query.get("after", "")):
            rows = rows.filter(Q(due_at__gt=after[0]) | Q(due_at=after[0], pk__gt=after[1]))
    related = ("application", "application__data_key", "application__plan", "application__branch", "holder")
    cases = list(rows.select_related(*related).order_by("due_at", "pk")[: ROWS + 1])
    last = cases[ROWS - 1] if len(cases) > ROWS else None
    number = counts(user)
    return {
        "tab": tab,
        "tabs": [(name, label, number[name]) for name, (label, _rows) in TABS.items()],
        "cases": [(case, haste_of(case), *names_of(case)) for case in cases[:ROWS]],
        "after": f"{last.due_at.isoformat()}~{last.pk}" if last else "",
        "searching": searching,
        "paged": bool(query.get("after")),
        "works": works(user),
    }


def names_of(case: Case) -> tuple[Any, Any]:
    """The applicant's and the holder's, marked where one does not open: the queue goes on."""
    application, holder = case.application, case.holder
    name = looks.legible(lambda: getattr(application.declaration, "full_name", ""), application)
    return name, looks.legible(lambda: holder.full_name, holder) if holder else ""


def haste_of(case: Case) -> str:
    """Late, or soon so: within a quarter of an hour."""
    left = case.due_at - timezone.now()
    if not case.is_running or left > timedelta(minutes=15):
        return ""
    return "soon" if left >= timedelta() else "late"


def place_of(text: str) -> tuple[datetime, int] | None:
    """Where the last page ended, as its link says."""
    moment, _tilde, pk = text.partition("~")
    try:
        due_at = datetime.fromisoformat(moment).astimezone(UTC)
        return (due_at, int(pk)) if 2000 < due_at.year < 2200 and len(pk) < 19 else None
    except (ValueError, OverflowError):
        return None


# ── One file ──


def file_page(case: Case, user: User) -> dict[str, Any]:
    application = case.application
    # Whoever has the file sees it whole; to others it tells how it stands and no more.
    opened = looking.may_look(case, user)
    if opened:
        looks.look(application, user, looks.FILE)
    verbs = [verb for verb in VERBS.values() if law.may(case, verb, user)]
    # A second opinion is given without seeing the first.
    second = case.queue == Queue.SECOND and (case.holder_id == user.pk or queues.SUPERVISOR not in user.roles)
    blind = second or (case.queue == Queue.CLOSED and sampling.waiting_for(user).filter(case=case).exists())
    decisions = case.decisions.select_related("by").order_by("pk")
    return {
        **shown(case, opened=opened),
        "case": case,
        "opened": opened,
        "may_open": not opened and looking.may_open(case, user),
        "openings": looks.openings(application)[:20] if queues.SUPERVISOR in user.roles else None,
        "verbs": verbs,
        "buttons": [verb for verb in verbs if not verb.fields],
        "forms": [verb for verb in verbs if verb.fields],
        "decisions": []
        if blind
        else [
            (decision, corrections.named(decision.items), reason_of(decision)) for decision in with_key(decisions, case)
        ],
        "remarks": [] if blind or not opened else said(case),
        "blind": blind,
        "file_hash": dossier.digest(application) if opened else "",
        "items": item_choices(application),
        "people": colleagues(case) if VERBS["assign"] in verbs else [],
        "now": timezone.now(),
        "tomorrow": timezone.localdate() + timedelta(days=1),
        "trail": application.trail.select_related("actor").order_by("pk"),
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


def blind_page(case: Case, user: User) -> dict[str, Any]:
    looks.look(case.application, user, looks.FILE, blind=True)
    return shown(case, opened=True)


def shown(case: Case, *, opened: bool) -> dict[str, Any]:
    application = case.application
    declared, evidence = application.declaration, Evidence.of(application) if opened else {}
    checks = checking.findings(application, evidence) if opened else []
    reads = checking.reads_of(checks)
    sources = [source for source in comparing.SOURCES if source in reads]
    rows = comparing.rows(declared, reads) if declared and opened else []
    others = (
        Application.objects.filter(person_index=application.person_index).exclude(pk=application.pk)
        if application.person_index
        else Application.objects.none()
    )
    return {
        "application": application,
        "declared": declared,
        "document": Document(declared.document).label if declared else "",
        "place": place(declared) if declared else "",
        "evidence": [evidence[kind] for kind in Evidence.Kind.values if kind in evidence],
        "film": evidence.get("face-film"),
        "frames": len((evidence["face-film"].facts or {}).get("frames", [])) if "face-film" in evidence else 0,
        "checks": checks,
        "unchecked": not case.checked and case.looks < checking.LOOKS,
        "sources": [comparing.SOURCES[source] for source in sources],
        "rows": [
            (
                row,
                [
                    next((statement for statement in row.statements if statement.source == source), None)
                    for source in sources
                ],
            )
            for row in rows
        ],
        "others": others.order_by("-pk")[:20] if opened else [],
        "shared": [
            (Mark.KINDS[kind], matches) for kind, matches in (checking.shared(application) if opened else {}).items()
        ],
    }


def place(declared: Declaration) -> str:
    ward = Ward.objects.select_related("province").filter(code=declared.ward).first()
    return ", ".join(str(part) for part in (declared.address, ward) if part)


def colleagues(case: Case) -> list[User]:
    roles = [role for role, worked_off in queues.WORKS.items() if case.queue in worked_off]
    people = (
        User.objects.filter(groups__name__in=roles, is_active=True).prefetch_related("groups").distinct().order_by("pk")
    )
    return [user for user in people if is_vouched(user)]
