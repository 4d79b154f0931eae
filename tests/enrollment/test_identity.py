"""What numbers, dates and cards must fulfil."""

from datetime import date
from typing import Any

import pytest

from enrollment import identity
from enrollment.identity import Declaration, Document, Sex, read_card
from tests.enrollment.conftest import a_declaration

pytestmark = pytest.mark.once
TODAY = date(2026, 11, 21)


def wrong(**differently: Any) -> list[str]:
    return [field for field, _message in identity.faults(a_declaration(**differently), TODAY)]


def doubtful(**differently: Any) -> set[str]:
    return {code for code, _message in identity.doubts(a_declaration(**differently), TODAY)}


def test_a_right_declaration_has_neither_fault_nor_doubt() -> None:
    assert wrong() == []
    assert doubtful() == set()


@pytest.mark.parametrize(
    ("field", "differently"),
    [
        ("full_name", {"full_name": "Nguyễn <b>Mẫu</b>"}),
        ("full_name", {"full_name": "Mẫu 007"}),
        ("full_name", {"full_name": "-.-"}),
        ("full_name", {"full_name": "Lý Thị Mẫu Хuân"}),  # a Cyrillic Х
        ("birth_date", {"birth_date": date(2027, 1, 1)}),
        ("birth_date", {"birth_date": date(1899, 1, 1)}),
        ("birth_date", {"birth_date": date(2015, 1, 1), "number": "079315123456"}),
        ("issued_on", {"issued_on": date(2027, 1, 1)}),
        ("issued_on", {"issued_on": date(1980, 1, 1)}),
        ("number", {"number": "07919012345"}),
        ("number", {"number": "0791901234567"}),
        ("number", {"number": "079191123456"}),
        ("number", {"number": "079090123456"}),
        ("number", {"number": "079290123456"}),
        ("nationality", {"nationality": "Lào"}),
        ("issued_on", {"issued_on": date(2012, 6, 1)}),
        ("number", {"document": Document.PASSPORT, "number": "123", "expires_on": date(2030, 1, 1)}),
        ("expires_on", {"document": Document.PASSPORT, "number": "C1234567", "expires_on": None}),
        ("expires_on", {"document": Document.PASSPORT, "number": "C1234567", "expires_on": date(2026, 1, 1)}),
        ("number", {"document": Document.OLD_CARD, "number": "12345678"}),
    ],
)
def test_a_fault_names_its_field(field: str, differently: dict[str, Any]) -> None:
    assert field in wrong(**differently)


def test_a_passport_needs_no_citizen_number() -> None:
    assert wrong(document=Document.PASSPORT, number="C1234567", expires_on=date(2030, 1, 1), nationality="Lào") == []


@pytest.mark.parametrize(
    ("doubt", "differently"),
    [
        ("province-code", {"number": "123190123456"}),
        ("age", {"number": "079112123456", "birth_date": date(1912, 5, 17)}),
        ("minor", {"number": "079310123456", "birth_date": date(2010, 5, 17), "issued_on": date(2024, 8, 1)}),
        ("short-name", {"full_name": "Xuân"}),
        ("issuer", {"issued_by": "Bộ Công an"}),
        ("issuer", {"issued_on": date(2024, 7, 1)}),
        ("email", {"email": "xuan@gmial.com"}),
    ],
)
def test_a_doubt_is_named(doubt: str, differently: dict[str, Any]) -> None:
    assert doubt in doubtful(**differently)


@pytest.mark.parametrize(
    ("born", "issued", "ends"),
    [
        (date(1993, 1, 5), date(2021, 3, 28), date(2033, 1, 5)),  # the example of DOMAIN §4
        (date(1993, 1, 5), date(2016, 1, 5), date(2033, 1, 5)),  # within two years before 25: on to 40
        (date(1993, 1, 5), date(2016, 1, 4), date(2018, 1, 5)),
        (date(1966, 1, 5), date(2024, 2, 1), None),  # after 58: never
        (date(2012, 2, 29), date(2020, 1, 1), date(2026, 3, 1)),
    ],
)
def test_a_card_ends_by_its_holders_age(born: date, issued: date, ends: date | None) -> None:
    assert identity.card_ends(born, issued) == ends


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmail.com", ""),
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("yaho.com", "yahoo.com"),
        ("example.vn", ""),
        ("vnpt.com", ""),
    ],
)
def test_a_slip_in_a_mail_domain_is_seen(typed: str, meant: str) -> None:
    assert identity.meant_domain(f"mau@{typed}") == meant


def test_a_disposable_mailbox_is_known_with_its_subdomains() -> None:
    assert identity.is_disposable("mau@mailinator.com")
    assert identity.is_disposable("mau@a.yopmail.com")
    assert not identity.is_disposable("mau@example.vn")


def test_the_qr_of_a_card_is_read_with_seven_fields_or_more() -> None:
    text = "079190123456|012345678|Lý Thị Mẫu Xuân|05011990|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032021"
    for variant in (text, f"{text}||x|y", text.replace("05011990", "05/01/1990")):
        card = read_card(variant)
        assert card
        assert (card.number, card.full_name, card.sex) == ("079190123456", "Lý Thị Mẫu Xuân", Sex.FEMALE)
        assert (card.birth_date, card.issued_on) == (date(1990, 1, 5), date(2021, 3, 28))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.vn/",
        "079190123456|x",
        "0791901234|0|Lý Mẫu|05011990|Nữ|x|28032021",
        "079190123456|0|<script>|05011990|Nữ|x|28032021",
        "079190123456|0|Lý Mẫu|45011990|Nữ|x|28032021",
        "079190123456|0|Lý Mẫu|05011990|?|x|28032021",
    ],
)
def test_another_qr_is_no_card(text: str) -> None:
    assert read_card(text) is None


def test_what_was_declared_before_a_field_was_added_is_read_with_its_default() -> None:
    stored = a_declaration(referral="").as_json()
    del stored["referral"]
    assert Declaration.from_json(stored).referral == ""
