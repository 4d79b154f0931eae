"""Cash at a counter for one application: taken into the agent's drawer of today, given back from it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.counter.steps import serving
from enrollment.models import ORDERED, Application
from enrollment.orders.models import CashReceipt, Drawer, Order, Refund
from enrollment.orders.models.cash import Kind
from enrollment.orders.steps import cash, ledger
from enrollment.orders.steps import drawer as drawers
from enrollment.orders.words import dong
from enrollment.steps import payment
from portal import names
from portal.models import Change, User
from portal.refusals import Refusal


def drawer_for(application: Application, agent: User) -> Drawer | None:
    """The agent's open one, where the application is served: its money stays at its counter."""
    return drawers.of_today(agent).filter(branch=application.branch_id, status=Drawer.Status.OPEN).first()


def open_drawer_for(application: Application, agent: User) -> Drawer:
    drawer = drawer_for(application, agent)
    if drawer is None:
        raise Refusal(
            "no-drawer", _("Bạn chưa mở quỹ tiền mặt hôm nay tại quầy này. Hãy mở quỹ trước, rồi thu hoặc chi.")
        )
    return drawer


def take(application: Application, agent: User, tendered: int) -> CashReceipt:
    serving.check_serves(application, agent)
    order, drawer = application.order, open_drawer_for(application, agent)
    if order and order.status == Order.Status.PAID:
        raise cash.paid_already()
    return cash.receive(payment.payable(application), drawer, tendered, agent)


def receipt_of(application: Application) -> CashReceipt | None:
    """The one by which its order was paid: whoever pressed twice is shown it."""
    return CashReceipt.objects.filter(order__in=application.orders, kind=Kind.RECEIVED).order_by("-pk").first()


# ── Given back ──


def owed(application: Application) -> "QuerySet[Refund]":
    due = Refund.objects.filter(payment__order__in=application.orders, status=Refund.Status.DUE)
    return due.select_related("payment__order").order_by("pk")


def ask_to_return(application: Application, agent: User, refund: Refund, reason: str) -> Change:
    serving.check_serves(application, agent)
    return cash.ask_to_return(refund, open_drawer_for(application, agent), agent, reason)


# ── On paper ──


@dataclass(frozen=True)
class Slip:
    """What is printed of a receipt: of the customer's name no more than a slip needs, of everything else about them nothing."""

    receipt: CashReceipt
    payer: str
    file: str  # the application's reference
    words: str
    net: int | None
    vat: int | None


def slip(receipt: CashReceipt) -> Slip:
    application = application_of(receipt.order)
    declaration = application.declaration if application else None
    net, vat = (abs(part) if part is not None else None for part in ledger.parts(receipt))
    return Slip(
        receipt,
        names.brief(declaration.full_name) if declaration else "",
        application.reference if application else "",
        dong(receipt.amount),
        net,
        vat,
    )


def application_of(order: Order) -> Application | None:
    known: Any = {"pk": order.subject} if order.purpose == ORDERED else {"pk": 0}
    return Application.objects.select_related("data_key").filter(**known).first()
