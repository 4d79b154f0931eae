"""What every request passes through, each layer small enough to see at a glance."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from portal import audit, errors, metrics
from portal.accounts import devices, roles
from portal.accounts.second_factor import has_second_factor
from portal.models import User
from portal.refusals import Refusal
from portal.sessions import COOKIE, SessionStore

Answer = Callable[[HttpRequest], HttpResponse]


class Layer:
    def __init__(self, inner: Answer) -> None:
        self.inner = inner


class Metrics(Layer):
    """How many, how long, by the view's name (an address could carry a reference)."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.inner(request)
        view = request.resolver_match.view_name if request.resolver_match else "-"
        method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        metrics.REQUESTS.labels(view or "-", method, response.status_code).inc()
        metrics.SECONDS.labels(view or "-").observe(time.perf_counter() - began)
        return response


class WellFormed(Layer):
    """A way of asking that no page knows is refused, and a NUL, which no database takes: in an address it is no question,
    and from a form it is left out, as whatever cannot be seen is."""

    METHODS = ("GET", "HEAD", "POST", "OPTIONS")
    FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in self.METHODS:
            response = errors.answer(request, 405)
            response["Allow"] = ", ".join(self.METHODS)
            return response
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return errors.answer(request, 400)
        return self.inner(request)

    def process_view(self, request: Any, *_view: object) -> None:
        typed = list(request.POST.lists()) if request.content_type in self.FORMS else []
        if any("\0" in text for name, texts in typed for text in (name, *texts)):
            seen = QueryDict(mutable=True)
            for name, texts in typed:
                seen.setlist(name.replace("\0", ""), [text.replace("\0", "") for text in texts])
            request.POST = seen


class BodyLimit(Layer):
    """A body that says it is too large is refused before a byte of it is read; one that does not say is not read."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return errors.answer(request, 400)
        if length > settings.BODY_LIMIT:
            return errors.answer(request, 413)
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "") and not length:
            return errors.answer(request, 413)
        return self.inner(request)


class Headers(Layer):
    """Camera for our own pages; every other sensor for nobody."""

    POLICY = ", ".join(
        [
            "camera=(self)",
            "publickey-credentials-get=(self)",
            "publickey-credentials-create=(self)",
            *[
                f"{sensor}=()"
                for sensor in ["microphone", "geolocation", "payment", "usb", "serial", "midi", "display-capture"]
            ],
        ]
    )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.inner(request)
        response["Permissions-Policy"] = self.POLICY
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        if not response.has_header("Cache-Control") and not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store"  # a shared phone must not show the last person's pages
        return response


class Language(Layer):
    """Vietnamese unless the person pressed the switch; a browser's own language does not decide."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.inner(request)
        response["Content-Language"] = request.LANGUAGE_CODE
        return response


class AccountLanguage(Layer):
    """Whoever is signed in reads pages in the language of their mails and SMS, on whatever device."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.inner(request)
        request.LANGUAGE_CODE = request.user.language
        with translation.override(request.LANGUAGE_CODE):
            return self.inner(request)


def is_click(request: HttpRequest) -> bool:
    by_script = errors.wants_json(request) or request.headers.get("Sec-Fetch-Dest") == "empty"
    return request.method not in ("GET", "HEAD") or not by_script


class SessionLimits(Layer):
    """Idle and absolute limits by role. Any click extends the idle one; the page warns before it ends. What a page's script
    asks by itself is no click: a page that only waits would never be signed out."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self._at_work(request, None)
        now = int(time.time())
        idle, absolute = roles.limits(user)
        since, seen = request.session.get("since", 0), request.session.get("seen", 0)
        if now - seen > idle.total_seconds() or now - since > absolute.total_seconds():
            return self._ended(request)
        if now - seen > 30 and is_click(request):  # not a write for every click
            request.session["seen"] = now
        structlog.contextvars.bind_contextvars(user=user.pk)
        return self._at_work(request, user)

    def _at_work(self, request: HttpRequest, user: User | None) -> HttpResponse:
        token = audit.actor.set(audit.Actor(user, get_adapter().get_client_ip(request)))
        try:
            return self.inner(request)
        finally:
            audit.actor.reset(token)

    def _ended(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        if errors.wants_json(request):
            return errors.answer(request, 401, "session-ended", _("Phiên làm việc đã kết thúc."))
        messages.info(request, _("Phiên làm việc đã kết thúc vì lâu không thao tác. Quý khách vui lòng đăng nhập lại."))
        back = request.get_full_path() if request.method == "GET" else "/"
        return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")


class Devices(Layer):
    """A device on which somebody signed in is known to that account from then on, and goes on in its language."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.inner(request)
        if user := getattr(request, "entered", None):
            devices.remember(request, response, user)
            devices.speak(response, user.language)
        return response


class Sessions(SessionMiddleware):
    """The cookie holds the secret, and nobody comes in by the name of a row."""

    def process_request(self, request: HttpRequest) -> None:
        secret = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        request.session = SessionStore(secret if len(secret) == COOKIE else None)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and cookie.value and isinstance(request.session, SessionStore):
            response.cookies[settings.SESSION_COOKIE_NAME] = request.session.secret
        return response


class SecondFactor(Layer):
    """Staff set up a second factor before anything else."""

    OPEN = ("account_logout", "account_reauthenticate", "portal:language", "portal:session", "portal:second_factor")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user.is_staff and not self._is_open(request) and not has_second_factor(user):
            return redirect("portal:second_factor")
        return self.inner(request)

    def _is_open(self, request: HttpRequest) -> bool:
        try:
            name = resolve(request.path_info).view_name
        except Resolver404:
            return True
        return name in self.OPEN or name.startswith("mfa_")


class Doors(Layer):
    """Where public and desk are processes of their own, each with its own role in the database, neither serves the other's
    pages. The desk says where the public's are, for every page's head and foot lead there; the public knows of no desk."""

    OF_BOTH = ("", "portal", "demo")  # signing in, one's own account, what machines ask
    DESK = ("admin", "counter")
    LED_TO = ("enrollment", "kyc", "signing")  # of the public's, what people open

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.inner(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        match = request.resolver_match
        room = match.namespaces[0] if match and match.namespaces else ""
        # A customer's page in an agent's hands is the desk's.
        other = "public" if room in self.DESK or hasattr(request, "at_counter") else "desk"
        if room in self.OF_BOTH or other != settings.DOORS:
            return None
        if other == "public" or room not in self.LED_TO or request.method != "GET" or request.path.startswith("/pki/"):
            raise Http404
        if request.path != "/":
            return redirect(f"{settings.SITE_URL}{request.get_full_path()}")
        is_known = request.user.is_authenticated
        return redirect(get_adapter().get_login_redirect_url(request) if is_known else settings.LOGIN_URL)


class Refusals(Layer):
    """Our rules' no becomes a page or a problem; so does Django's to a method, which is an empty page."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.inner(request)
        if response.status_code != 405 or response.content:
            return response
        page = errors.answer(request, 405)
        page["Allow"] = response["Allow"]
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return errors.refused(request, exception) if isinstance(exception, Refusal) else None
