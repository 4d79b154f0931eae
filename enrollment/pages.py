"""Whose application a request is about, and where it takes them: everyone is always led to where they stand."""

import io
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from itertools import chain
from typing import Any

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from enrollment import journey, nine
from enrollment.journey import Actor, Channel, Step
from enrollment.models import Application, Introduction
from enrollment.parts import lives
from enrollment.steps import introducing
from enrollment.steps.inviting import is_in
from enrollment.steps.pairing import CARRY_ON, Errand
from portal import audit, errors
from portal.accounts.signing_in import network_of
from portal.models import User
from portal.parts import Place
from portal.refusals import Refusal, out_of_step

MINE = "application"  # in the session of somebody who has no account yet
BROWSER, INTRODUCED = "vneid", "introduction"  # what binds an asking of VNeID to it; which answer it brought
JOINED = "joined"  # and of a second device, by what it came in
MY_APPLICATION = Place(pgettext_lazy("đang làm", "Hồ sơ"), journey.STANDING, "place-file")
Page = Callable[..., HttpResponse]
Whose = Callable[..., Application | None]


def mine(request: HttpRequest, **_address: Any) -> Application | None:
    """With an account, one's own; without, the one this browser opened or resumed; at a counter, the one that an agent has
    in hand."""
    applications = Application.objects.select_related("data_key", "plan", "user", "branch", "agent").order_by("-pk")
    if in_hand := at_counter(request):
        return applications.filter(pk=in_hand).first()
    if request.user.is_authenticated:
        own = applications.filter(user=request.user)
        if at_screen(request):
            own = own.filter(pk=request.session.get(MINE, 0))
        return of_account(own) if not request.user.is_staff else None
    if MINE not in request.session or (JOINED in request.session and not is_in(request.session[JOINED])):
        return None
    return applications.filter(pk=request.session[MINE], user=None).first()


def at_counter(request: HttpRequest) -> int | None:
    """Which application an agent has in hand on this page: enrollment/counter/layers.py."""
    return getattr(request, "at_counter", None)


def at_screen(request: HttpRequest) -> bool:
    """On a counter's second screen, where there is the application for which one was invited, and no other."""
    return hasattr(request, "screen")


def of_account(applications: "QuerySet[Application]") -> Application | None:
    """The open one, else the one whose certificate lives, else the newest: whoever begins another and lets it expire is
    still the holder of the first."""
    own = list(applications)
    still_open = (application for application in own if not application.is_ended)
    return next(chain(still_open, filter(lives, own), own), None)


def places(user: User) -> list[Place]:
    """While one is open."""
    own = Application.objects.filter(user=user).exclude(step__in=journey.ENDS)
    return [MY_APPLICATION] if not user.is_staff and own.exists() else []


def onward(application: Application) -> HttpResponse:
    return redirect(application.turn.page)


def nowhere(request: HttpRequest) -> HttpResponse:
    """No application: on the way it begins there; whoever asks for one's own is likely signed out, and says who it is."""
    if request.user.is_authenticated or not request.path.startswith(reverse("enrollment:standing")):
        return redirect("enrollment:opening")
    return redirect(f"{reverse('account_login')}?{urlencode({'next': request.path})}")


def at(*steps: Step, whose: Whose = mine) -> Callable[[Page], Page]:
    """This page belongs to these steps; whoever stands elsewhere is sent there, also when they moved this very moment.
    `whose` finds the application that a request is about, by the request and by what its address names."""

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            application = whose(request, **kwargs)
            if application is None or application.step not in steps:
                if errors.wants_json(request):  # a script must not take the page it would be led to for its answer
                    raise out_of_step()
                if application is None:
                    return nowhere(request)
                if request.method == "POST":  # from an old tab, say: what it sent is not dropped without a word
                    messages.warning(request, _("Hồ sơ đã ở bước khác, nên trang vừa gửi không thay đổi gì."))
                return onward(application)
            if (application.turn.actor == Actor.AGENT) != bool(at_counter(request)):
                return others_turn(request, application)
            if request.method == "POST" and not at_counter(request):
                speak(application)
            try:
                return page(request, application, *args, **kwargs)
            except Refusal as no:
                moved = whose(request, **kwargs) if no.code == "out-of-step" else None
                if moved is None or errors.wants_json(request):
                    raise
                return onward(moved)

        return guarded

    return guard


def others_turn(request: HttpRequest, application: Application) -> HttpResponse:
    """At a counter two are at one application: the agent does not do what is the customer's, nor the customer what is the
    agent's."""
    if request.method == "POST" or errors.wants_json(request):
        raise Refusal("others-turn", _("Bước này do người kia làm. Hãy tải lại trang để xem hồ sơ đang ở đâu."))
    if at_counter(request):
        return redirect("counter:file", application.reference)
    return show(request, "at_counter", application, now=now_of(application))


def now_of(application: Application) -> str:
    """What a page that follows compares."""
    return f"{application.step} {application.moves}"


def speak(application: Application) -> None:
    """What is written to somebody is written in the language they read just now."""
    language = get_language() or application.language
    if language != application.language:
        Application.objects.filter(pk=application.pk).update(language=language)
        application.language = language


def browser_of(request: HttpRequest) -> str:
    """What binds an asking of VNeID to this browser."""
    if BROWSER not in request.session:
        request.session[BROWSER] = secrets.token_urlsafe(24)
    return str(request.session[BROWSER])


def introduction_of(request: HttpRequest) -> Introduction | None:
    """What this browser brought of VNeID, and nobody has taken yet."""
    if INTRODUCED not in request.session:
        return None
    rows = introducing.known(browser_of(request))
    return rows.filter(pk=request.session[INTRODUCED], application=None).first()


def remember(request: HttpRequest, application: Application) -> None:
    """From here on it is this browser's too, under a session that nobody knew before."""
    request.session.cycle_key()
    request.session.pop(JOINED, None)
    request.session[MINE] = application.pk


def language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def place() -> str:
    return audit.actor.get().place


def network() -> str:
    return network_of(place())


@contextmanager
def refusals_on(form: Any, field: str | None) -> Iterator[None]:
    """A refusal where it belongs: on the field, in the list of what to look at. Being out of step is no matter of a form."""
    try:
        yield
    except Refusal as no:
        if no.code == "out-of-step":
            raise
        form.add_error(field, ValidationError(no.message, code=no.code))


@contextmanager
def messages_of(request: HttpRequest, done: Any = "") -> Iterator[None]:
    """What was done, or why not, above the page that comes next."""
    try:
        yield
    except Refusal as no:
        messages.warning(request, no.message)
    else:
        if done:
            messages.success(request, done)


def show(request: HttpRequest, template: str, application: Application | None, **facts: Any) -> HttpResponse:
    known = {"application": application, "way": way_of(application), **facts}
    if application and application.user_id is None and JOINED not in request.session:
        known["other_device"] = partial(CARRY_ON.current, application)
    return render(request, f"{template if '/' in template else f'enrollment/{template}'}.html", known)


def way_of(application: Application | None) -> nine.Way:
    if application is None:
        return nine.way(Channel.BROWSER, None, None)
    channel, step, reached = Channel(application.channel), Step(application.step), Step(application.reached)
    return nine.way(channel, step, reached, application.redo)


def ticket_of(errand: Errand) -> str:
    """In the first device's session, what its QR carries."""
    return f"{errand.name} ticket"


def qr_for(request: HttpRequest, errand: Errand, application: Application, page: str) -> SafeString:
    """What a second device scans to be let in, at this page of its own."""
    ticket = errand.offer(application, request.session.get(ticket_of(errand), ""))
    request.session[ticket_of(errand)] = ticket
    address = reverse(page).removeprefix(get_script_prefix().rstrip("/"))  # another device's hands are its own
    return svg(f"{settings.SITE_URL}{address}?t={ticket}")


def png(text: str) -> bytes:
    """The same as a picture, with the quiet edge that readers want."""
    drawn = io.BytesIO()
    qrcode.make(text, box_size=12, border=4).save(drawn)
    return drawn.getvalue()


def svg(text: str) -> SafeString:
    """A QR code to be put into a page; what it says is ours."""
    image = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathImage, border=2)
    drawn = io.BytesIO()
    image.save(drawn)
    code = drawn.getvalue().decode().partition("?>")[2]
    return mark_safe(code.replace("<svg", '<svg class="qr" aria-hidden="true"', 1))  # noqa: S308
