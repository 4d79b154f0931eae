"""Electronic invoices behind one port. No provider's protocol is public, so there is the port and its local stand-in."""

from functools import cache
from typing import Protocol

from enrollment.orders.models import Invoice


class NotIssued(Exception):
    """The provider did not take it; `final`: asking again is no use."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class InvoiceGateway(Protocol):
    def issue(self, invoice: Invoice) -> str:
        """Issue it and return its number, the same number when asked again; or raise NotIssued."""


class LocalInvoices:
    """Numbers of our own; an invoice from here is no tax document, and the receipt says so."""

    def issue(self, invoice: Invoice) -> str:
        return f"DEMO-{invoice.pk:07}"


@cache
def gateway() -> InvoiceGateway:
    return LocalInvoices()
