"""The agent's pages: today's people, one application, what is handed over. Each finds, asks, answers."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment import dossier
from enrollment.counter import forms, listing, pages
from enrollment.counter.steps import attesting, rehearsing, serving
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.pages import refusals_on
from enrollment.parts import all_parts
from enrollment.steps import inviting
from portal import audit, looks
from portal.models import Branch, User
from portal.refusals import Refusal


@pages.at_work
def queue(request: HttpRequest, user: User) -> HttpResponse:
    branch = pages.branch_of(request, user)
    own = Branch.objects.filter(pk__in=user.branch_ids)
    beside = [link for part in all_parts() for link in part.counter]
    reminder = rehearsing.reminder(rehearsing.enabled_until(user))
    known = {"branch": branch, "branches": own, "find": forms.FindForm(), "beside": beside, "reminder": reminder}
    return render(request, "counter/list.html", {**known, "groups": listing.groups(branch) if branch else []})


@require_POST
@pages.at_work
def branch(request: HttpRequest, user: User) -> HttpResponse:
    """Where one works today."""
    chosen = request.POST.get("branch", "")
    if chosen.isdigit() and int(chosen) in user.branch_ids:
        request.session[pages.BRANCH] = int(chosen)
    return redirect("counter:list")


@require_POST
@pages.at_work
def new(request: HttpRequest, user: User) -> HttpResponse:
    """Somebody stands at the counter."""
    branch = pages.branch_of(request, user)
    if branch is None:
        raise Refusal("no-branch", _("Tài khoản này chưa thuộc đơn vị nào. Báo quản trị gán đơn vị trước."), status=403)
    # What the agent reads says nothing of the customer, whose own device chooses another.
    application = serving.open_for(branch, user, language=settings.LANGUAGE_CODE)
    return redirect(pages.in_hand(application))


@pages.at_work
def find(request: HttpRequest, user: User) -> HttpResponse:
    """Posted, for what is looked for is personal and belongs into no address: whoever comes back to it looks anew."""
    if request.method != "POST":
        return redirect("counter:list")
    form = forms.FindForm(request.POST)
    matches = listing.matching(pages.files(user), form.cleaned_data["term"]) if form.is_valid() else []
    audit.record("applications searched", "", user=user, matches=len(matches))
    if len(matches) == 1:
        return redirect("counter:file", matches[0].reference)
    return render(request, "counter/find.html", {"find": form, "rows": [listing.row(each) for each in matches]})


@pages.at_work
def file(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """One application: whose turn it is, the customer's device, what to do and what to say."""
    application = pages.file_of(user, reference)
    looks.look(application, user, looks.FILE, masked=True)
    known = pages.known_of(request, application)
    return render(
        request, "counter/file.html", {**known, "attest": attest_form(application) if known["serves"] else None}
    )


def attest_form(application: Application) -> forms.AttestForm | None:
    if application.step != Step.HANDOVER:
        return None
    return forms.AttestForm(initial={"shown": dossier.seen(application)})


@pages.at_work
def now(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """For the page that follows."""
    return JsonResponse({"now": pages.now_of(pages.file_of(user, reference))})


@require_POST
@pages.at_work
def invite(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """A QR for the customer's device; the same as a link by SMS; or a device sent away."""
    application = pages.served(user, reference)
    if "end" in request.POST:
        inviting.end(application)
    else:
        ticket = pages.ticket_for(request, application, anew="anew" in request.POST)
        if "sms" in request.POST:
            inviting.send_link(application, ticket)
            messages.success(request, _("Đã gửi đường dẫn tới điện thoại của khách."))
    return redirect("counter:file", reference)


@require_POST
@pages.at_work
def correct(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    application = pages.file_of(user, reference)
    serving.correct(application, user)
    return redirect(pages.in_hand(application))


@pages.at_work
def attest(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """Who reloads it, or asks for the other language, comes to the file."""
    application, form = pages.served(user, reference), forms.AttestForm(request.POST)
    if request.method != "POST":
        return redirect("counter:file", reference)
    if form.is_valid():
        with refusals_on(form, None):
            shown, said = form.cleaned_data["shown"], form.said
            attesting.attest(application, user, shown=shown, said=said)
            messages.success(request, _("Đã bàn giao. Khách làm tiếp trên máy của mình."))
            return redirect("counter:file", reference)
    return render(request, "counter/file.html", {**pages.known_of(request, application), "attest": form})


@pages.at_work
def end(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """Asked once more before it is done."""
    application = pages.served(user, reference)
    if request.method == "POST":
        serving.end(application, user)
        messages.success(request, _("Hồ sơ %(reference)s đã dừng.") % {"reference": reference})
        return redirect("counter:list")
    return render(request, "counter/end.html", {"application": application})
