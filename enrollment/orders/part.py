"""What orders bring along."""

from django.utils.translation import gettext_lazy as _

from enrollment.orders import metrics, seeds
from portal.parts import Part

MONEY = ("orders.view_payment", "orders.view_refund")
PART = Part(
    verbs={
        "invoices tried again": _("Phát hành lại hóa đơn"),
        "payment received": _("Nhận thanh toán"),
        "plan changed": _("Sửa gói cước"),
        "refund done": _("Đã hoàn tiền"),
        "refund due": _("Chờ hoàn tiền"),
    },
    permissions={
        "supervisor": (
            *(*MONEY, "orders.change_refund", "orders.view_invoice"),
            *("orders.view_plan", "orders.add_plan", "orders.change_plan"),
        ),
        "operator": (*MONEY, "orders.view_invoice", "orders.change_invoice"),
        "auditor": MONEY,
    },
    schedule={
        "enrollment.orders.tasks.ask_about_payments": 30,
        "enrollment.orders.tasks.read_statements": 120,
        "enrollment.orders.tasks.issue_invoices": 30,
    },
    seed=seeds.seed_plans,
    gauges=metrics.gauges,
)
