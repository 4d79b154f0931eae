"""The rehearsal's pages. All of one lies under one address, `/counter/rehearsal/<number>/…`, whose one view finds the page that
the rest of the address names and shows its template; no real page is ever reached from there, so nothing can mix."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment.counter import pages, playing
from enrollment.counter.figures_views import reader
from enrollment.counter.layers import ANYBODYS, JOURNEY, OF_EVERY_PAGE, under
from enrollment.counter.models import Rehearsal
from enrollment.counter.rehearsal_pages import NOBODYS, Played, onward, prefix
from enrollment.counter.rights import LEAD, OVERSEE
from enrollment.counter.scenarios import SCENARIOS, SCORED, Act
from enrollment.counter.stage_views import STAGES
from enrollment.counter.steps import rehearsing
from enrollment.journey import Step
from portal.models import Branch, User


@pages.at_work
def home(request: HttpRequest, user: User) -> HttpResponse:
    until, passed = rehearsing.round_of(user)
    own = Rehearsal.objects.filter(agent=user).exclude(ended_at=None).order_by("-pk")[:10]
    known = {
        "until": until,
        "is_enabled": rehearsing.is_enabled(user),
        "reminder": rehearsing.reminder(until),
        "left": len(SCORED) - len(passed),
        "scored": [(SCENARIOS[name], name in passed) for name in SCORED],
        "practice": [each for each in SCENARIOS.values() if not each.is_scored],
        "ended": [(row, SCENARIOS[row.scenario]) for row in own],
    }
    return render(request, "counter/rehearsal.html", {**known, "rehearsed": True})


@require_POST
@pages.at_work
def begin(request: HttpRequest, user: User) -> HttpResponse:
    name = request.POST.get("practice", "")
    rehearsal = rehearsing.practise(user, name) if name else rehearsing.begin(user)
    return redirect("counter:rehearsal_open", rehearsal.pk)


@pages.at_work
def rules(request: HttpRequest, user: User) -> HttpResponse:
    """What is right at a counter, each under a name to which a mark leads."""
    return render(request, "counter/rules.html")


def training(request: HttpRequest) -> HttpResponse:
    """Who may serve until when: for the head of a counter those of own branches, for headquarters all."""
    user = reader(request)
    if not (user.has_perm(LEAD) or user.has_perm(OVERSEE)):
        raise Http404
    branches = Branch.objects.all() if user.has_perm(OVERSEE) else Branch.objects.filter(pk__in=user.branch_ids)
    return render(request, "counter/training.html", {"rows": rehearsing.trained(branches)})


def own_of(user: User, pk: int) -> Rehearsal:
    """One's own; a colleague's is nobody's business."""
    return get_object_or_404(Rehearsal, agent=user, pk=pk)


def played_by(request: HttpRequest, user: User, pk: int) -> Played:
    """From here on the request is a rehearsal's, and whatever page answers it is marked."""
    played = Played(own_of(user, pk), user, pages.branch_of(request, user))
    request.at_counter, request.rehearsal = NOBODYS, played  # type: ignore[attr-defined]
    request.keeping = ""  # type: ignore[attr-defined]  # nor does the browser keep what was typed
    return played


@pages.at_work
def result(request: HttpRequest, user: User, pk: int) -> HttpResponse:
    rehearsal = own_of(user, pk)
    if rehearsal.ended_at is None:
        return redirect("counter:rehearsal_open", pk)
    scenario = SCENARIOS[rehearsal.scenario]
    decisions = [{**answer, **playing.worded(scenario, answer)} for answer in rehearsal.answers]
    for decision in decisions:
        decision["at"] = Step(decision["step"]).label
    until, passed = rehearsing.round_of(user)
    known = {"rehearsal": rehearsal, "scenario": scenario, "decisions": decisions, "until": until, "rehearsed": True}
    return render(request, "counter/rehearsal_result.html", {**known, "left": len(SCORED) - len(passed)})


@require_POST
@pages.at_work
def act(request: HttpRequest, user: User, pk: int) -> HttpResponse:
    """What is done beside the page: with what the customer wants, or in answer to what was asked."""
    played, decision = played_by(request, user, pk), request.POST.get("act", "")
    with under(request, prefix(played.rehearsal)):
        if played.is_over or request.POST.get("moves") != str(played.rehearsal.moves):
            messages.warning(request, _("Bài đã đi tiếp, nên trang vừa gửi không thay đổi gì."))
            return onward(played)
        if decision == Act.FORGED or (decision == Act.ON and not played.may_wait):
            return onward(played)
        rehearsing.decide(played.rehearsal, decision)
        say(request, played, decision)
        return onward(played)


def say(request: HttpRequest, played: Played, decision: str) -> None:
    """That it was noted; what it was worth is told at the end, but a head of a counter who was called answers."""
    if played.is_over or decision not in Act.values or decision == Act.ON:
        return
    words = playing.worded(SCENARIOS[played.rehearsal.scenario], played.rehearsal.answers[-1])["why"]
    is_called = decision == Act.LEAD
    messages.info(request, words if is_called else _("Đã ghi: %(what)s.") % {"what": Act(decision).label})


@pages.at_work
def play(request: HttpRequest, user: User, pk: int, page: str = "") -> HttpResponse:
    played = played_by(request, user, pk)
    with under(request, prefix(played.rehearsal)):
        if not page:
            return onward(played)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            raise Http404 from None
        if match.view_name in STAGES:
            return STAGES[match.view_name](request, played, **match.kwargs)
        plain = request.get_full_path().removeprefix(prefix(played.rehearsal))
    return outside(request, played, match, plain)


def outside(request: HttpRequest, played: Played, match: ResolverMatch, plain: str) -> HttpResponse:
    """What is no page of a rehearsal: the frame's own forms do what they do, anybody's pages are shown where they are, and a
    customer's page that is not rehearsed leads back."""
    if match.view_name in OF_EVERY_PAGE:
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return answer
    if request.method != "GET":
        raise Http404
    if match.view_name == "counter:list":
        return redirect("counter:rehearsal")
    is_ours = match.namespace in (*JOURNEY, "counter") and match.view_name not in ANYBODYS
    return redirect("counter:rehearsal_open", played.rehearsal.pk) if is_ours else redirect(plain)
