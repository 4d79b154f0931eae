"""A prefix says whose hands are at a page: the same pages, under an address that tells them apart."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from enrollment.counter import pages, screen
from enrollment.counter.rights import LEAD, SERVE
from enrollment.counter.steps import rehearsing
from enrollment.models import Application
from enrollment.orders.steps import drawer as drawers
from enrollment.pages import at_counter
from portal import errors
from portal.middleware import Layer
from portal.refusals import Refusal


@contextmanager
def under(request: HttpRequest, prefix: str) -> Iterator[None]:
    """Within, a page is found without the prefix, and every address that it makes has it: links, forms, redirects."""
    path, script, stood = request.path_info, request.META.get("SCRIPT_NAME", ""), get_script_prefix()
    request.path_info = path.removeprefix(prefix) or "/"
    request.META["SCRIPT_NAME"] = script + prefix
    set_script_prefix(stood.rstrip("/") + prefix)
    try:
        yield
    finally:
        set_script_prefix(stood)
        request.META["SCRIPT_NAME"] = script
        request.path_info = path


class Screen(Layer):
    """Before the customer at a counter: the second screen, with a jar of its own for cookies (screen.py)."""

    def __call__(self, request: Any) -> HttpResponse:
        if not f"{request.path_info}/".startswith(f"{screen.PREFIX}/"):
            return self.inner(request)
        with under(request, screen.PREFIX):
            request.screen, request.COOKIES = screen.Guest(request), screen.jar(request)
            if not screen.is_open(request.path_info):
                request.path_info = screen.PREFIX + request.path_info  # nowhere: it is not found
            response = self.inner(request)
            if screen.leads_away(response):
                response = screen.ended(request)
            screen.keep(request, response)
            screen.frame(response)
        return response

    def process_view(self, request: Any, *_view: object) -> HttpResponse | None:
        """Before whatever a page does, once it is known who asks."""
        if not hasattr(request, "screen"):
            return screen.elsewhere(request)
        if request.resolver_match.view_name == screen.OVER:
            return None
        screen.begin(request)
        if screen.is_over(request) or not screen.has_guest(request):
            return screen.ended(request)
        if screen.stays_behind(request):
            return redirect("enrollment:landing")
        screen.mark(request)
        return None


IN_HAND = re.compile(r"/counter/at/([A-Z0-9]{8})(?=/)")
JOURNEY = ("enrollment", "kyc", "signing")  # rooms of the customer's pages; of these are anybody's:
ANYBODYS = {
    *("enrollment:home", "enrollment:terms", "enrollment:privacy", "enrollment:wards"),
    *("signing:practice", "signing:verify", "signing:verified", "signing:status"),
}
# What an agent does with an application in hand, on the customer's own pages. Nothing that is secret, agreed to or signed.
AGENTS = {
    *("enrollment:declaration", "enrollment:draft", "enrollment:card", "enrollment:old_address", "enrollment:check"),
    *("enrollment:back", "enrollment:wards", "enrollment:plan", "enrollment:payment", "enrollment:transfer"),
    *("enrollment:transfer_qr", "enrollment:paid", "enrollment:status"),
    *("kyc:capture", "kyc:rehearsal", "kyc:item", "kyc:piece", "kyc:photo", "kyc:begin_face", "kyc:promise_face"),
    *("kyc:done", "kyc:again", "kyc:phone", "kyc:phone_qr", "kyc:phone_standing"),
}
OF_EVERY_PAGE = {"portal:language", "portal:session", "account_logout"}  # what the frame's own forms go to


class AtCounter(Layer):
    """`/counter/at/<reference>/…`: the customer's own pages in an agent's hands, for this one application. Without the prefix
    staff are refused at every page of a customer's, whatever address they come by."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        in_hand = IN_HAND.match(request.path_info)
        if in_hand is None:
            return self.inner(request)
        if not request.user.is_authenticated:
            if errors.wants_json(request):
                return errors.answer(request, 401, "session-ended", _("Phiên làm việc đã kết thúc."))
            return redirect(f"{reverse('account_login')}?{urlencode({'next': request.path})}")
        application = self._of_own_counter(request, in_hand[1])
        if application is None:
            return errors.answer(request, 404)
        request.at_counter, request.keeping = application.pk, pages.keeping(request)  # type: ignore[attr-defined]
        with under(request, in_hand[0]):
            return self.inner(request)

    def _of_own_counter(self, request: HttpRequest, reference: str) -> Application | None:
        user = pages.worker(request)
        if user is None or not user.has_perm(SERVE) or settings.DOORS == "public":
            return None
        return pages.own_file(user, reference)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        return rehearsal_first(request) or self._in_whose_hands(request)

    def _in_whose_hands(self, request: HttpRequest) -> HttpResponse | None:
        match = request.resolver_match
        name, room = (match.view_name, match.namespace) if match else ("", "")
        is_customers = room in JOURNEY and name not in ANYBODYS
        if not at_counter(request):
            if is_customers and request.user.is_authenticated and request.user.is_staff:
                return errors.refused(request, staff_here())
            return None
        if name in AGENTS | OF_EVERY_PAGE:
            return None
        if request.method != "GET":
            raise Http404
        prefix = get_script_prefix().rstrip("/")
        plain = request.get_full_path().removeprefix(prefix)
        return redirect(f"/counter/{prefix.rpartition('/')[2]}/" if is_customers else plain)


TRAINING = {
    "rehearsal",
    "rehearsal_begin",
    "rehearsal_open",
    "rehearsal_act",
    "rehearsal_result",
    "rehearsal_play",
    "rules",
}
COUNTING = {"drawer", "count", "explain"}  # what lies in a drawer is counted also by whoever may serve no more


def rehearsal_first(request: HttpRequest) -> HttpResponse | None:
    """Who has not rehearsed, or not within the year, finds no more of the counter than the rehearsal: not its pages, nor a
    customer's with a file in hand. The steps refuse by themselves (rehearsing.check_enabled)."""
    match = request.resolver_match
    is_served = match and (match.namespace == "counter" or (at_counter(request) and match.view_name in AGENTS))
    user = pages.worker(request) if is_served else None
    if (
        match is None
        or user is None
        or match.url_name in TRAINING
        or (user.has_perm(LEAD) and not at_counter(request))  # who leads, too, has a file in hand as an agent alone
        or rehearsing.is_enabled(user)
    ):
        return None
    if match.url_name in COUNTING and drawers.still_open(user):
        return None
    if request.method != "GET" or errors.wants_json(request):
        return errors.refused(request, rehearsing.closed())
    return redirect("/counter/rehearsal/")


def staff_here() -> Refusal:
    """Whoever works here has no application of their own, and no hand in a customer's secrets."""
    return Refusal(
        "customers-page",
        _(
            "Trang này là của khách hàng; bạn đang đăng nhập bằng tài khoản nhân viên. Giúp khách tại quầy: mở “Quầy”, bấm "
            "“Khách mới”. Mã, mật khẩu, hợp đồng và mã PIN chỉ khách tự làm trên máy của khách."
        ),
        status=403,
    )
