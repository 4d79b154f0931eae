"""Finds, asks, answers. The rules are in accounts/."""

import hmac
import time
from datetime import timedelta

from allauth.mfa.webauthn.views import login_webauthn
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import audit, forms, health, metrics, waits, writing
from portal.accounts import devices, roles
from portal.accounts.reset import check_reset, request_reset, reset_password
from portal.accounts.second_factor import has_second_factor
from portal.accounts.signing_in import CHALLENGES, network_of, session_ends
from portal.models import Branch, User
from portal.refusals import Refusal

PASSKEYS_BUSY = gettext_lazy(
    "Từ mạng Quý khách đang dùng có quá nhiều yêu cầu sinh trắc học bỏ dở. Quý khách đăng nhập bằng mật khẩu, hoặc dùng mạng "
    "khác (như 4G), hoặc thử lại sau một giờ."
)
# In the session while a password is being set: the number's blind index; and for which one a code was right, until when.
RESETTING, OPENED = "resetting", "reset opened"


UNSEARCHED = ("/account/", "/admin/", "/api/", "/application/", "/certificate/", "/demo/", "/password/", "/status/")


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def passkey_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Each challenge is a session kept, short-lived until somebody signs in. A network gets so many that come to nothing."""
    net = network_of(audit.actor.get().place)
    if request.method != "POST":
        CHALLENGES.require(net, PASSKEYS_BUSY)
    response = login_webauthn(request)
    if request.user.is_authenticated:
        CHALLENGES.give_back(net)
    else:
        request.session.set_expiry(600)
    return response


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """What somebody has, what waits for them, and how it is kept safe."""
    user = signed_in(request)
    mine = [] if user.is_staff else waits.waiting_for(user)
    facts = {"roles": roles.labels(user.roles), "mine": mine, "has_second_factor": has_second_factor(user)}
    return render(request, "portal/account.html", facts)


@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Where staff without a second factor are sent."""
    if has_second_factor(signed_in(request)):
        return redirect("portal:account")
    return render(request, "portal/second_factor.html")


@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    newest_first = sorted(
        UserSession.objects.purge_and_list(signed_in(request)), key=lambda session: session.created_at, reverse=True
    )
    return render(request, "portal/sessions.html", {"sessions": newest_first})


@require_POST
@login_required
def end_sessions(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """One session of mine, or all but this one."""
    others = UserSession.objects.filter(user=signed_in(request)).exclude(session_key=request.session.session_key)
    for session in [get_object_or_404(others, pk=pk)] if pk else others:
        session.end()
    audit.record("sessions ended", signed_in(request))
    messages.success(request, _("Đã đăng xuất khỏi thiết bị được chọn."))
    return redirect("portal:sessions")


@require_POST
def session(request: HttpRequest) -> HttpResponse:
    """ "Tôi vẫn ở đây": being asked is enough to extend the session; the answer says until when."""
    if not request.user.is_authenticated:
        raise Refusal("session-ended", _("Phiên làm việc đã kết thúc."), status=401)
    return JsonResponse({"ends": session_ends(request.session, request.user)})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    chosen, back = request.POST.get("language", ""), request.POST.get("next", "/")
    if chosen not in dict(settings.LANGUAGES):
        raise Http404
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    ):
        back = "/"
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    response = redirect(back)
    devices.speak(response, chosen)
    return response


def forgotten(request: HttpRequest) -> HttpResponse:
    form = forms.NumberForm(request.POST or None)
    if form.is_valid():
        try:
            request.session.pop(OPENED, None)
            request.session[RESETTING] = request_reset(form.cleaned_data["number"], audit.actor.get().place)
        except Refusal as no:
            form.add_error("number", no.message)
        else:
            return redirect("portal:new_password")
    return render(request, "portal/forgotten.html", {"form": form})


def new_password(request: HttpRequest) -> HttpResponse:
    """The code opens ten minutes in which the password may be chosen, so that a refused one costs no second code."""
    target = request.session.get(RESETTING)
    if not target:
        return redirect("portal:forgotten")
    opened, until = request.session.get(OPENED, ("", 0))
    form = forms.NewPasswordForm(request.POST or None, code_needed=opened != target or until < time.time())
    if form.is_valid():
        try:
            if "code" in form.cleaned_data:
                check_reset(target, form.cleaned_data["code"])
                request.session[OPENED] = (target, time.time() + 600)
            reset_password(target, form.cleaned_data["password1"])
        except Refusal as no:
            request.session.pop(OPENED, None)
            form.add_error("code" if "code" in form.fields else None, no.message)
        except ValidationError as no:
            form.add_error("password1", no)
        else:
            request.session.flush()
            messages.success(request, _("Mật khẩu mới đã được lưu. Quý khách đăng nhập bằng mật khẩu mới."))
            return redirect("account_login")
    return render(request, "portal/new_password.html", {"form": form})


def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/accessibility.html")


def counters(request: HttpRequest) -> HttpResponse:
    """Where a person can go: what notices and messages name."""
    branches, sought = Branch.objects.all(), writing.line(request.GET.get("q", ""))[:60]
    words = writing.fold(sought).lower().split()
    shown = [
        each for each in branches if all(word in writing.fold(f"{each.name} {each.address}").lower() for word in words)
    ]
    return render(request, "portal/counters.html", {"branches": shown, "all": len(branches), "sought": sought})


def security(request: HttpRequest) -> HttpResponse:
    contact = {"address": settings.SECURITY_CONTACT, "contact": settings.SECURITY_CONTACT.removeprefix("mailto:")}
    return render(request, "portal/security.html", contact)


# ── For machines ──


def robots_txt(request: HttpRequest) -> HttpResponse:
    """What belongs to one person, to staff or to machines is nothing to be found by a search."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in UNSEARCHED), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def manifest(request: HttpRequest) -> HttpResponse:
    """So that a phone can keep the portal among its apps, under its own sign."""
    icons = [("192", "any"), ("512", "any"), ("512", "maskable")]
    shown = {
        "name": "VNPT SmartCA",
        "short_name": "SmartCA",
        "lang": get_language(),
        "start_url": "/",
        "display": "browser",
        "theme_color": "#0066b3",
        "background_color": "#ffffff",
        "icons": [
            {
                "src": static(f"portal/icon-{'maskable' if purpose == 'maskable' else size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size, purpose in icons
        ],
    }
    return JsonResponse(shown, content_type="application/manifest+json")


def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116: whom to tell of a fault. Its end moves on each month, and is never a year away."""
    month = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    lines = {
        "Contact": settings.SECURITY_CONTACT,
        "Expires": f"{month + timedelta(days=330):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages": "vi, en",
        "Canonical": f"{settings.SITE_URL}/.well-known/security.txt",
        "Policy": f"{settings.SITE_URL}{reverse('portal:security')}",
    }
    text = "".join(f"{name}: {line}\n" for name, line in lines.items())
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    parts = health.report()
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse(parts, status=200 if ready else 503)


def scrape(request: HttpRequest) -> HttpResponse:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4")
