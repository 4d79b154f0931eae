"""The portal and a provider that speaks as MISA meInvoice documents, over HTTP, with the troubles of a real line."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import ThreadingHTTPServer
from urllib.parse import urlparse

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from enrollment.orders.gateways.misa import Misa
from enrollment.orders.gateways.provider import provider
from enrollment.orders.models import Invoice
from enrollment.orders.steps import invoicing
from enrollment.standins.bank import Bank
from enrollment.standins.invoices import Desk, Provider
from portal import wording
from portal.environment import local_invoices
from portal.models import Message
from tests.conftest import at_once
from tests.enrollment.conftest import Customer, at_payment, deliver, notice_of
from tests.postgresql import free_port

pytestmark = pytest.mark.django_db(transaction=True)
Customers = Callable[..., Customer]


@pytest.fixture
def misa(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    port = free_port()
    monkeypatch.setattr(settings, "INVOICE_URL", local_invoices(port))
    provider.cache_clear()
    shop = provider()
    twin = Provider(shop)  # type: ignore[arg-type]
    server = ThreadingHTTPServer(("127.0.0.1", port), type("AtWork", (Desk,), {"provider": twin}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield twin
    server.shutdown()
    server.server_close()
    provider.cache_clear()


@pytest.fixture
def paid(bank: Bank, customer: Customers) -> Customer:
    walker = at_payment(customer)
    deliver(notice_of(bank, walker.begins_to_pay()))
    return walker


def next_round() -> Invoice:
    """As the schedule does, once the pause is over."""
    Invoice.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    invoicing.issue_due()
    return Invoice.objects.get()


def replace_secret(shop: Misa) -> Misa:
    """The provider knows us by another password than we do."""
    return Misa(urlparse(settings.INVOICE_URL.replace(shop.party.secret.decode(), "another")))


def mails() -> list[str]:
    rows = Message.objects.filter(template__startswith="enrollment/messages/invoice").order_by("created_at")
    return [" ".join(wording.email_parts(message)[:2]) for message in rows]


def test_a_paid_order_is_invoiced_and_the_buyer_gets_the_look_up_code(misa: Provider, paid: Customer) -> None:
    assert "ngay khi xong" in paid.client.get("/application/receipt/").content.decode()
    invoice = next_round()
    (issued,) = misa.invoices.values()
    assert (invoice.status, invoice.number, invoice.series) == ("issued", "00000001", "1C26TDM")
    assert (issued["RefID"], issued["TransactionID"]) == (str(invoice.ref), invoice.lookup)
    assert issued["BuyerFullName"] == paid.declaration.full_name
    assert issued["TotalAmountInWords"] == "Hai trăm hai mươi nghìn đồng"
    assert (issued["TotalAmountWithoutVAT"], issued["TotalVATAmount"], issued["TotalAmount"]) == (
        200_000,
        20_000,
        220_000,
    )
    declared = paid.declaration
    assert not {declared.number, declared.phone, declared.email} & set(map(str, issued.values())), (
        "no more than it must name"
    )
    (mail,) = mails()
    assert invoice.lookup in mail
    assert misa.shop.address in mail
    page = paid.client.get("/application/receipt/").content.decode()
    assert invoice.lookup in page
    assert "gửi tới email" in page


def test_the_mail_is_in_the_language_of_the_account(misa: Provider, paid: Customer) -> None:
    paid.activates()
    user = paid.application.user
    assert user
    type(user).objects.update(language="en")
    next_round()
    assert "has been issued" in mails()[0]


def test_an_answer_lost_after_publishing_makes_no_second_invoice(misa: Provider, paid: Customer) -> None:
    misa.troubles.append("lost")
    assert next_round().status == "pending"
    assert len(misa.invoices) == 1
    assert mails() == []
    invoice = next_round()
    assert (invoice.status, invoice.number) == ("issued", "00000001")
    assert len(misa.invoices) == len(mails()) == 1


def test_a_provider_that_calls_it_a_duplicate_is_asked_for_the_first(
    misa: Provider, paid: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state was not known yet when we asked, and is when it refuses."""
    misa.troubles.append("lost")
    next_round()
    asked, known = [], misa.states

    def late(refs: list[str], choices: dict[str, str]) -> dict[str, object]:
        asked.append(refs)
        return known(refs if len(asked) > 1 else [], choices)

    monkeypatch.setattr(misa, "states", late)
    assert next_round().number == "00000001"
    assert (len(misa.invoices), len(asked)) == (1, 2)


@pytest.mark.parametrize("otherwise", [{"RefID": "another"}, {"PublishStatus": 0}, {"IsDelete": True}])
def test_what_is_anothers_unpublished_or_deleted_is_not_ours(
    misa: Provider, paid: Customer, otherwise: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def states(refs: list[str], _choices: dict[str, str]) -> dict[str, object]:
        row = {"RefID": refs[0], "PublishStatus": 1, "InvNo": "99999999", "TransactionID": "X", **otherwise}
        return {"success": True, "data": [row]}

    monkeypatch.setattr(misa, "states", states)
    assert next_round().number == "00000001"


def test_a_result_about_another_invoice_is_no_answer(
    misa: Provider, paid: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = {"RefID": "another", "InvNo": "99999999", "TransactionID": "X"}
    monkeypatch.setattr(misa, "publish", lambda _order: {"success": True, "publishInvoiceResult": [result]})
    invoice = next_round()
    assert (invoice.status, invoice.number) == ("pending", "")


@pytest.mark.parametrize("trouble", ["down", "InvoiceNumberNotCotinuous", "LicenseInfo_OutOfInvoice"])
def test_what_passes_is_tried_again(misa: Provider, paid: Customer, trouble: str) -> None:
    misa.troubles.append(trouble)
    invoice = next_round()
    assert (invoice.status, len(misa.invoices)) == ("pending", 0)
    assert invoice.due_at > timezone.now()
    assert next_round().status == "issued"


def test_what_the_provider_will_never_take_waits_for_a_person_and_the_page_says_so(
    misa: Provider, paid: Customer
) -> None:
    misa.troubles.append("InvalidInvoiceData")
    invoice = next_round()
    assert (invoice.status, invoice.error) == ("failed", "misa InvalidInvoiceData")
    assert "nhân viên đang xử lý" in paid.client.get("/application/receipt/").content.decode()
    assert invoicing.again(Invoice.objects.all()) == 1
    assert next_round().status == "issued"


def test_a_token_that_lapsed_is_fetched_anew(misa: Provider, paid: Customer) -> None:
    misa.shop.token = "of two weeks ago"
    assert next_round().status == "issued"


def test_a_wrong_password_is_said_and_publishes_nothing(misa: Provider, paid: Customer) -> None:
    misa.shop = replace_secret(misa.shop)
    assert next_round().error == "misa UnAuthorize"
    assert not misa.invoices


def test_money_returned_adjusts_the_invoice_once(misa: Provider, paid: Customer) -> None:
    """Decree 123/2020 Art. 19: what was issued is not taken away, a second one takes it back."""
    next_round()
    paid.post("/application/cancel/")
    assert Invoice.objects.get().status == "wrong"
    assert "sẽ được điều chỉnh" in paid.client.get("/application/receipt/").content.decode()
    misa.troubles.append("lost")
    assert next_round().status == "wrong"
    invoice = next_round()
    assert (invoice.status, invoice.number, invoice.adjustment) == ("adjusted", "00000001", "00000002")
    first, second = misa.invoices.values()
    assert first["TotalAmount"] + second["TotalAmount"] == 0
    assert (second["OrgInvNo"], second["OrgInvSeries"]) == ("00000001", "C26TDM")
    assert "00000002" in mails()[1]
    assert next_round().status == "adjusted"
    assert len(misa.invoices) == 2


def test_an_order_given_up_while_its_invoice_is_issued_is_adjusted(
    misa: Provider, paid: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = misa.publish

    def meanwhile(order: dict[str, object]) -> dict[str, object]:
        answer = publish(order)
        Invoice.objects.update(status="void")
        return answer

    monkeypatch.setattr(misa, "publish", meanwhile)
    assert next_round().status == "wrong"
    monkeypatch.setattr(misa, "publish", publish)
    assert next_round().status == "adjusted"


@pytest.mark.postgresql
def test_eight_workers_at_once_issue_one_invoice(misa: Provider, paid: Customer) -> None:
    at_once(8, lambda _place: invoicing.issue_due())
    assert Invoice.objects.get().status == "issued"
    assert len(misa.invoices) == len(mails()) == 1


def test_an_address_that_lacks_something_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "INVOICE_URL", "misa+https://a:b@example.vn/api?appid=1")
    provider.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="lookup, series, taxcode"):
        provider()
    provider.cache_clear()


def test_where_no_provider_is_named_no_number_is_made_up(
    bank: Bank, customer: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "INVOICE_URL", "")
    provider.cache_clear()
    deliver(notice_of(bank, at_payment(customer).begins_to_pay()))
    invoice = next_round()
    assert (invoice.status, invoice.number) == ("pending", "")
    provider.cache_clear()
