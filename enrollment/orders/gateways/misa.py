"""MISA meInvoice, by its public integration API: a token, publishing, and the state of an invoice by its RefID."""

import json
from typing import Any
from urllib.parse import ParseResult
from uuid import UUID

import requests
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from enrollment.orders.gateways.invoice import Issued, NotIssued, adjusting
from enrollment.orders.gateways.port import Party
from enrollment.orders.models import Invoice
from enrollment.orders.parts import Buyer
from enrollment.orders.words import dong

log = structlog.get_logger(__name__)
TIMEOUT = (3, 10)
HSM = 2  # SignType: signed by the seller's key at the provider, at once
ADJUSTMENT = 2  # ReferenceType
BY_REF, PUBLISHED = 2, 1  # inputType, PublishStatus
STALE = {"TokenExpiredCode", "InvalidTokenCode"}
KNOWN = {"DuplicateInvoiceRefID", "InvoiceDuplicated"}
# What is wrong with the invoice itself. All else (quota, template, certificate, a number being taken) a person or time mends.
ABSENT = frozenset({"RefIdNotFound", "InvoiceNotExist"})
FINAL = {"InvalidInvoiceData", "CreateInvoiceDataError", "InvalidXMLData"}
UNNAMED = "Người mua không cung cấp thông tin"


class Misa:
    """`misa+https://user:password@api.meinvoice.vn/api/integration?appid=…&taxcode=…&series=1C26TAA&lookup=https://…`."""

    def __init__(self, url: ParseResult) -> None:
        self.party = Party(url)
        if missing := {"appid", "taxcode", "series", "lookup"} - set(self.party.choices):
            raise ImproperlyConfigured(f"INVOICE_URL lacks {', '.join(sorted(missing))} (docs/operating.md).")
        self.series, self.address = self.party.choices["series"], self.party.choices["lookup"]
        self.token = ""

    def issue(self, invoice: Invoice, buyer: Buyer) -> Issued:
        return self._once(invoice.ref, self._content(invoice, buyer))

    def adjust(self, invoice: Invoice, buyer: Buyer) -> Issued:
        assert invoice.issued_at
        series = invoice.series.removeprefix(self.series[:1])
        return self._once(
            adjusting(invoice),
            {
                **self._content(invoice, buyer, sign=-1),
                "ReferenceType": ADJUSTMENT,
                "OrgInvoiceType": 1,
                "OrgInvTemplateNo": self.series[:1],
                "OrgInvSeries": series,
                "OrgInvNo": invoice.number,
                "OrgInvDate": f"{timezone.localtime(invoice.issued_at):%Y-%m-%d}",
                "InvoiceNote": f"Điều chỉnh giảm hóa đơn số {invoice.number}: đã hoàn tiền",
            },
        )

    # ── Once ──

    def _once(self, ref: UUID, content: dict[str, Any]) -> Issued:
        """An answer may have been lost after publishing: what bears our RefID is looked for first, and not made again."""
        return self._published(ref) or self._publish(ref, content)

    def _published(self, ref: UUID) -> Issued | None:
        has_code = str(self.series[1:2] == "C").lower()  # 1C26TAA: with the tax authority's code
        path = f"/invoice/status?invoiceWithCode={has_code}&invoiceCalcu=false&inputType={BY_REF}"
        for state in _rows(self._ask(path, [str(ref)], absent=ABSENT).get("data")):
            if state.get("RefID") == str(ref) and state.get("PublishStatus") == PUBLISHED and not state.get("IsDelete"):
                return _issued(state)
        return None

    def _publish(self, ref: UUID, content: dict[str, Any]) -> Issued:
        order = {"SignType": HSM, "InvoiceData": [{"RefID": str(ref), **content}], "PublishInvoiceData": None}
        answer = self._ask("/invoice", order)
        results = [row for row in _rows(answer.get("publishInvoiceResult")) if row.get("RefID") == str(ref)]
        if len(results) != 1:
            raise NotIssued("misa: no answer as documented")
        wrong = results[0].get("ErrorCode")
        if wrong in KNOWN and (issued := self._published(ref)):
            return issued
        if wrong:
            raise NotIssued(f"misa {wrong}", final=wrong in FINAL)
        return _issued(results[0])

    def _content(self, invoice: Invoice, buyer: Buyer, sign: int = 1) -> dict[str, Any]:
        """What was sold, to whom, for how much. No more of a person than the invoice must name."""
        order = invoice.order
        net, vat, total = sign * order.net, sign * order.vat, sign * order.total
        rate = f"{order.vat_percent}%"
        line = {
            "ItemType": 1, "SortOrder": 1, "LineNumber": 1, "ItemCode": order.plan.code, "ItemName": order.name,
            "UnitName": "Gói", "Quantity": 1, "UnitPrice": net, "AmountOC": net, "Amount": net,
            "AmountWithoutVATOC": net, "AmountWithoutVAT": net, "VATRateName": rate, "VATAmountOC": vat, "VATAmount": vat,
        }  # fmt: skip
        words = dong(abs(total))
        return {
            "InvSeries": self.series, "InvDate": f"{timezone.localdate():%Y-%m-%d}", "CurrencyCode": "VND",
            "ExchangeRate": 1, "PaymentMethodName": "CK", "BuyerFullName": buyer.name or UNNAMED,
            "BuyerAddress": buyer.address, "IsSendEmail": False,
            "TotalSaleAmountOC": net, "TotalSaleAmount": net, "TotalAmountWithoutVATOC": net,
            "TotalAmountWithoutVAT": net, "TotalVATAmountOC": vat, "TotalVATAmount": vat,
            "TotalAmountOC": total, "TotalAmount": total,
            "TotalAmountInWords": words if sign > 0 else f"Giảm {words[0].lower()}{words[1:]}",
            "OriginalInvoiceDetail": [line],
            "TaxRateInfo": [{"VATRateName": rate, "AmountWithoutVATOC": net, "VATAmountOC": vat}],
        }  # fmt: skip

    # ── The wire ──

    def _ask(self, path: str, order: Any, absent: frozenset[str] = frozenset()) -> dict[str, Any]:
        """With the token at hand, which lasts two weeks; where it is no longer taken, once more with a new one."""
        for _turn in range(2):
            if not self.token:
                self.token = self._new_token()
            answer = self._post(path, order, {"Authorization": f"Bearer {self.token}"})
            if answer.get("errorCode") not in STALE:
                break
            self.token = ""
        wrong = str(answer.get("errorCode") or "")
        if wrong in absent:
            return {}
        if wrong or not answer.get("success"):
            raise NotIssued(f"misa {wrong or 'gave no reason'}", final=wrong in FINAL)
        return answer

    def _new_token(self) -> str:
        choices = self.party.choices
        answer = self._post(
            "/auth/token",
            {
                "appid": choices["appid"],
                "taxcode": choices["taxcode"],
                "username": self.party.name,
                "password": self.party.secret.decode(),
            },
        )
        if not answer.get("success") or not isinstance(answer.get("data"), str):
            log.error("invoice provider refuses us", reason=answer.get("errorCode"), alarm=True)
            raise NotIssued(f"misa {answer.get('errorCode') or 'no token'}")
        return str(answer["data"])

    def _post(self, path: str, order: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = requests.post(
                f"{self.party.url}{path}", json=order, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
            fields = {"errorCode": "TokenExpiredCode"} if answer.status_code == 401 else answer.json()
        except (requests.RequestException, ValueError) as wrong:
            raise NotIssued(f"misa away: {type(wrong).__name__}") from wrong
        if not isinstance(fields, dict):
            raise NotIssued("misa: no answer as documented")
        return fields


def _rows(value: Any) -> list[dict[str, Any]]:
    """Lists come as JSON within JSON."""
    try:
        rows = json.loads(value) if isinstance(value, str) else value or []
    except ValueError as wrong:
        raise NotIssued("misa: no answer as documented") from wrong
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NotIssued("misa: no answer as documented")
    return rows


def _issued(row: dict[str, Any]) -> Issued:
    number, lookup = str(row.get("InvNo") or ""), str(row.get("TransactionID") or "")
    if not number or not lookup:
        raise NotIssued("misa: no answer as documented")
    return Issued(number[:40], str(row.get("InvSeries") or "")[:20], lookup[:60])
