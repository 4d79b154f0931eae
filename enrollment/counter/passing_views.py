"""The agent's pages for what is not the straight way: a customer who is known already, one in trouble, another agent."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment.counter import pages
from enrollment.counter.steps import serving
from enrollment.pages import way_of
from enrollment.steps import recognition
from portal import looks
from portal.models import User


@pages.at_work
def known(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """Told once the card was read: who holds the number, and what helps."""
    application = pages.served(user, reference)
    holder = recognition.known_to(application, user)
    if holder is None:
        return redirect(pages.in_hand(application))
    if "move" in request.POST:
        held = serving.move_here(application, user)
        messages.success(request, _("Đã nhận hồ sơ về quầy này."))
        return redirect("counter:file", held.reference)
    if "second" in request.POST:
        serving.go_on(application, user)
        return redirect(pages.in_hand(application))
    return render(request, "counter/known.html", {"application": application, "known": holder})


@require_POST
@pages.at_work
def resend(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    application = pages.file_of(user, reference)
    serving.resend(application, user)
    messages.success(request, _("Đã gửi mã mới tới điện thoại và email của khách. Mã cũ không còn dùng được."))
    return redirect("counter:file", reference)


@require_POST
@pages.at_work
def take(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """By whoever is there; its head may give it to another."""
    application = pages.file_of(user, reference)
    colleagues = {str(each.pk): each for each in serving.agents(application.branch)}
    agent = colleagues.get(request.POST.get("agent", ""), user)
    serving.take_over(application, user, agent)
    messages.success(request, _("Hồ sơ do %(agent)s phụ trách từ bây giờ.") % {"agent": agent.full_name})
    return redirect("counter:file", reference)


@pages.at_work
def slip(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """For whoever goes home: how to go on. It names nobody."""
    application = pages.file_of(user, reference)
    looks.look(application, user, looks.FILE, masked=True)
    return render(
        request,
        "counter/slip.html",
        {"application": application, "way": way_of(application), "site_url": settings.SITE_URL},
    )
