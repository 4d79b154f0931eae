"""The demo's applications, one at each step, to be entered from the demo desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from enrollment import nine
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.pages import MINE, at_counter, mine, onward
from portal.demo.desk import become, only_here
from portal.parts import Door

VNPTS = (Step.REVIEW, Step.ISSUANCE)  # where the customer waits


def doors() -> list[Door]:
    waiting = Application.objects.filter(is_demo=True).select_related("data_key", "plan", "user").order_by("pk")
    newcomer = Door(
        who=_("Người mới"),
        role="customer",
        at=_("Đăng ký tài khoản"),
        note=_("Chưa có hồ sơ nào"),
        address=reverse("demo_newcomer"),
        place=1,
    )
    return [newcomer, *map(door, waiting)]


def door(application: Application) -> Door:
    step = Step(application.step)
    return Door(
        who=name_of(application),
        role="customer",
        at=str(application.get_step_display()),
        note=application.reference,
        address=reverse("demo_application", args=[application.pk]),
        # Whose file was sent back stands at a step for a second time: the first look shows somebody who comes to it.
        place=0 if application.redo or step in VNPTS else nine.milestone(step),
        user=application.user_id or 0,
    )


def name_of(application: Application) -> str:
    declared = application.declaration
    return str(declared.full_name if declared else (application.draft or {}).get("full_name") or _("Chưa khai tên"))


def reached(request: HttpRequest) -> list[str]:
    """Before there is an account, messages go to what was declared. An agent sees none of them, in the demo neither."""
    application = None if at_counter(request) else mine(request)
    declared = application.declaration if application and not application.user_id else None
    return [declared.phone, declared.email] if declared else []


@require_POST
@only_here
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    application = get_object_or_404(Application, pk=pk, is_demo=True)
    stand_in(request, application)
    return onward(application)


def stand_in(request: HttpRequest, application: Application) -> None:
    """As the customer's own browser would: by the session before activation, by the account after."""
    become(request, application.user)
    request.session[MINE] = application.pk


@require_POST
@only_here
def newcomer(request: HttpRequest) -> HttpResponse:
    """Somebody whom the portal does not know yet."""
    become(request, None)
    return redirect("enrollment:opening")


urls = [
    path("application/<int:pk>/", enter, name="demo_application"),
    path("newcomer/", newcomer, name="demo_newcomer"),
]
