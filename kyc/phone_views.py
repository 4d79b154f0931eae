"""Two devices at one capture: the desk's page, where a QR is shown and a code typed, and the phone's, where a code is shown."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.pages import at, qr_for, refusals_on, show, ticket_of
from kyc import forms, pages
from kyc.pages import SHOWN
from kyc.steps import capture
from kyc.steps.capture import PHONE
from portal.refusals import out_of_step

# ── At the desk ──


@at(Step.CAPTURE)
def desk(request: HttpRequest, application: Application) -> HttpResponse:
    """The QR; once it was scanned, the field for what the phone shows; then how far the phone has come. What is over stays
    so until somebody asks for another: this page loads itself again, and nobody may be at it."""
    form, state = forms.PairForm(request.POST or None), PHONE.standing(application)
    if "anew" in request.POST:
        PHONE.end(application)
        request.session.pop(ticket_of(PHONE), None)
        return redirect("kyc:phone")
    if state == "scanned" and form.is_valid():
        with refusals_on(form, "code"):
            PHONE.confirm(application, form.cleaned_data["code"])
            return redirect("kyc:phone")
    qr = ""
    if state == "offered" or not (state or ticket_of(PHONE) in request.session):
        qr, state = qr_for(request, PHONE, application, "kyc:this_phone"), "offered"
    known = {"state": state, "now": now_at(application), "form": form, "qr": qr, **pages.progress(application)}
    known["line"] = pages.in_line(pages.PAIRING, pages.PAIRED.get(state, 0))
    return show(request, "kyc/phone", application, **known)


@at(Step.CAPTURE)
@never_cache
def code_to_scan(request: HttpRequest, application: Application) -> HttpResponse:
    """The same QR as a picture, beside what is to be captured: asked for by wide screens alone."""
    if PHONE.standing(application) in ("scanned", "confirmed"):
        raise out_of_step()
    return HttpResponse(qr_for(request, PHONE, application, "kyc:this_phone"), content_type="image/svg+xml")


def now_at(application: Application) -> str:
    return f"{PHONE.standing(application)} {len(capture.missing(application))}"


@at(Step.CAPTURE)
def standing(request: HttpRequest, application: Application) -> HttpResponse:
    """For the desk's page, which follows by itself."""
    return JsonResponse({"now": now_at(application)})


# ── On the phone ──


def this_phone(request: HttpRequest) -> HttpResponse:
    """The QR was scanned: the code to be typed at the desk."""
    ticket = (request.POST or request.GET).get("t", "")
    PHONE.scanned(ticket)
    if request.method == "POST":
        pages.hand_over(request, *PHONE.claim(ticket))
        return redirect("kyc:phone_code")
    return show(request, "kyc/this_phone", None, ticket=ticket, line=pages.in_line(pages.PAIRING, 0))


def code(request: HttpRequest) -> HttpResponse:
    """Shown until it was typed."""
    phone = pages.phone_of(request)
    if phone is None:
        return redirect("kyc:phone_done")
    if phone.confirmed_at:
        return redirect("kyc:capture")
    line = pages.in_line(pages.PAIRING, 1)
    return show(request, "kyc/phone_code", None, code=request.session.get(SHOWN, ""), line=line)


def code_standing(request: HttpRequest) -> HttpResponse:
    phone = pages.phone_of(request)
    return JsonResponse({"now": "over" if phone is None else "confirmed" if phone.confirmed_at else "scanned"})


def done(request: HttpRequest) -> HttpResponse:
    return show(request, "kyc/phone_done", None)
