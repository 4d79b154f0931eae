"""Figures of a counter: an agent's own, of all agents to their head, of all branches to headquarters."""

from contextlib import suppress
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from enrollment.counter import pages
from enrollment.counter.rights import LEAD, OVERSEE
from enrollment.counter.steps import counting
from enrollment.counter.steps.counting import SPANS, WHAT, Counted, Period, Scope
from enrollment.models import Application
from portal.accounts.roles import check_vouched
from portal.models import Branch, User
from portal.parts import NOTHING

NEWEST = 200


def figures(request: HttpRequest) -> HttpResponse:
    user, within = reader(request), period_of(request)
    scope = scope_of(request, user)
    counts = counting.counted(scope, within)
    return render(
        request, "counter/figures.html",
        {
            **known_of(scope, within, user),
            "rows": named(counts, scope),
            "days": sorted(counts.by_day.items()) if within.span != "day" else [],
            "whole": counts.whole,
            "columns": [words for words, _which in WHAT.values()],
            "reasons": counting.reasons(scope, within),
        },
    )  # fmt: skip


def files(request: HttpRequest) -> HttpResponse:
    """Those behind a number, the newest first."""
    user, within, what = reader(request), period_of(request), request.GET.get("what", "")
    if what not in WHAT:
        raise Http404
    words, which = WHAT[what]
    scope = scope_of(request, user)
    rows = scope.files(within).filter(which).select_related("agent", "branch").order_by("-created_at")[: NEWEST + 1]
    page = "counter:file" if pages.worker(request) else ""
    shown = [(row, address(row, page)) for row in rows]
    return render(
        request, "counter/figures_files.html",
        {**known_of(scope, within, user), "what": words, "rows": shown[:NEWEST], "more": len(shown) > NEWEST},
    )  # fmt: skip


def reader(request: HttpRequest) -> User:
    """Who works at a counter, and headquarters; for all others there are no figures."""
    user = request.user
    if not isinstance(user, User) or not (user.has_perm(OVERSEE) or pages.worker(request)):
        raise Http404
    check_vouched(user)
    return user


def scope_of(request: HttpRequest, user: User) -> Scope:
    """Whatever the address names is looked for among what is theirs to see, and found nowhere else."""
    if user.has_perm(OVERSEE):
        branches = list(Branch.objects.filter(**asked(request, "branch")))
    else:
        own = pages.branch_of(request, user)
        branches = [own] if own else []
    if not branches:
        raise Http404
    if not (user.has_perm(OVERSEE) or user.has_perm(LEAD)):
        return Scope(branches, user)
    agent = get_object_or_404(User, is_staff=True, **asked(request, "agent")) if "agent" in request.GET else None
    return Scope(branches, agent)


def asked(request: HttpRequest, name: str) -> dict[str, int]:
    """A key in the address; one that is none is nobody's."""
    value = request.GET.get(name, "")
    return {"pk": int(value) if value.isdecimal() and len(value) < 19 else 0} if value else {}


def period_of(request: HttpRequest) -> Period:
    day = timezone.localdate()
    with suppress(ValueError, ValidationError):
        day = min(day, max(date(2000, 1, 1), date.fromisoformat(request.GET.get("on", ""))))
    return counting.period(request.GET.get("span", "day"), day)


def known_of(scope: Scope, within: Period, user: User) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "scope": scope,
        "within": within,
        "spans": SPANS.items(),
        "following": within.following if within.following <= today else None,
        "all_branches": user.has_perm(OVERSEE),
    }


def named(counts: Counted, scope: Scope) -> list[tuple[str, int | None, Any]]:
    """By name, the most files first."""
    names: dict[Any, str] = {}
    if scope.by == "branch":
        names = {branch.pk: branch.name for branch in scope.branches}
    else:
        names = {user.pk: user.full_name for user in User.objects.filter(pk__in=[pk for pk in counts.by_who if pk])}
    rows = [(names.get(who, NOTHING), who, figures) for who, figures in counts.by_who.items()]
    return sorted(rows, key=lambda row: (-row[2].numbers["opened"], row[0]))


def address(application: Application, page: str) -> str:
    """The counter's page of it, or headquarters' own."""
    if page:
        return reverse(page, args=[application.reference])
    return reverse("admin:enrollment_application_change", args=[application.pk])
