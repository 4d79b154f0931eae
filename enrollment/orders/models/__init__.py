"""What is sold and paid, and the cash of a counter."""

from enrollment.orders.models.cash import CashReceipt, Drawer, ReceiptBook
from enrollment.orders.models.sales import TERMS, Invoice, Order, Payment, Plan, Refund

__all__ = [
    "TERMS",
    "CashReceipt",
    "Drawer",
    "Invoice",
    "Order",
    "Payment",
    "Plan",
    "ReceiptBook",
    "Refund",
]
