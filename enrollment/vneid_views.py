"""The way there and back: to VNeID, from VNeID, and what somebody who was introduced goes on with."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment import forms, steps
from enrollment.gateways.vneid_dialects import vneid as speaker
from enrollment.journey import Step
from enrollment.models import Application, Introduction
from enrollment.pages import (
    INTRODUCED,
    at,
    browser_of,
    introduction_of,
    language,
    messages_of,
    mine,
    network,
    onward,
    place,
    refusals_on,
    remember,
    show,
)
from enrollment.steps.welcoming import Met, Welcome
from portal import writing
from portal.models import User
from portal.refusals import Refusal

WAIT_ON = ("vneid-away", "too-many")
OPENS = (Met.STRANGER, Met.OPEN, Met.UNPROVEN)


def vneid(request: HttpRequest) -> HttpResponse:
    """From VNeID, with what was done there, or from here. VNeID says who it is before anything of a file is shown."""
    hint = writing.line(request.GET.get("txn", ""))[:64]
    if speaker() is None:
        raise steps.introducing.closed()
    if hint or request.method == "POST":
        return there(request, hint)
    return asks(request)


def asks(request: HttpRequest) -> HttpResponse:
    simulator = f"http://localhost:{settings.VNEID_PORT}/" if settings.LOCAL_VNEID else ""
    return show(request, "vneid", None, simulator=simulator, own=mine(request))


def there(request: HttpRequest, hint: str = "") -> HttpResponse:
    home = f"{settings.SITE_URL}{reverse('enrollment:vneid_back')}"
    try:
        address = steps.introducing.begin(browser_of(request), home, hint=hint, language=language(), network=network())
    except Refusal as no:
        if no.code != "vneid-away":
            raise
        messages.warning(request, no.message)
        return asks(request)
    return redirect(address)


def back(request: HttpRequest, transaction: str = "") -> HttpResponse:
    """The raw query is read by the dialect: some of it does not survive a form's reader."""
    try:
        row = steps.introducing.come_back(
            request.META.get("QUERY_STRING", "")[:4000],
            request.GET.get("state", "")[:200],
            transaction or writing.line(request.GET.get("txn", ""))[:64],
            browser_of(request),
        )
        return received(request, row)
    except Refusal as no:
        if no.code == "vneid-away":
            return redirect("enrollment:vneid_waits")
        messages.warning(request, no.message)
        return redirect("enrollment:vneid")


def received(request: HttpRequest, row: Introduction) -> HttpResponse:
    """Whoever is at a file of theirs that way comes back to where they stood, or has asked VNeID again; others come anew."""
    own = mine(request)
    if own and not own.is_ended and steps.welcoming.is_of(row, own):
        if own.step == Step.DECLARATION:
            steps.welcoming.renew(row, own)
            messages.success(request, _("Đã lấy lại thông tin từ VNeID."))
        return onward(own)
    request.session[INTRODUCED] = row.pk
    return redirect("enrollment:introduced")


def waits(request: HttpRequest) -> HttpResponse:
    """VNeID is away: what is safe, what to press, and when we try again."""
    row = steps.introducing.known(browser_of(request)).exclude(returned_at=None).filter(said_at=None).last()
    if row is None:
        return redirect("enrollment:vneid")
    if request.method == "POST":
        try:
            return received(request, steps.introducing.again(row))
        except Refusal as no:
            messages.warning(request, no.message)
            return redirect("enrollment:vneid_waits" if no.code in WAIT_ON else "enrollment:vneid")
    assert row.returned_at
    return show(request, "vneid_waits", None, until=row.returned_at + steps.introducing.WAITS_FOR)


def introduced(request: HttpRequest) -> HttpResponse:
    row = steps.welcoming.waiting(introduction_of(request))
    user = request.user if isinstance(request.user, User) else None
    welcome = steps.welcoming.meet(row, user, mine(request))
    asked = steps.welcoming.still_asked(row, language())
    form = forms.ConsentForm(request.POST if request.method == "POST" else None, texts=asked)
    if request.method == "POST" and "go-on" in request.POST and welcome.met == Met.OPEN:
        return goes_on(request, welcome)
    if request.method == "POST" and welcome.met in OPENS and form.is_valid():
        return opens(request, row, welcome, form)
    facts = {} if welcome.met == Met.OTHER else {"said": row.fields}
    return show(
        request, "introduced", None, welcome=welcome, met=welcome.met.value, other=welcome.application,
        form=form, asked=[(text, form[text.purpose]) for text in asked], **facts,
    )  # fmt: skip


def goes_on(request: HttpRequest, welcome: Welcome) -> HttpResponse:
    """Also on another phone, where VNeID says who it is."""
    assert welcome.application
    request.session.pop(INTRODUCED, None)
    if welcome.application.user is None:
        remember(request, welcome.application)
    return onward(welcome.application)


def opens(request: HttpRequest, row: Introduction, welcome: Welcome, form: forms.ConsentForm) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    application = steps.welcoming.open_introduced(
        row, form.agreed, user=user, language=language(), place=place(), instead=welcome.application
    )
    request.session.pop(INTRODUCED, None)
    remember(request, application)
    return onward(application)


# ── The code after the PIN ──


@at(Step.CONFIRMATION)
def confirmation(request: HttpRequest, application: Application) -> HttpResponse:
    form = forms.ConfirmationForm(request.POST if "code" in request.POST else None)
    if request.method == "POST" and not form.is_bound:
        return sent_again(request, application)
    if form.is_valid():
        with refusals_on(form, "code"):
            steps.confirmation.confirm(application, form.cleaned_data["code"])
            return onward(application)
    live = steps.confirmation.live(application)
    return show(request, "confirmation", application, form=form, live=live, declared=application.declaration)


def sent_again(request: HttpRequest, application: Application) -> HttpResponse:
    with messages_of(request, _("Đã gửi mã qua SMS. Mã trước đó, nếu có, không còn dùng được.")):
        steps.confirmation.send(application, network())
    return redirect("enrollment:confirmation")
