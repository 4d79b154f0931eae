"""Whose application a request is about, and where it takes them: everyone is always led to where they stand."""

import io
from collections.abc import Callable
from functools import wraps
from typing import Any

import qrcode
import qrcode.image.svg
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe

from enrollment import journey
from enrollment.journey import Channel, Step
from enrollment.models import Application
from portal.refusals import Refusal

MINE = "application"  # in the session of somebody who has no account yet
Page = Callable[..., HttpResponse]


def mine(request: HttpRequest) -> Application | None:
    """With an account, the newest of one's own; without, the one this browser opened or resumed."""
    if request.user.is_authenticated:
        found = Application.objects.filter(user=request.user)
    else:
        found = Application.objects.filter(pk=request.session.get(MINE, 0), user=None)
    return found.select_related("data_key", "plan", "user").order_by("-pk").first()


def onward(application: Application) -> HttpResponse:
    return redirect(application.turn.page)


def at(*steps: Step) -> Callable[[Page], Page]:
    """This page belongs to these steps; whoever stands elsewhere is sent there, also when they moved this very moment."""

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            application = mine(request)
            if application is None:
                return redirect("enrollment:opening")
            if application.step not in steps:
                return onward(application)
            try:
                return page(request, application, *args, **kwargs)
            except Refusal as no:
                moved = mine(request) if no.code == "out-of-step" else None
                if moved is None:
                    raise
                return onward(moved)

        return guarded

    return guard


def show(
    request: HttpRequest, template: str, application: Application | None, status: int = 200, **facts: Any
) -> HttpResponse:
    known = {"application": application, **(stepper(application) if application else {}), **facts}
    return render(request, f"enrollment/{template}.html", known, status=status)


def stepper(application: Application) -> dict[str, Any]:
    channel, step = Channel(application.channel), Step(application.step)
    stage = journey.stage(channel, step)
    place = stage.index(step)
    following = stage[place + 1].label if place + 1 < len(stage) else ""
    return {"at": place + 1, "total": len(stage), "step_name": step.label, "next_name": following}


def svg(text: str) -> SafeString:
    """A QR code to be put into a page; what it says is ours."""
    image = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathImage, border=2)
    drawn = io.BytesIO()
    image.save(drawn)
    code = drawn.getvalue().decode().partition("?>")[2]
    return mark_safe(code.replace("<svg", '<svg class="qr" aria-hidden="true"', 1))  # noqa: S308
