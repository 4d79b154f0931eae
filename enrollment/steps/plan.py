"""Choosing a plan. What it costs is frozen on the order that payment makes of it."""

from django.db import transaction

from enrollment.models import Application
from enrollment.orders.models import Order, Plan
from enrollment.orders.steps import ordering
from enrollment.steps import payment


def offered(application: Application) -> list[Plan]:
    """Those on sale; once one was paid for, that one, on sale or not."""
    order = application.order
    if order and order.status == Order.Status.PAID and application.plan:
        return [application.plan]
    return list(Plan.on_sale())


def likely(application: Application) -> str:
    """What is ticked when the page opens: what was chosen before, else the first that costs nothing, for most take it."""
    free = (plan for plan in offered(application) if plan.price == 0)
    plan = application.plan or next(free, None)
    return plan.code if plan else ""


@transaction.atomic
def choose(application: Application, code: str) -> None:
    application.hold()
    plan = next((plan for plan in offered(application) if plan.code == code), None)
    if plan is None:
        raise ordering.not_sold()
    changed = application.plan_id not in (None, plan.pk)
    if changed:
        payment.give_up_order(application)
    application.finish(changed=changed, plan=plan)
