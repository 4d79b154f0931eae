"""The demo's applications, one at each step, to be entered from the demo desk."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from enrollment.models import Application
from enrollment.pages import MINE, onward
from portal.accounts import signing_in
from portal.demo.desk import only_here
from portal.parts import Door


def doors() -> list[Door]:
    waiting = Application.objects.filter(is_demo=True).select_related("data_key", "plan").order_by("pk")
    return [
        Door(
            str(application.get_step_display()),
            " · ".join(notes(application)),
            reverse("demo_application", args=[application.pk]),
        )
        for application in waiting
    ]


def notes(application: Application) -> list[str]:
    plan, declaration = application.plan, application.declaration
    known = (application.reference, plan and plan.title, declaration and declaration.full_name)
    return [str(note) for note in known if note]


@require_POST
@only_here
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """As the customer's own browser would: by the session before activation, by the account after."""
    application = get_object_or_404(Application, pk=pk, is_demo=True)
    if request.user.is_authenticated:
        get_adapter().logout(request)
    if application.user:
        signing_in.enter(request, application.user)
    request.session[MINE] = application.pk
    return onward(application)


urls = [path("application/<int:pk>/", enter, name="demo_application")]
