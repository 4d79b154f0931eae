"""Cash taken and given back, each under the next number of its book.

One order of locks, whoever takes them: the application (seller.hold), its order, the drawer, the book. A refund's row is
locked before the drawer, and nothing that holds a drawer waits for an application, an order or a refund."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment.orders.gateways.cash import CASH
from enrollment.orders.gateways.port import Notice, Verdict
from enrollment.orders.models import CashReceipt, Drawer, Order, Payment, ReceiptBook, Refund
from enrollment.orders.models.cash import DENOMINATIONS, Kind
from enrollment.orders.parts import seller
from enrollment.orders.steps import drawer as drawers
from enrollment.orders.steps import paying, refunding
from enrollment.orders.steps.ordering import is_as_ordered, not_payable
from portal import audit, changes, writing
from portal.models import Change, User
from portal.parts import TwoHands
from portal.references import new_reference
from portal.refusals import Refusal, out_of_step

log = structlog.get_logger(__name__)

# ── Numbers ──


def locked_book(drawer: Drawer, kind: Kind) -> ReceiptBook:
    known = {"branch_id": drawer.branch_id, "year": drawer.day.year, "kind": kind}
    ReceiptBook.objects.get_or_create(**known, defaults={"mac": ReceiptBook(**known).mac_of_row})
    book = ReceiptBook.objects.select_for_update().get(**known)
    if not book.is_ours:
        log.error("a book of receipts was changed by other means", branch=drawer.branch_id, alarm=True)
        raise Refusal(
            "altered", _("Sổ đánh số phiếu đã bị sửa ngoài hệ thống. Hãy báo bộ phận an ninh; chưa thu, chi gì.")
        )
    book.last += 1
    book.mac = book.mac_of_row
    book.save(update_fields=["last", "mac"])
    return book


def write(drawer: Drawer, book: ReceiptBook, **facts: Any) -> CashReceipt:
    """The receipt, and what it changes of its drawer."""
    numbered = {"branch_id": book.branch_id, "year": book.year, "kind": book.kind, "number": book.last}
    receipt = CashReceipt(drawer=drawer, **numbered, at=timezone.now(), **facts)
    receipt.mac = receipt.mac_of_row
    receipt.save(force_insert=True)
    side = "received" if book.kind == Kind.RECEIVED else "returned"
    setattr(drawer, side, getattr(drawer, side) + receipt.amount)
    drawer.receipts_given += 1
    drawers.save(drawer, side, "receipts_given")
    return receipt


def numbered(book: ReceiptBook) -> str:
    """As a gateway names its transaction: once in the whole portal."""
    return f"{book.branch_id} {CashReceipt(year=book.year, kind=book.kind, number=book.last).label}"


# ── Taken ──


@transaction.atomic
def receive(order: Order, drawer: Drawer, tendered: int, agent: User) -> CashReceipt:
    """Settled as whatever a gateway tells of. Who comes second, by a second press or because a transfer was quicker, is told
    to give the notes back: nothing was written. A transfer that comes later is returned like any that comes twice."""
    seller(order).hold(order.subject)
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.status == Order.Status.PAID:
        raise paid_already()
    if order.status != Order.Status.OPEN or order.total == 0 or not is_as_ordered(order):
        raise not_payable()
    check_tendered(order, tendered)
    drawer = drawers.locked_for_cash(drawer.pk, agent)
    book = locked_book(drawer, Kind.RECEIVED)
    payment = Payment.objects.create(
        order=order, gateway=CASH.code, amount=order.total, reference=f"SC{new_reference(10)}"
    )
    notice = Notice(payment.reference, payment.amount, "VND", numbered(book), True, "cash")
    verdict = paying.settle(CASH, notice)
    if verdict != Verdict.CONFIRMED or not Order.objects.filter(pk=order.pk, status=Order.Status.PAID).exists():
        raise out_of_step()  # all of it is taken back, the number too
    receipt = write(drawer, book, amount=payment.amount, tendered=tendered, order=order, payment=payment, by=agent)
    audit.record("cash received", receipt, user=agent, amount=receipt.amount, number=receipt.label)
    return receipt


def paid_already() -> Refusal:
    return Refusal(
        "paid-already", _("Đơn hàng này đã được thanh toán. Hãy trả lại tiền mặt cho khách: không lập phiếu thu nào.")
    )


def check_tendered(order: Order, tendered: int) -> None:
    """Nobody hands over a note more than is needed: so much change is a figure typed wrong."""
    if tendered < order.total:
        raise Refusal(
            "too-little",
            _("Khách đưa chưa đủ: đơn hàng là %(total)s.")
            % {"total": writing.money(order.total, get_language() or "vi")},
            status=422,
        )
    if tendered - order.total >= max(DENOMINATIONS):
        raise Refusal("too-much", _("Tiền thừa lớn hơn một tờ 500.000 đ. Hãy xem lại số tiền khách đưa."), status=422)


# ── Given back: the agent proposes, the lead at the desk confirms ──


def payable_from(drawer: Drawer, refund: Refund) -> None:
    if refund.payment is None:
        raise Refusal("by-bank", _("Khoản này không thuộc đơn hàng nào, nên chỉ hoàn qua ngân hàng."))
    if drawer.expected < refund.amount:
        raise Refusal("too-little-cash", _("Ngăn tiền không đủ để chi khoản này. Hãy hoàn qua ngân hàng."))


@transaction.atomic
def ask_to_return(refund: Refund, drawer: Drawer, agent: User, reason: str) -> Change:
    """This amount, from this drawer, proposed to the second person (portal/changes.py)."""
    refund = refunding.held(refunding.about(refund))
    payable_from(drawers.locked_for_cash(drawer.pk, agent), refund)
    after = {"returned": refund.amount, "drawer": drawer.pk}
    return changes.propose(refunding.IN_CASH, refunding.about(refund), after, agent, reason=reason)


def present(about: str) -> Mapping[str, Any]:
    """Nothing was returned yet, and nobody is just now sending it by bank."""
    refunding.held(about)
    if refunding.waits(refunding.KIND, about):
        raise Refusal("by-bank", _("Khoản này đang được hoàn qua ngân hàng, chờ người thứ hai xác nhận."))
    return {"returned": 0, "drawer": 0}


def apply(change: Change) -> None:
    refund = refunding.held(change.about)
    drawer = drawers.locked_for_cash(change.after["drawer"], change.proposed_by)
    assert change.decided_by
    if not drawers.leads(change.decided_by, drawer.branch_id):
        raise drawers.not_allowed()
    if change.after.get("returned") != refund.amount:
        raise refunding.amount_moved()
    payable_from(drawer, refund)
    assert refund.payment
    book = locked_book(drawer, Kind.RETURNED)
    refund.status, refund.done_at, refund.done_by = Refund.Status.DONE, timezone.now(), change.proposed_by
    refund.bank_reference = numbered(book)
    refund.save(update_fields=["status", "done_at", "done_by", "bank_reference"])
    receipt = write(
        drawer,
        book,
        amount=refund.amount,
        tendered=refund.amount,
        order=refund.payment.order,
        refund=refund,
        by=change.proposed_by,
        confirmed_by=change.decided_by,
    )
    audit.record("refund done", refund, amount=refund.amount)
    audit.record("cash returned", receipt, amount=receipt.amount, number=receipt.label)


@dataclass(frozen=True)
class Asked:
    """What waits for the second person."""

    change: Change
    refund: Refund
    drawer: Drawer


def asked() -> list[Asked]:
    """The oldest first; what was altered is the desk's matter, and nobody's here."""
    waiting = Change.objects.filter(kind=refunding.IN_CASH, decision="", expires_at__gt=timezone.now())
    rows = []
    for change in filter(changes.is_intact, waiting.select_related("proposed_by").order_by("proposed_at")):
        refund = Refund.objects.select_related("payment__order").filter(pk=change.about.partition(":")[2]).first()
        drawer = Drawer.objects.select_related("branch", "agent").filter(pk=change.after.get("drawer")).first()
        if refund and drawer and refunding.is_at_hand(change):
            rows.append(Asked(change, refund, drawer))
    return rows


def shown(name: str, value: Any) -> str:
    if name == "drawer":
        return str(Drawer.objects.select_related("branch").filter(pk=value).first() or "–")
    return refunding.shown(name, value)


CASH_REFUND = TwoHands(
    label=_("Hoàn tiền mặt tại quầy"),
    proposes=drawers.TAKE,
    confirms=drawers.CONFIRM,
    fields={"returned": _("Số tiền đã hoàn"), "drawer": _("ngăn tiền")},
    present=present,
    apply=apply,
    shown=shown,
    named=refunding.named,
    is_fresh=True,
)
