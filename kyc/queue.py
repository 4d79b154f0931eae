"""The queue as the desk shows it: its tabs with right counts, its rows by the next promise, and how each stands."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kyc import sifting
from kyc.models import Case, Remark
from kyc.steps.review import queues
from portal import looks
from portal.models import User
from portal.waits import span

Queue = Case.Queue
ROWS = 25
SOON = timedelta(minutes=15)
WITHDRAWN_FOR = timedelta(days=7)  # so long a withdrawn file is still shown among the others
# The tabs, in the order of the day.
TABS: dict[str, Any] = {
    "new": _("Mới"),
    "mine": _("Của tôi"),
    "late": _("Trễ hẹn"),
    "second": _("Ý kiến thứ hai"),
    "approval": _("Chờ duyệt"),
    "objection": _("Khiếu nại"),
    "waiting": _("Chờ khách"),
    "hold": _("Tạm giữ"),
    "rejected": _("Không đạt"),
    "held": _("Người khác giữ"),
    "withdrawn": _("Khách đã rút"),
}


def works(user: User) -> bool:
    return bool(queues.queues_of(user))


def tab_of(name: str, user: User) -> Q:
    return {
        "new": Q(queue=Queue.APPRAISAL, holder=None),
        "mine": ~Q(queue=Queue.CLOSED) & Q(holder=user),
        "late": queues.late_for(user),
        "held": ~Q(queue=Queue.CLOSED) & ~Q(holder=None) & ~Q(holder=user),
        "withdrawn": Q(withdrawn=True, closed_at__gt=timezone.now() - WITHDRAWN_FOR),
    }.get(name, Q(queue=name))


def counts(user: User, sifted: Q | None = None) -> dict[str, int]:
    """One look at the open cases alone; the closed million costs nothing."""
    of_all = Case.objects.filter(sifted or Q())
    rows = of_all.exclude(queue=Queue.CLOSED).values(
        "queue", mine=Q(holder=user), free=Q(holder=None), late=queues.late_for(user)
    )
    numbers: list[dict[str, Any]] = [{**row} for row in rows.annotate(number=Count("pk")).order_by()]

    def total(**how: Any) -> int:
        return sum(row["number"] for row in numbers if all(row[name] == value for name, value in how.items()))

    return {
        "new": total(queue=Queue.APPRAISAL, free=True),
        "mine": total(mine=True),
        "late": total(late=True),
        "held": total(free=False, mine=False),
        **{name: total(queue=name) for name in ("second", "approval", "objection", "waiting", "hold", "rejected")},
        "withdrawn": of_all.filter(tab_of("withdrawn", user)).count(),
    }


def home_of(user: User) -> str:
    return "approval" if queues.APPROVER in user.roles and queues.REVIEWER not in user.roles else "new"


def page(user: User, query: Mapping[str, str], rows: "QuerySet[Case]") -> dict[str, Any]:
    tab = query.get("tab", "") if query.get("tab", "") in TABS else home_of(user)
    searching = bool(query.get("q"))
    sieve = sifting.page(user, query)
    sifted = sifting.rows(sieve["choice"])
    if not searching:
        rows = rows.filter(tab_of(tab, user) & sifted)
        if after := place_of(query.get("after", "")):
            rows = rows.filter(Q(due_at__gt=after[0]) | Q(due_at=after[0], pk__gt=after[1]))
    related = ("application", "application__data_key", "plan", "branch", "holder")
    notes = Remark.objects.filter(case=OuterRef("pk"), kind=Remark.Kind.NOTE)
    # Found among the open files alone; what is shown of them is read of these few.
    first = rows.order_by("due_at", "pk").values("pk")[: ROWS + 1]
    shown = Case.objects.filter(pk__in=first).select_related(*related).annotate(noted=Exists(notes))
    cases = list(shown.order_by("due_at", "pk"))
    last = cases[ROWS - 1] if len(cases) > ROWS else None
    number = counts(user, sifted)
    return {
        **sieve,
        "tab": tab,
        "tabs": [(name, label, number[name]) for name, label in TABS.items()],
        "rows": [row_of(case) for case in cases[:ROWS]],
        "after": f"{last.due_at.isoformat()}~{last.pk}" if last else "",
        "searching": searching,
        "paged": bool(query.get("after")),
        "works": works(user),
    }


def row_of(case: Case) -> dict[str, Any]:
    """One line; a name that does not open is marked, and the queue goes on."""
    application, holder, now = case.application, case.holder, timezone.now()
    return {
        "case": case,
        "haste": haste_of(case),
        "left": span(abs((case.due_at - now).total_seconds())),
        "waited": span(((case.closed_at or now) - case.received_at).total_seconds()),
        "name": looks.legible(lambda: getattr(application.declaration, "full_name", ""), application),
        "holder": looks.legible(lambda: holder.full_name, holder) if holder else "",
        "flags": [sifting.FLAGS[flag] for flag in case.flags.split() if flag in sifting.FLAGS],
    }


def haste_of(case: Case) -> str:
    """Late, or soon so; while the customer is asked, neither."""
    left = case.due_at - timezone.now()
    if not case.is_running or case.asking == Case.Asking.ASKED:
        return "rests"
    return "late" if left < timedelta() else "soon" if left <= SOON else ""


def place_of(text: str) -> tuple[datetime, int] | None:
    """Where the last page ended, as its link says."""
    moment, _tilde, pk = text.partition("~")
    try:
        due_at = datetime.fromisoformat(moment).astimezone(UTC)
        return (due_at, int(pk)) if 2000 < due_at.year < 2200 and len(pk) < 19 else None
    except (ValueError, OverflowError):
        return None
