"""The demo's tour: one application from its customer's hands through review and approval to the certificate, in five stops.

A cookie says which; where it goes on is where the application stands, so nobody gets lost who leaves the way."""

from dataclasses import replace
from itertools import chain

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment.demo.doors import stand_in
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.parts import Stop, all_parts
from portal.demo.desk import become, only_here

COOKIE = "tour"
# What the desk shows of it beforehand: by whom, what, and what one will see.
LEGS = (
    (
        _("Khách hàng"),
        _("Tạo mã PIN ký số"),
        _("Chọn sáu chữ số; hồ sơ đã có ảnh, hợp đồng, và đi tiếp sang thẩm định."),
    ),
    (_("Thẩm định viên"), _("Thẩm định hồ sơ"), _("Nhận hồ sơ, xem ảnh và điều máy thấy, rồi cho đạt.")),
    (_("Người duyệt"), _("Duyệt hồ sơ"), _("Người thứ hai xem lại và duyệt; chứng thư số được cấp ngay.")),
    (_("Khách hàng"), _("Ký biên bản nghiệm thu"), _("Nhập mã PIN: chữ ký số đầu tiên.")),
    (_("Khách hàng"), _("Xem chứng thư số"), _("Thẻ chứng thư số, hợp đồng và biên bản đã ký.")),
)
# The best to begin with comes first: nothing but the PIN is left to do.
BEGINS = (Step.PIN, Step.CONTRACT, Step.CAPTURE, Step.ACTIVATION, Step.PAYMENT, Step.DECLARATION, Step.PLAN)
CUSTOMERS = {Step.REVIEW: 2, Step.ISSUANCE: 4, Step.ACCEPTANCE: 4, Step.COMPLETE: 5, Step.STOPPED: 5}


def led(request: HttpRequest) -> Application | None:
    pk = request.COOKIES.get(COOKIE, "")
    if not (pk.isdecimal() and len(pk) < 10):
        return None
    return Application.objects.select_related("data_key", "user").filter(pk=pk, is_demo=True).first()


def stop_of(application: Application) -> Stop:
    """Its customer's, unless an app above names somebody else whose turn it is."""
    step = Step(application.step)
    others = (part.stops[step](application) for part in all_parts() if step in part.stops)
    own = Stop(
        place=CUSTOMERS.get(step, 1),
        title={Step.PIN: LEGS[0][1], Step.COMPLETE: LEGS[4][1]}.get(step, step.label),
        page=reverse(application.turn.page),
        user=application.user,
    )
    return next(filter(None, others), own)


def tour(request: HttpRequest) -> Stop | None:
    application = led(request)
    if application is None:
        return None
    stop = stop_of(application)
    same = request.user == stop.user if stop.user else request.session.get("application") == application.pk
    note = next((note for _who, what, note in LEGS if what == stop.title), "")
    return replace(stop, is_here=same and request.path == stop.page, note=note)


@require_POST
@only_here
def begin(request: HttpRequest) -> HttpResponse:
    """With another application than the one before."""
    waiting = Application.objects.filter(is_demo=True, channel=Channel.BROWSER, redo=[]).order_by("pk")
    application = next(chain.from_iterable(waiting.filter(step=step) for step in BEGINS), None)
    if application is None:
        return redirect("demo:desk")
    response = go_to(request, application)
    response.set_cookie(COOKIE, str(application.pk), httponly=True, samesite="Lax", secure=settings.SECURE)
    return response


@require_POST
@only_here
def go_on(request: HttpRequest) -> HttpResponse:
    application = led(request)
    return go_to(request, application) if application else redirect("demo:desk")


def go_to(request: HttpRequest, application: Application) -> HttpResponse:
    stop = stop_of(application)
    if stop.user and stop.user.is_staff:
        become(request, stop.user)
    else:
        stand_in(request, application)
    return redirect(stop.page)


urls = [
    path("tour/begin/", begin, name="demo_tour_begin"),
    path("tour/", go_on, name="demo_tour"),
]
