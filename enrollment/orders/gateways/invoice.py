"""Electronic invoices behind one port."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid5

from enrollment.orders.models import Invoice
from enrollment.orders.parts import Buyer


class NotIssued(Exception):
    """The provider did not take it, or did not say so; `final`: asking again is no use."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True)
class Issued:
    number: str
    series: str = ""
    lookup: str = ""  # what a buyer types at the provider's page to see it


class InvoiceProvider(Protocol):
    """Asked again about the same invoice, both give what was issued the first time. May raise NotIssued."""

    address: str  # where the buyer looks an invoice up

    def issue(self, invoice: Invoice, buyer: Buyer) -> Issued: ...

    def adjust(self, invoice: Invoice, buyer: Buyer) -> Issued:
        """A second invoice that takes the first one back, for its money was returned (Decree 123/2020 Art. 19)."""


def adjusting(invoice: Invoice) -> UUID:
    """The adjusting invoice's own RefID, the same at every attempt."""
    return uuid5(invoice.ref, "adjustment")


class LocalInvoices:
    """Numbers of our own; an invoice from here is no tax document, and the receipt says so."""

    address = ""

    def issue(self, invoice: Invoice, buyer: Buyer) -> Issued:
        return Issued(f"DEMO-{invoice.pk:07}")

    def adjust(self, invoice: Invoice, buyer: Buyer) -> Issued:
        return Issued(f"DEMO-{invoice.pk:07}-1")


class Nobody:
    """No provider is named: invoices wait for a person, and no number is made up."""

    address = ""

    def issue(self, invoice: Invoice, buyer: Buyer) -> Issued:
        raise NotIssued("no provider is named (INVOICE_URL)")

    adjust = issue
