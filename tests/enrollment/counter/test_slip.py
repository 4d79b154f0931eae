"""A receipt on paper: what it must say, and no more of the customer than that."""

import pytest

from enrollment.orders.models import CashReceipt
from portal.models import Branch, User
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.counter.test_drawer import at_payment, opens

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("paper", ["", "roll"])
def test_a_slip_says_what_it_must_and_no_more_of_the_customer(desk: Desk, paper: str) -> None:
    opens(desk)
    Branch.objects.update(address="1 Phố Mẫu")
    at_payment(desk).post("cash/", {"tendered": "250000"})
    receipt = CashReceipt.objects.get()
    page = desk.client.get(f"/counter/drawer/receipts/{receipt.pk}/", {"paper": paper}).content.decode()
    slip = page[page.index("<article") : page.index("</article>")]
    assert ("counter/roll.css" in page) is (paper == "roll")
    for words in (
        *("Phiếu thu", "Cash receipt", receipt.label, "VNPT Mẫu", "1 Phố Mẫu", desk.user.full_name, desk.reference),
        *("200.000 đ", "20.000 đ", "220.000 đ", "250.000 đ", "30.000 đ", "Hai trăm hai mươi nghìn đồng"),
        *("không thay thế hóa đơn", "L. T. M. Xuân"),
    ):
        assert words in slip, words
    declared = desk.declaration
    for words in (declared.full_name, declared.number, declared.phone, declared.email, declared.address):
        assert words not in slip


def test_a_slip_is_vietnamese_on_an_english_page_too(desk: Desk) -> None:
    opens(desk)
    at_payment(desk).post("cash/", {"tendered": "250000"})
    User.objects.filter(pk=desk.user.pk).update(language="en")
    page = desk.client.get(f"/counter/drawer/receipts/{CashReceipt.objects.get().pk}/").content.decode()
    assert "Change to give back" in page
    assert "Người nộp tiền" in page
