"""Choosing a plan. What it costs is frozen on the order that payment makes of it."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application, Plan
from enrollment.steps import payment
from portal.refusals import Refusal


@transaction.atomic
def choose(application: Application, code: str) -> None:
    application.hold()
    plan = Plan.on_sale().filter(code=code).first()
    if plan is None:
        raise Refusal("plan-not-sold", _("Gói này không còn được bán. Quý khách vui lòng chọn gói khác."))
    changed = application.plan_id not in (None, plan.pk)
    if changed:
        payment.give_up_order(application)
    application.finish(changed=changed, plan=plan)
    payment.arrive(application)
