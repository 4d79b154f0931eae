"""What the desk shows of one file: everything about it on one screen."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

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
