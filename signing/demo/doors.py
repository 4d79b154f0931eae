"""Whoever has come to a certificate, to be entered from the demo's desk, with the PIN that the demo's people use."""

from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment.journey import Step
from enrollment.models import Application
from portal.parts import Door
from signing.demo.people import DEMO_PIN


def doors() -> list[Door]:
    waiting = Application.objects.filter(is_demo=True, step__in=(Step.ACCEPTANCE, Step.COMPLETE)).order_by("-pk")
    return [
        Door(
            str(_("Chứng thư số")),
            _("%(name)s · mã PIN mẫu %(pin)s")
            % {"name": each.declaration and each.declaration.full_name, "pin": DEMO_PIN},
            reverse("demo_application", args=[each.pk]),
        )
        for each in waiting.select_related("data_key")
    ]
