"""Today's people of a counter: what waits for the agent first, then for the customer, then for VNPT."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import journey
from enrollment.counter.pages import CUSTOMER_IS
from enrollment.journey import Actor, Channel, Step
from enrollment.models import Application
from portal import looks, sealing, writing
from portal.models import Branch, User

RECENT = timedelta(days=2)
MOST = 200  # more than a counter serves in two days; older ones are found by the search
OURS = Q(channel=Channel.COUNTER)
OPEN = OURS & ~Q(step__in=journey.ENDS)
TO_MEND = OURS & Q(step__in=journey.AT_COUNTER, reached__in=journey.SENDERS_BACK)  # sent back, and only a counter can


@dataclass(frozen=True)
class Row:
    application: Application
    name: str
    says: Any  # what is to be done, or what the customer is at
    reasons: list[tuple[Any, Any]]  # why it was sent back


@dataclass(frozen=True)
class Group:
    name: str
    title: Any
    nothing: Any
    rows: list[Row]


def groups(branch: Branch) -> list[Group]:
    by: dict[Actor, list[Row]] = {actor: [] for actor in Actor}
    for application in newest(branch):
        by[application.turn.actor].append(row(application))
    by[Actor.AGENT].sort(key=lambda each: not each.reasons)
    return [
        Group("agent", _("Chờ bạn"), _("Không ai chờ bạn. Bấm “Khách mới” khi có khách."), by[Actor.AGENT]),
        Group("customer", _("Chờ khách"), _("Không ai đang làm trên máy của mình."), by[Actor.CUSTOMER]),
        Group("vnpt", _("Chờ VNPT"), _("Không có hồ sơ chờ thẩm định."), by[Actor.STAFF] + by[Actor.PORTAL]),
    ]


def newest(branch: Branch) -> list[Application]:
    """Two looks, each by an index of its own, however many the branch has had."""
    rows = Application.objects.filter(branch=branch).select_related("data_key", "agent", "plan", "user")
    mend = list(rows.filter(TO_MEND).order_by("-pk")[:MOST])
    known = {application.pk for application in mend}
    since = (
        timezone.now() - RECENT
    )  # looked at here: asked of the database, a quiet counter would read all its old rows
    fresh = [row for row in rows.filter(OPEN).order_by("-pk")[:MOST] if row.created_at > since]
    return mend + [application for application in fresh if application.pk not in known]


def row(application: Application) -> Row:
    step = Step(application.step)
    says = CUSTOMER_IS[step][0] if step in CUSTOMER_IS else application.get_step_display()
    return Row(application, looks.legible(lambda: name_of(application), application), says, application.wrong_here)


def name_of(application: Application) -> str:
    """As declared, or as typed so far."""
    declaration = application.declaration
    typed = (application.draft or {}).get("full_name", "")
    return declaration.full_name if declaration else str(typed) or str(_("Khách mới"))


def matching(rows: "QuerySet[Application]", term: str) -> list[Application]:
    """By reference, exact number, or exact phone."""
    same = Q(reference=writing.document_number(term)) | Q(person_index=User.username_for(term))
    same |= Q(phone_index=sealing.blind_index("phone", writing.mobile(term)))
    return list(rows.filter(same).order_by("-pk")[:20])
