"""What an app that sells something brings along: for which purpose, and who is told when it was paid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from enrollment.orders.models import Invoice, Order, Payment
from portal import parts


@dataclass(frozen=True)
class Buyer:
    """Whom an invoice names; empty once what was declared is erased."""

    name: str = ""
    address: str = ""


class Seller(Protocol):
    def hold(self, subject: int) -> None:
        """Inside a transaction, before the rows of the order: whoever else changes what it belongs to waits."""

    def paid(self, order: Order, payment: Payment | None) -> None:
        """In the transaction in which the order was settled; without a payment where it costs nothing."""

    def buyer(self, order: Order) -> Buyer:
        """For the invoice."""

    def invoiced(self, order: Order, invoice: Invoice) -> None:
        """In the transaction in which its invoice was issued, or adjusted."""


@dataclass(frozen=True, kw_only=True)
class SellingPart(parts.Part):
    sells: Mapping[str, Seller] = field(default_factory=dict)  # purpose → seller


def seller(order: Order) -> Seller:
    sellers = [part.sells[order.purpose] for part in parts.parts(SellingPart) if order.purpose in part.sells]
    if len(sellers) != 1:
        raise ImproperlyConfigured(f"{len(sellers)} apps sell “{order.purpose}”: one must.")
    return sellers[0]
