"""What orders bring along."""

from django.utils.translation import gettext_lazy as _

from enrollment.orders import metrics, seeds, waits
from enrollment.orders.models import Payment
from enrollment.orders.steps import pricing, refunding
from portal import writing
from portal.parts import Part

MONEY = ("orders.view_payment", "orders.view_refund")
CONFIRM = ("orders.confirm_plan", "orders.confirm_refund")  # of what another has proposed


def references(term: str) -> list[str]:
    rows = Payment.objects.filter(reference=writing.document_number(term))
    return [f"payment:{pk}" for pk in rows.values_list("pk", flat=True)]


PART = Part(
    references=references,
    changes={"plan": pricing.PLAN, "refund": refunding.REFUND},
    guarded={
        "orders_plan": {"desk": "SELECT, INSERT, UPDATE", "": "SELECT"},
        "orders_refund": {"desk": "SELECT, INSERT, UPDATE", "": "SELECT, INSERT"},
    },
    verbs={
        "invoices tried again": _("Phát hành lại hóa đơn"),
        "payment received": _("Nhận thanh toán"),
        "refund done": _("Đã hoàn tiền"),
        "refund due": _("Chờ hoàn tiền"),
    },
    permissions={
        "supervisor": (
            *(*MONEY, "orders.change_refund", "orders.view_invoice", *CONFIRM),
            *("orders.view_plan", "orders.add_plan", "orders.change_plan"),
        ),
        "operator": (*MONEY, "orders.view_invoice", "orders.change_invoice", "orders.view_plan", *CONFIRM),
        "auditor": MONEY,
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
