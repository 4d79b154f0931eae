"""Amounts in words."""

import pytest

from enrollment.orders.words import dong


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Không đồng"),
        (5, "Năm đồng"),
        (10, "Mười đồng"),
        (11, "Mười một đồng"),
        (15, "Mười lăm đồng"),
        (21, "Hai mươi mốt đồng"),
        (55, "Năm mươi lăm đồng"),
        (105, "Một trăm linh năm đồng"),
        (24_500, "Hai mươi bốn nghìn năm trăm đồng"),
        (220_000, "Hai trăm hai mươi nghìn đồng"),
        (495_000, "Bốn trăm chín mươi lăm nghìn đồng"),
        (221_015, "Hai trăm hai mươi mốt nghìn không trăm mười lăm đồng"),
        (1_000_004, "Một triệu không trăm linh bốn đồng"),
        (1_000_005, "Một triệu không trăm linh năm đồng"),
        (2_000_385_000, "Hai tỷ ba trăm tám mươi lăm nghìn đồng"),
    ],
)
def test_an_amount_is_said_as_people_say_it(amount: int, words: str) -> None:
    assert dong(amount) == words


@pytest.mark.parametrize("amount", [-1, 10**12])
def test_an_amount_that_no_invoice_has_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match=str(amount)):
        dong(amount)
