"""The second screen: the customer's own session, in a window or on a tablet that the counter puts before them.

It has a jar of its own for cookies, so that nothing of the agent's is seen or touched there, nor the reverse; it opens the
pages of one application alone; and it ends after two minutes of silence, by a press, or when the agent ends it."""

import time
from typing import Any
from urllib.parse import urlsplit

from csp.constants import SELF
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, path, resolve, reverse
from django.views.decorators.cache import never_cache

from enrollment import journey
from enrollment.handover_views import INVITED
from enrollment.models import Application
from enrollment.pages import JOINED, mine, remember, show
from enrollment.steps import inviting
from enrollment.steps.inviting import AT_SCREEN, COME_BACK, INVITE
from portal import errors
from portal.forms import SignInForm
from portal.middleware import is_click

app_name = "screen"
PREFIX, JAR = "/screen", "screen-"
SILENCE, WARNED = 120, 20  # seconds: until it ends, and how long before that it says so
SEEN = "screen seen"  # in its session: when somebody last did something
OVER, STAY, BACK = "screen:over", "screen:stay", "screen:back"
INVITATIONS = ("enrollment:invited", "enrollment:invited_code", BACK)
ANYBODYS = (*INVITATIONS, "enrollment:terms", "enrollment:privacy", "portal:language", STAY, OVER)
OPEN = frozenset(  # what a customer does with one application, and nothing else
    (
        *ANYBODYS,
        *(journey.TURNS[step].page for step in journey.AT_COUNTER),  # the agent's turn: one waits there
        *("enrollment:consent", "enrollment:activation", "enrollment:password", "enrollment:resend"),
        *("enrollment:contact", "signing:contract", "signing:signature", "signing:code", "signing:extend"),
        *("signing:shown", "signing:pin", "signing:ask", "signing:act", "signing:issuance"),
        *("kyc:review", "kyc:standing", "kyc:answer", "kyc:objection", "kyc:accept"),
        *("signing:acceptance", "signing:certificate", "enrollment:receipt", "enrollment:consents"),
        *("enrollment:standing", "enrollment:landing", "enrollment:status", "account_logout"),
    )
)


class Guest:
    """Whoever sits before the screen: with which application, who helps them, and until when the screen is theirs."""

    warned = WARNED
    branch = agent = ""

    def __init__(self, request: Any) -> None:
        self.request = request

    def meet(self) -> bool:
        """Once for every page, which may be one that tells of a database that is away: whether there is anybody."""
        application = mine(self.request) or self.coming()
        if application and application.agent and application.branch:
            self.branch, self.agent = application.branch.name, application.agent.full_name
        return application is not None

    def coming(self) -> Application | None:
        """Whose invitation this is, until the code was typed."""
        if self.request.resolver_match.view_name not in INVITATIONS:
            return None
        ticket = (self.request.POST or self.request.GET).get("t", "")
        pairing = INVITE.offered(ticket) or COME_BACK.offered(ticket)
        pairing = pairing or INVITE.held(self.request.session.get(INVITED, ""))
        return pairing.application if pairing else None

    @property
    def ends(self) -> int | None:
        """In seconds since 1970, unless there is a click before; of a session in which something was done."""
        seen = self.request.session.get(SEEN)
        return seen and int(seen) + SILENCE


def is_open(address: str) -> bool:
    """By its path, without the prefix."""
    try:
        return resolve(address).view_name in OPEN
    except Resolver404:
        return False


# ── The jar ──


def jar(request: HttpRequest) -> dict[str, str]:
    cookies = request.COOKIES.items()
    return {name.removeprefix(JAR): value for name, value in cookies if name.startswith(JAR)}


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """What is set goes into the jar, for as long as the browser is open and no longer; with the farewell it is emptied."""
    if request.resolver_match and request.resolver_match.view_name == OVER:
        response.cookies.clear()
        for name in request.COOKIES:
            response.delete_cookie(name)
    for name, cookie in list(response.cookies.items()):
        del response.cookies[name]
        cookie.set(JAR + name, cookie.value, cookie.coded_value)
        cookie["path"] = f"{PREFIX}/"
        if cookie["max-age"] != 0:  # it is not taken back
            cookie["max-age"] = cookie["expires"] = ""
        response.cookies[JAR + name] = cookie


# ── A PDF: within a page, for in a window of its own nothing would take it away ──


def stays_behind(request: Any) -> bool:
    is_window = request.headers.get("Sec-Fetch-Dest") == "document"
    return bool(is_window and request.resolver_match.view_name == "signing:shown")


def frame(response: Any) -> None:
    if response.get("Content-Type") == "application/pdf":
        response["X-Frame-Options"] = "SAMEORIGIN"
        response._csp_replace = {"frame-ancestors": [SELF]}


# ── Its end ──


def leads_away(response: HttpResponse) -> bool:
    """A redirect to what is not open here: to sign in, to begin anew, to the agent's pages."""
    address = urlsplit(response.get("Location", ""))
    within = address.path.removeprefix(PREFIX)
    return bool(address.geturl()) and (bool(address.netloc) or within == address.path or not is_open(within))


def leave(request: HttpRequest) -> None:
    """Its session ends, and its device is let in no more: the agent's page says so."""
    for errand in AT_SCREEN:
        errand.leave(request.session.get(JOINED) or request.session.get(INVITED, ""))
    logout(request)


def ended(request: HttpRequest) -> HttpResponse:
    leave(request)
    return errors.answer(request, 401, "session-ended") if errors.wants_json(request) else redirect(OVER)


def is_over(request: Any) -> bool:
    """Nobody of staff is ever a guest; nor does anybody's session go on after a silence, after the agent ended it or let in
    another device, or a page after its session."""
    session = request.session
    seen, device = session.get(SEEN), session.get(JOINED)
    is_silent = time.time() - seen > SILENCE if seen else request.resolver_match.view_name == STAY
    is_away = bool(device) and not any(errand.lasts(device) for errand in AT_SCREEN)
    return bool(request.user.is_staff or is_silent or is_away)


def has_guest(request: Any) -> bool:
    return request.screen.meet() or request.resolver_match.view_name in ANYBODYS


def begin(request: Any) -> None:
    """Whoever opens an invitation is another guest: whatever was left of the one before ends."""
    is_invitation = request.method == "GET" and request.resolver_match.view_name in ("enrollment:invited", BACK)
    if is_invitation and not request.session.is_empty():
        leave(request)


def elsewhere(request: HttpRequest) -> HttpResponse | None:
    """Outside of the screen neither its own pages are found, nor is its session anybody's."""
    if request.resolver_match and request.resolver_match.namespace == app_name:
        raise Http404
    if SEEN not in request.session:
        return None
    logout(request)
    return redirect("enrollment:home")


def mark(request: HttpRequest) -> None:
    """Something was done just now. A look from outside leaves no session behind."""
    if is_click(request) and not (request.method == "GET" and request.session.is_empty()):
        request.session[SEEN] = time.time()


# ── Pages ──


@never_cache
def over(request: HttpRequest) -> HttpResponse:
    """The farewell. To be here is the end, by whatever way: a link is enough, also on a page that tells of a fault."""
    leave(request)
    response = render(request, "counter/over.html")
    response["Clear-Site-Data"] = '"cache"'  # what a browser keeps for its back button; the agent's loads anew
    return response


def stay(request: Any) -> HttpResponse:
    """Until when it lasts. Asked by the page itself that is no click; posted, when somebody touched something, it is."""
    return JsonResponse({"ends": request.screen.ends, "now": int(time.time())})


def back(request: Any) -> Any:
    """Whoever has an account by now comes back by its password, and a second factor is for a device of one's own."""
    ticket = (request.POST or request.GET).get("t", "")
    application = COME_BACK.scanned(ticket).application
    owner = application.declaration.number if application.declaration else ""
    typed = {**request.POST.dict(), "login": owner} if request.method == "POST" else None
    form = SignInForm(typed, request=request)
    if form.is_valid():
        remember(request, application)
        request.session[JOINED] = inviting.come_back(ticket)
        return form.login(request, redirect_url=reverse(application.turn.page))
    return show(request, "counter/back", None, form=form, ticket=ticket, coming=application)


urlpatterns = [path("stay/", stay, name="stay"), path("over/", over, name="over"), path("back/", back, name="back")]
