"""The customer's own device at a counter: invited, proved by a code to the phone; what was typed is read and agreed to."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from enrollment import consents, forms, steps
from enrollment.identity import Document
from enrollment.journey import Step
from enrollment.models import Application, Pairing, Ward
from enrollment.own_views import nobody_signed_in
from enrollment.pages import JOINED, at, language, messages_of, network, onward, place, refusals_on, remember, show
from enrollment.steps.inviting import INVITE
from enrollment.steps.pairing import used_up

INVITED = "invited"  # in the session: what the device keeps that was first to come with an invitation


def invited(request: HttpRequest) -> HttpResponse:
    """The QR was scanned, or the link opened. A look alone uses nothing up."""
    nobody_signed_in(request)
    ticket = (request.POST or request.GET).get("t", "")
    coming = INVITE.scanned(ticket).application
    if request.method == "POST":
        request.session[INVITED], _digits = INVITE.claim(ticket)
        return sent(request, coming)
    return show(request, "invited", None, ticket=ticket, coming=coming)


def invited_code(request: HttpRequest) -> HttpResponse:
    """Typed on this very device, which is in from then on."""
    nobody_signed_in(request)
    pairing = INVITE.held(request.session.get(INVITED, ""))
    if pairing is None:
        raise used_up()
    if "again" in request.POST:
        return sent(request, pairing.application)
    form = forms.PhoneCodeForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form, "code"):
            steps.inviting.come_in(pairing, form.cleaned_data["code"])
            return is_in(request, pairing)
    return show(request, "invited_code", None, form=form, coming=pairing.application)


def sent(request: HttpRequest, application: Application) -> HttpResponse:
    """A code to the phone; where one went a moment ago, or too many did, the device waits on the same page."""
    # The page itself says that a first one was sent.
    again = _("Đã gửi mã qua SMS. Mã trước đó, nếu có, không còn dùng được.") if "again" in request.POST else ""
    with messages_of(request, again):
        steps.payment.send_phone_code(application, network())
    return redirect("enrollment:invited_code")


def is_in(request: HttpRequest, pairing: Pairing) -> HttpResponse:
    """From here on the application is this device's, as of the browser that opened one."""
    device = request.session.pop(INVITED)
    pairing.application.refresh_from_db()
    remember(request, pairing.application)
    request.session[JOINED] = device
    return onward(pairing.application)


@at(Step.CONSENT)
def consent(request: HttpRequest, application: Application) -> HttpResponse:
    """What somebody else typed is read by whoever it is about; then each purpose is agreed to, or not."""
    form, declared = forms.ConsentForm(request.POST or None), application.declaration
    if "wrong" in request.POST:
        application.move(Step.DECLARATION)
        messages.success(request, _("Đã báo nhân viên sửa lại. Quý khách nói cho nhân viên biết chỗ chưa đúng."))
        return onward(application)
    if form.is_valid():
        steps.opening.consent(application, form.agreed, language=language(), place=place())
        return onward(application)
    ward = Ward.objects.select_related("province").filter(code=declared.ward if declared else "").first()
    asked = [(text, form[text.purpose]) for text in consents.current(language())]
    kind = Document(declared.document).label if declared else ""
    return show(request, "consent", application, form=form, asked=asked, declared=declared, ward=ward, document=kind)
