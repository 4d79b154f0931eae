"""What stands in for each page that an agent uses, while a rehearsal is played: the real form and the real template; of what
was typed nothing is kept."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment import forms as customers
from enrollment import identity
from enrollment.counter import forms
from enrollment.counter.rehearsal_pages import ITEMS, Played, capture_facts, file_facts, onward, order_of, show
from enrollment.counter.scenarios import Act
from enrollment.counter.steps import attesting, rehearsing
from enrollment.counter.steps.rehearsing import decide, keep
from enrollment.identity import Declaration, Document
from enrollment.journey import Step
from enrollment.models import Ward
from enrollment.orders.gateways.cash import CASH
from enrollment.orders.models import Plan
from enrollment.pages import refusals_on
from portal.errors import wants_json

Stage = Callable[..., HttpResponse]
STAGES: dict[str, Stage] = {}  # the name of a real page → what stands in for it
# What is compared with the card and with what the customer said; how an office or a street is spelled is not.
SAME = ("full_name", "document", "number", "birth_date", "sex", "issued_on", "email", "phone", "province", "ward")
LATER = (Step.CONSENT, Step.HANDOVER, Step.ACTIVATION, Step.CONTRACT, Step.PIN)


def stage(name: str, *steps: Step) -> Callable[[Stage], Stage]:
    """Of these steps; a rehearsal that stands elsewhere is led there."""

    def put(page: Stage) -> Stage:
        @wraps(page)
        def placed(request: HttpRequest, played: Played, **address: Any) -> HttpResponse:
            if played.is_over or (steps and played.step not in steps):
                return onward(played)
            address.pop("reference", None)
            return page(request, played, **address)

        STAGES[name] = placed
        return placed

    return put


# ── The declaration ──


@stage("enrollment:declaration", Step.DECLARATION)
def declaration(request: HttpRequest, played: Played) -> HttpResponse:
    typed = customers.DeclarationForm.typed(request.POST)
    if request.method != "POST":
        return typing(request, played, customers.DeclarationForm(initial=known_of(played)))
    if {"wards", "take", "old-address"} & set(request.POST):
        return typing(request, played, customers.DeclarationForm(initial=typed))
    form = customers.DeclarationForm(request.POST)
    if form.is_valid() and agrees(form, played):
        keep(played.rehearsal, declared=True)
        return redirect("enrollment:check")
    return onward(played) if played.is_over else typing(request, played, form)


def agrees(form: customers.DeclarationForm, played: Played) -> bool:
    """With the card and with what the customer says; a card that the form refuses, made to pass, is a forgery."""
    declared = played.guest.declaration
    wrong = [name for name in SAME if getattr(form.declaration(), name) != getattr(declared, name)]
    if wrong and any(identity.faults(declared, timezone.localdate())):
        decide(played.rehearsal, Act.FORGED)
    for name in wrong:
        form.add_error(name, _("Khác với thẻ hoặc lời khách ở khung “Khách”."))
    return not wrong


def typing(request: HttpRequest, played: Played, form: customers.DeclarationForm) -> HttpResponse:
    groups = [(heading, note, [form[name] for name in names]) for heading, note, names in customers.GROUPS]
    from_card = sorted(filled(played.guest.declaration)) if played.state.get("filled") else []
    known = {"form": form, "groups": groups, "from_card": from_card, "issuers": identity.ISSUERS}
    return show(request, "enrollment/declaration.html", played, **known)


def filled(declared: Declaration) -> dict[str, Any]:
    """What the card's QR gives; where messages go only the customer can say."""
    facts = customers.DeclarationForm.showing(declared)
    return {name: value for name, value in facts.items() if name not in ("email", "phone", "referral", "expires_on")}


def known_of(played: Played) -> dict[str, Any]:
    if played.state.get("declared"):
        return customers.DeclarationForm.showing(played.guest.declaration)
    known = {"document": Document.CITIZEN, "nationality": "Việt Nam"}
    return {**known, **(filled(played.guest.declaration) if played.state.get("filled") else {})}


@stage("enrollment:card", Step.DECLARATION)
def card(request: HttpRequest, played: Played) -> HttpResponse:
    """Whatever is put before the reader, the invented card is what it reads; a picture that came along is not looked at."""
    keep(played.rehearsal, filled=True)
    if wants_json(request):
        return JsonResponse({"filled": filled(played.guest.declaration)})
    return redirect("enrollment:declaration")


@stage("enrollment:draft", Step.DECLARATION)
def draft(request: HttpRequest, played: Played) -> HttpResponse:
    """Nothing that is typed here is kept."""
    return JsonResponse({"kept": True})


@stage("enrollment:check", Step.DECLARATION)
def check(request: HttpRequest, played: Played) -> HttpResponse:
    declared = played.guest.declaration
    if not played.state.get("declared"):
        return redirect("enrollment:declaration")
    doubts = identity.doubts(declared, timezone.localdate())
    form = customers.CheckForm(request.POST if request.method == "POST" else None, doubts=doubts)
    if form.is_valid():
        decide(played.rehearsal, Act.ON)
        return onward(played)
    ward = Ward.objects.select_related("province").filter(code=declared.ward).first()
    known = {"form": form, "declared": declared, "ward": ward, "document": Document(declared.document).label}
    return show(request, "enrollment/check.html", played, **known)


@stage("enrollment:back", Step.PLAN, Step.PAYMENT)
def back(request: HttpRequest, played: Played) -> HttpResponse:
    if request.method == "POST" and request.POST.get("to") in Step.values:
        rehearsing.back(played.rehearsal, Step(request.POST["to"]))
    return onward(played)


# ── Plan, money, pictures ──


@stage("enrollment:plan", Step.PLAN)
def plan(request: HttpRequest, played: Played) -> HttpResponse:
    form = customers.PlanForm(request.POST or None, plans=Plan.on_sale())
    if form.is_valid():
        keep(played.rehearsal, plan=form.cleaned_data["plan"])
        decide(played.rehearsal, Act.ON)
        return onward(played)
    kinds = [(kind, [plan for plan in form.plans if plan.kind == kind]) for kind in Plan.Kind]
    return show(request, "enrollment/plan.html", played, form=form, kinds=kinds)


@stage("enrollment:payment", Step.PAYMENT)
def payment(request: HttpRequest, played: Played) -> HttpResponse:
    """Cash of nobody goes into no drawer."""
    if request.method == "POST":
        decide(played.rehearsal, Act.ON)
        return onward(played)
    return show(request, "enrollment/payment.html", played, order=order_of(played), gateways=[CASH])


@stage("kyc:capture", Step.CAPTURE)
def capture(request: HttpRequest, played: Played) -> HttpResponse:
    return show(request, "kyc/capture.html", played, **capture_facts(played))


@stage("kyc:item", Step.CAPTURE)
def item(request: HttpRequest, played: Played, item: str) -> HttpResponse:
    """The frame shows a drawing; no camera is opened, and nothing is stored but that it was done."""
    if item in ITEMS and request.method == "POST":
        keep(played.rehearsal, shots=sorted({*played.state.get("shots", []), item}))
    if item not in ITEMS or request.method == "POST":
        return onward(played)
    return show(request, "counter/rehearsal_shot.html", played, item=item, guest=played.guest)


@stage("kyc:done", Step.CAPTURE)
def done(request: HttpRequest, played: Played) -> HttpResponse:
    if request.method == "POST" and not capture_facts(played)["missing"]:
        decide(played.rehearsal, Act.ON)
    return onward(played)


# ── The agent's page of the file ──


@stage("counter:file", *LATER)
def file(request: HttpRequest, played: Played) -> HttpResponse:
    form = forms.AttestForm(initial={"shown": played.reference}) if played.step == Step.HANDOVER else None
    return show(request, "counter/file.html", played, attest=form, **file_facts(played))


@stage("counter:now")
def now(request: HttpRequest, played: Played) -> HttpResponse:
    return JsonResponse({"now": file_facts(played)["now"]})


@stage("counter:invite", Step.CONSENT)
def invite(request: HttpRequest, played: Played) -> HttpResponse:
    """Nobody's phone is let in, and nothing is sent."""
    if request.method == "POST":
        keep(played.rehearsal, invited="end" not in request.POST)
    return onward(played)


@stage("counter:correct", Step.CONSENT)
def correct(request: HttpRequest, played: Played) -> HttpResponse:
    if request.method == "POST":
        rehearsing.back(played.rehearsal, Step.DECLARATION)
    return onward(played)


@stage("counter:attest", Step.HANDOVER)
def attest(request: HttpRequest, played: Played) -> HttpResponse:
    """The real words, of a person who does not exist: no attestation is written."""
    form = forms.AttestForm(request.POST)
    if form.is_valid():
        with refusals_on(form, None):
            attesting.check_said(form.said)
            decide(played.rehearsal, Act.ON)
            return onward(played)
    return show(request, "counter/file.html", played, attest=form, **file_facts(played))


@stage("counter:end")
def end(request: HttpRequest, played: Played) -> HttpResponse:
    if request.method == "POST":
        decide(played.rehearsal, Act.LEFT)
        return onward(played)
    return show(request, "counter/end.html", played)
