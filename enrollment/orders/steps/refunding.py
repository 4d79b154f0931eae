"""Money without a right to it (late, twice, wrong amount, nobody's): a row for a person, who sends
it back, and for a second, who confirms it. That it came so, paying.py finds."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.orders.models import Drawer, Invoice, Order, Payment, Refund
from portal import audit, writing
from portal.models import Change
from portal.parts import TwoHands
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
KIND, IN_CASH = "refund", "cash-refund"  # the matter for two people: by bank; and at a counter (cash.py)


def owe(gateway: str, provider_id: str, amount: int, reason: Refund.Reason, payment: Payment | None = None) -> None:
    """Once for each of their transactions, however often they tell of it."""
    refund, is_new = Refund.objects.get_or_create(
        gateway=gateway,
        provider_id=provider_id,
        defaults={"amount": amount, "reason": reason, "payment": payment},
    )
    if is_new:
        audit.record("refund due", refund, reason=reason, amount=amount)
        log.warning("refund due", reason=reason, gateway=gateway)


def close(orders: "QuerySet[Order]") -> None:
    """What they were for came to nothing: an open order ends, a paid one is returned."""
    orders.filter(status=Order.Status.OPEN).update(status=Order.Status.CANCELLED)
    paid = orders.filter(status=Order.Status.PAID)
    unissued = Invoice.objects.filter(order__in=paid, status__in=(Invoice.Status.PENDING, Invoice.Status.FAILED))
    unissued.update(status=Invoice.Status.VOID)
    issued = Invoice.objects.filter(order__in=paid, status=Invoice.Status.ISSUED)
    issued.update(status=Invoice.Status.WRONG, attempts=0, due_at=timezone.now())
    for order in paid.filter(total__gt=0):
        for payment in order.payments.filter(status=Payment.Status.PAID):
            owe(payment.gateway, payment.provider_id, payment.amount, Refund.Reason.CANCELLED, payment)


# ── Returned: by one person, confirmed by a second who looks at the bank's own account of it ──


def about(refund: Refund) -> str:
    return f"refund:{refund.pk}"


def held(about: str) -> Refund:
    refund = Refund.objects.select_for_update().get(pk=about.partition(":")[2])
    if refund.status != Refund.Status.DUE:
        raise Refusal("returned-already", _("Khoản này đã được hoàn rồi."))
    return refund


def present(about: str) -> Mapping[str, Any]:
    """Nothing was returned yet. The amount is among what is proposed, so that both people put their names to it."""
    held(about)
    if any(is_at_hand(change) for change in waits(IN_CASH, about)):
        raise Refusal("in-cash", _("Khoản này đang được hoàn bằng tiền mặt tại quầy, chờ trưởng quầy xác nhận."))
    return {"returned": 0, "receiver": "", "bank_reference": ""}


def waits(kind: str, about: str) -> "QuerySet[Change]":
    """Asked under the refund's lock, so that one goes one way: what a person may have sent already is not sent again."""
    return Change.objects.filter(kind=kind, about=about, decision="", expires_at__gt=timezone.now())


def is_at_hand(change: Change) -> bool:
    """Of a day that is closed by now nothing is given back any more."""
    today = Drawer.objects.filter(pk=change.after.get("drawer"), day=timezone.localdate())
    return today.filter(status=Drawer.Status.OPEN).exists()


def amount_moved() -> Refusal:
    return Refusal("amount-moved", _("Số tiền của khoản này đã khác lúc đề nghị. Hãy từ chối và kiểm tra lại."))


def returning(refund: Refund, receiver: str, bank_reference: str) -> dict[str, Any]:
    return {"returned": refund.amount, "receiver": receiver, "bank_reference": bank_reference}


def apply(change: Change) -> None:
    refund, after = held(change.about), change.after
    if after.get("returned") != refund.amount or not after.get("receiver") or not after.get("bank_reference"):
        raise amount_moved()
    refund.status, refund.done_at, refund.done_by = Refund.Status.DONE, timezone.now(), change.proposed_by
    refund.receiver, refund.bank_reference = after["receiver"], after["bank_reference"]
    try:
        with transaction.atomic():
            refund.save(update_fields=["status", "done_at", "done_by", "receiver", "bank_reference"])
    except IntegrityError as wrong:  # one transfer returns one refund
        raise Refusal("transfer-known", _("Mã giao dịch này đã hoàn cho một khoản khác.")) from wrong
    audit.record("refund done", refund, amount=refund.amount)


def shown(name: str, value: Any) -> str:
    return writing.money(value) if name == "returned" else str(value or "–")


def named(about: str) -> str:
    refund = Refund.objects.get(pk=about.partition(":")[2])
    return f"{refund} · {writing.money(refund.amount)} · {refund.get_reason_display()}"


REFUND = TwoHands(
    label=_("Hoàn tiền"),
    proposes="orders.change_refund",
    confirms="orders.confirm_refund",
    fields={
        "returned": _("Số tiền đã hoàn"),
        "receiver": _("Tài khoản nhận"),
        "bank_reference": _("Mã giao dịch hoàn tiền"),
    },
    present=present,
    apply=apply,
    masked=frozenset({"receiver"}),
    shown=shown,
    named=named,
)
