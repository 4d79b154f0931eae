"""An agent's own code: to send, to print as a poster, and who came by it."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment.counter import pages
from enrollment.counter.models import Referral
from enrollment.counter.rights import LEAD, SERVE
from enrollment.counter.steps import referring
from enrollment.models import Application
from enrollment.pages import svg
from portal import looks, writing
from portal.models import Branch, User
from portal.parts import NOTHING

NEWEST = 50
TONGUES = ("vi", "en")


@pages.at_work
def referral(request: HttpRequest, user: User) -> HttpResponse:
    """One's own code, and for the head of the counter those of all its agents."""
    branch = chosen(request, user)
    serves, leads = user.has_perm(SERVE), user.has_perm(LEAD)
    if request.method == "POST" and serves:
        referring.anew(user, branch, instead_of=referring.own(user, branch))
        messages.success(request, _("Đã có mã mới. Mã cũ không còn dùng được; hãy thay các tờ đã in."))
        return redirect("counter:referral")
    own = shown(referring.own(user, branch)) if serves else {}
    codes = referring.codes_of(branch) if leads else None
    return render(request, "counter/referral.html", {"branch": branch, **own, "codes": codes})


@pages.at_work
def poster(request: HttpRequest, user: User) -> HttpResponse:
    """To print: both languages, whoever prints it."""
    if not user.has_perm(SERVE):
        raise Http404
    code, site = referring.own(user, chosen(request, user)), settings.SITE_URL.partition("//")[2]
    return render(
        request, "counter/poster.html",
        {"code": code, "branch": code.branch, "qr": svg(link(code)), "site": site, "tongues": TONGUES},
    )  # fmt: skip


def chosen(request: HttpRequest, user: User) -> Branch:
    branch = pages.branch_of(request, user)
    if branch is None:
        raise Http404
    return branch


def shown(code: Referral) -> dict[str, Any]:
    came = referring.came(code.branch, code.agent)
    rows = came.select_related("data_key").order_by("-created_at")[:NEWEST]
    return {
        "code": code,
        "link": link(code),
        "qr": svg(link(code)),
        "steps": referring.by_step(came),
        "newest": [(row, looks.legible(partial(initials, row), row)) for row in rows],
    }


def link(code: Referral) -> str:
    return f"{settings.SITE_URL}{reverse('enrollment:opening')}?ref={code}"


def initials(application: Application) -> str:
    declared = application.declaration
    return writing.initials(declared.full_name) if declared else NOTHING
