"""The pages of a counter's head: what is open and whose, what was attested and is asked about, what wants a look."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from enrollment.counter import forms, leading, pages
from enrollment.counter.figures_views import reader, scope_of
from enrollment.counter.models import Attestation
from enrollment.counter.rights import LEAD, OVERSEE
from enrollment.counter.steps import rechecking
from enrollment.pages import refusals_on
from portal import looks
from portal.models import User


def lead(request: HttpRequest) -> HttpResponse:
    """Of one branch; headquarters chooses which, and reads."""
    user = reader(request)
    if not (user.has_perm(LEAD) or user.has_perm(OVERSEE)):
        raise Http404
    branches = scope_of(request, user).branches
    known = leading.known_of(branches[0]) if len(branches) == 1 else {}
    return render(request, "counter/lead.html", {**known, "branches": branches, "leads": user.has_perm(LEAD)})


@pages.leading
def recheck(request: HttpRequest, user: User, pk: int) -> HttpResponse:
    """What was declared, masked, and who vouched for it; no picture."""
    rows = Attestation.objects.select_related("application__data_key", "application__branch", "agent", "branch")
    attestation = rows.filter(pk=pk, branch__in=user.branch_ids, recheck=None).exclude(agent=user).first()
    if attestation is None:
        raise Http404
    form = forms.RecheckForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form, "words"):
            rechecking.recheck(attestation, user, is_doubt="doubt" in request.POST, words=form.cleaned_data["words"])
            messages.success(request, _("Đã ghi."))
            return redirect("counter:lead")
    looks.look(attestation.application, user, looks.FILE, masked=True)
    known = {"attestation": attestation, "application": attestation.application, "form": form}
    return render(request, "counter/recheck.html", {**known, "declared": attestation.application.declaration})
