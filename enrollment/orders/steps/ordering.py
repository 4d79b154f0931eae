"""An order: made at the price of that moment, given up as long as nobody paid it, settled at once where it is free."""

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.orders.models import Order, Plan
from enrollment.orders.parts import seller
from portal.models import User
from portal.references import new_reference
from portal.refusals import Refusal

log = structlog.get_logger(__name__)


def place(purpose: str, subject: int, plan: Plan, buyer: User | None = None) -> Order:
    """Of those who order the same at the same moment, the table lets one."""
    plan.refresh_from_db()
    if not plan.is_ours:
        log.error("a plan was changed by one hand, and is not sold", plan=plan.code, alarm=True)
        raise not_sold()
    order = Order(
        purpose=purpose,
        subject=subject,
        buyer=buyer,
        reference=new_reference(10),
        plan=plan,
        name=plan.name,
        name_en=plan.name_en,
        kind=plan.kind,
        months=plan.months,
        signings=plan.signings,
        total=plan.price,
    )
    order.mac = order.mac_of_row
    order.save(force_insert=True)
    return order


def not_sold() -> Refusal:
    return Refusal("plan-not-sold", _("Gói này không còn được bán. Quý khách vui lòng chọn gói khác."))


def is_as_ordered(order: Order) -> bool:
    if order.is_ours:
        return True
    log.error("an order was changed by other means", order=order.reference, alarm=True)
    return False


def give_up(order: Order) -> None:
    """What was paid for stays bought; what comes for this order later is returned."""
    still_open = Order.objects.filter(pk=order.pk, status=Order.Status.OPEN)
    if not still_open.update(status=Order.Status.CANCELLED):
        raise Refusal("already-paid", _("Đơn hàng đã được thanh toán nên không đổi gói được nữa."))


def not_payable() -> Refusal:
    return Refusal("not-payable", _("Đơn hàng này không chờ thanh toán. Quý khách hãy tải lại trang."))


@transaction.atomic
def settle_free(purpose: str, subject: int) -> None:
    free = Order.objects.filter(purpose=purpose, subject=subject, status=Order.Status.OPEN, total=0).first()
    if free is None or not is_as_ordered(free):
        raise not_payable()
    seller(free).hold(subject)
    still_open = Order.objects.filter(pk=free.pk, status=Order.Status.OPEN)
    if not still_open.update(status=Order.Status.PAID, paid_at=timezone.now()):
        raise not_payable()
    seller(free).paid(Order.objects.get(pk=free.pk), None)
