"""What orders bring along."""

from django.utils.translation import gettext_lazy as _

from enrollment.orders import metrics, seeds, waits
from enrollment.orders.models import CashReceipt, Payment
from enrollment.orders.steps import cash, pricing, refunding
from enrollment.orders.steps.drawer import CONFIRM as CONFIRM_CASH
from enrollment.orders.steps.drawer import EVERYWHERE, TAKE, VIEW
from portal import writing
from portal.parts import Part

MONEY = ("orders.view_payment", "orders.view_refund")
CONFIRM = ("orders.confirm_plan", "orders.confirm_refund")  # of what another has proposed


def references(term: str) -> list[str]:
    rows = Payment.objects.filter(reference=writing.document_number(term))
    payments = [f"payment:{pk}" for pk in rows.values_list("pk", flat=True)]
    receipts = CashReceipt.objects.filter(payment__in=rows).values_list("pk", flat=True)
    return [*payments, *(f"cashreceipt:{pk}" for pk in receipts)]


PART = Part(
    references=references,
    changes={"plan": pricing.PLAN, refunding.KIND: refunding.REFUND, refunding.IN_CASH: cash.CASH_REFUND},
    guarded={
        "orders_plan": {"desk": "SELECT, INSERT, UPDATE", "": "SELECT"},
        "orders_refund": {"desk": "SELECT, INSERT, UPDATE", "": "SELECT, INSERT"},
        # Cash is the desk's alone, and no process deletes any of it.
        "orders_drawer": {"desk": "SELECT, INSERT, UPDATE"},
        "orders_receiptbook": {"desk": "SELECT, INSERT, UPDATE"},
        "orders_cashreceipt": {"desk": "SELECT, INSERT"},
    },
    verbs={
        "cash exported": _("Xuất sổ quỹ tiền mặt"),
        "cash received": _("Thu tiền mặt"),
        "cash returned": _("Chi tiền mặt hoàn khách"),
        "drawer confirmed": _("Xác nhận chốt ngày"),
        "drawer counted": _("Kiểm đếm ngăn tiền"),
        "drawer explained": _("Giải trình chênh lệch tiền mặt"),
        "drawer opened": _("Mở quỹ tiền mặt"),
        "invoices tried again": _("Phát hành lại hóa đơn"),
        "payment received": _("Nhận thanh toán"),
        "refund done": _("Đã hoàn tiền"),
        "refund due": _("Chờ hoàn tiền"),
    },
    permissions={
        "agent": (TAKE,),
        "lead": (CONFIRM_CASH, VIEW),
        "supervisor": (
            *(CONFIRM_CASH, VIEW, EVERYWHERE),
            *(*MONEY, "orders.change_refund", "orders.view_invoice", *CONFIRM),
            *("orders.view_plan", "orders.add_plan", "orders.change_plan"),
        ),
        "operator": (*MONEY, "orders.view_invoice", "orders.change_invoice", "orders.view_plan", *CONFIRM),
        "auditor": (*MONEY, VIEW, EVERYWHERE),
    },
    schedule={
        "enrollment.orders.tasks.ask_about_payments": 30,
        "enrollment.orders.tasks.read_statements": 120,
        "enrollment.orders.tasks.issue_invoices": 30,
    },
    seed=seeds.seed_plans,
    gauges=metrics.gauges,
    watches=waits.WATCHES,
    waits=waits.waits,
)
