"""The declaration's pages: typed, filled from the card's QR, looked at once more; and the way back to correct."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment import forms, identity, places, steps
from enrollment.identity import Document
from enrollment.journey import Step
from enrollment.models import Application, Introduction, Province, Ward
from enrollment.pages import at, at_counter, onward, refusals_on, show
from enrollment.steps import recognition
from portal import writing
from portal.errors import wants_json
from portal.refusals import Refusal


@at(Step.DECLARATION)
def declaration(request: HttpRequest, application: Application) -> HttpResponse:
    typed = typed_by(request, application)
    if request.method != "POST":
        return page(request, application, form_of(application, initial=typed), typed)
    steps.declaration.keep_draft(application, typed)
    if "old-address" in request.POST:
        return redirect("enrollment:old_address")
    if (
        "wards" in request.POST or "take" in request.POST
    ):  # a province was chosen, or one of the wards that were offered
        return page(request, application, form_of(application, initial=typed), typed)
    form = form_of(application, request.POST)
    if is_right(form, application):
        return redirect("enrollment:check")
    return page(request, application, form, typed)


def form_of(application: Application, *args: Any, **kwargs: Any) -> forms.DeclarationForm:
    """What was said of somebody elsewhere is locked, and what their way in asks later is not asked."""
    introduction = Introduction.of(application)
    locked = introduction.locked if introduction else {}
    return forms.DeclarationForm(*args, locked=locked, later=application.later, **kwargs)


def is_right(form: forms.DeclarationForm, application: Application) -> bool:
    """What the step alone knows to be wrong with a field is said on it too."""
    if form.is_valid():
        for field, words in list(steps.declaration.of_staff(application, form.declaration())):
            form.add_error(field, words)
    return form.is_valid()


def typed_by(request: HttpRequest, application: Application) -> dict[str, Any]:
    """What was typed: now, or before, or declared already, or known of the account."""
    kept = before(application)
    if request.method == "POST":
        typed = {**forms.DeclarationForm.typed(request.POST), **taken(request)}
        from_card = [name for name in kept.get("from_card", []) if kept.get(name) == typed.get(name)]
        read: dict[str, Any] = {name: kept[name] for name in recognition.OURS if name in kept}
        return {**typed, "from_card": from_card, **read}
    return known_of(application)


def taken(request: HttpRequest) -> dict[str, Any]:
    """The ward of today that was chosen among those to which an old one leads."""
    ward = Ward.objects.filter(code=writing.line(request.POST.get("take", ""))).first()
    return {"province": ward.province_id, "ward": ward.code} if ward else {}


def known_of(application: Application) -> dict[str, Any]:
    """What was typed before; else what is known of the account or of most people."""
    known: dict[str, Any] = {"document": Document.CITIZEN, "nationality": str(_("Việt Nam"))}
    if user := application.user:
        known |= {"full_name": user.full_name, "number": user.id_number, "phone": user.phone, "email": user.email}
    return {**known, **before(application)}


def before(application: Application) -> dict[str, Any]:
    """What was typed before, or declared already."""
    declared = application.declaration
    return dict(application.draft or (forms.DeclarationForm.showing(declared) if declared else {}))


def page(
    request: HttpRequest, application: Application, form: forms.DeclarationForm, typed: dict[str, Any]
) -> HttpResponse:
    asked = [name for name, field in form.fields.items() if not field.disabled]
    groups = [(heading, note, [form[name] for name in names if name in asked]) for heading, note, names in forms.GROUPS]
    return show(
        request,
        "declaration",
        application,
        form=form,
        groups=[group for group in groups if group[2]],
        said=form.locked,
        from_card=typed.get("from_card", []),
        residence=typed.get("residence", ""),
        near=[] if typed.get("ward") else steps.declaration.near(typed.get("residence", "")),
        issuers=identity.ISSUERS,
    )


@require_POST
@at(Step.DECLARATION)
def draft(request: HttpRequest, application: Application) -> HttpResponse:
    """The draft, saved as one types. A page that says onto which state it was typed is not heard once that has changed: it
    may have waited for a line."""
    is_current = request.POST.get("moves", str(application.moves)) == str(application.moves)
    kept = is_current and steps.declaration.keep_draft(application, typed_by(request, application))
    return JsonResponse({"kept": kept}, status=200 if kept else 409)


@require_POST
@at(Step.DECLARATION)
def card(request: HttpRequest, application: Application) -> HttpResponse:
    """The QR on the card fills the form. The page asks in passing; without JavaScript the browser comes back to it."""
    form, known = forms.CardForm(request.POST, request.FILES), known_of(application)
    photo, text = (form.cleaned_data["photo"], form.cleaned_data["text"]) if form.is_valid() else (None, "")
    if text and at_counter(request):
        filled = steps.declaration.fill_from_text(application, text, known)
    elif photo:
        filled = steps.declaration.fill_from_card(application, photo.file, photo.size, known)
    else:
        raise Refusal("no-photo", _("Quý khách chưa chọn ảnh."), status=400)
    messages.success(request, _("Đã điền từ thẻ. Quý khách xem lại từng mục."))
    return JsonResponse({"filled": filled}) if wants_json(request) else redirect("enrollment:declaration")


@at(Step.DECLARATION)
def old_address(request: HttpRequest, application: Application) -> HttpResponse:
    """From the three levels until 30/06/2025 to the ward of today."""
    residence = before(application).get("residence", "")
    form, matches = forms.OldAddressForm(request.POST or None, initial={"query": residence}), []
    if ward := taken(request):
        steps.declaration.keep_draft(application, {**before(application), **ward})
        return redirect(f"{reverse('enrollment:declaration')}#id_address")
    if form.is_valid():
        olds = places.find_old(form.cleaned_data["query"])
        wards = Ward.objects.select_related("province").in_bulk([code for old in olds for code in old.wards])
        matches = [(old, [wards[code] for code in old.wards]) for old in olds]
    return show(request, "old_address", application, form=form, matches=matches)


def wards(request: HttpRequest, code: str) -> HttpResponse:
    """The wards of a province, for the page's own list."""
    province = get_object_or_404(Province, pk=code)
    answer = JsonResponse({"wards": list(province.wards.order_by("name").values_list("code", "name"))})
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


@at(Step.DECLARATION)
def check(request: HttpRequest, application: Application) -> HttpResponse:
    """Read once more, phone and e-mail large; what is unusual needs a tick."""
    shape = form_of(application, before(application))
    if not shape.is_valid():
        return redirect("enrollment:declaration")
    declared = shape.declaration()
    form = forms.CheckForm(
        request.POST if request.method == "POST" else None,
        doubts=[
            *identity.doubts(declared, timezone.localdate()),
            *steps.declaration.kept_as_it_was(application, declared),
        ],
    )
    if form.is_valid():
        with refusals_on(form, None):
            steps.declaration.declare(application, declared)
            return onward(application)
    ward = Ward.objects.select_related("province").filter(code=declared.ward).first()
    return show(
        request,
        "check",
        application,
        form=form,
        declared=declared,
        ward=ward,
        document=Document(declared.document).label,
        sender=steps.declaration.sender(application, declared),
    )


@require_POST
@at(Step.DECLARATION, Step.PLAN, Step.PAYMENT)
def back(request: HttpRequest, application: Application) -> HttpResponse:
    """Back to correct something; nothing typed is lost."""
    if application.step == Step.DECLARATION and request.POST.get("number") is not None:
        steps.declaration.keep_draft(application, typed_by(request, application))
    application.move(Step(request.POST["to"]) if request.POST.get("to") in Step.values else Step.STOPPED)
    return onward(application)
