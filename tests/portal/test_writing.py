import pytest

from portal import writing


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("051 190 000 011", "051190000011"),
        ("０５１１９０００００１１", "051190000011"),
        ("051.190-000\u200b011", "051190000011"),
        ("b1234567", "B1234567"),
    ],
)
def test_a_number_has_one_form_however_typed(typed: str, kept: str) -> None:
    assert writing.document_number(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0912345678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("84912345678", "0912345678"),
        ("+84 (0)912.345.678", "0912345678"),
        ("０９１２３４５６７８", "0912345678"),
        ("01631234567", ""),
        ("02373858000", ""),
        ("18001260", ""),
        ("091234567", ""),
    ],
)
def test_a_mobile_number_is_kept_in_the_national_form_and_nothing_else_is(typed: str, kept: str) -> None:
    assert writing.mobile(typed) == kept


def test_folding_leaves_plain_letters() -> None:
    assert writing.fold("Đặng Thị Hoà – “mẫu” 1.250.000 ₫") == 'Dang Thi Hoa - "mau" 1.250.000 d'
    assert writing.fold("Hòa") == writing.fold("Hoà") == "Hoa"


def test_what_is_shown_cannot_be_used() -> None:
    assert writing.masked("051190000011") == "05•••••011"
    assert writing.masked("mau@example.vn") == "m•••@example.vn"
    assert writing.masked("12345") == "•••"


@pytest.mark.parametrize(
    "typed", ["a,b@x.vn", "a<b@x.vn", "(a@x.vn", "a b@x.vn", "a@x", "@x.vn", "a@", "a@x..vn", "á@x.vn"]
)
def test_an_address_that_mail_servers_refuse_is_none(typed: str) -> None:
    assert writing.email(typed) == ""


def test_an_address_keeps_its_name_and_folds_its_domain() -> None:
    assert writing.email(" Ten.Mau+1@Example.VN ") == "Ten.Mau+1@example.vn"


def test_a_file_keeps_its_name_and_has_a_plain_one_for_old_readers() -> None:
    assert writing.disposition("261130-0001/VNPT/HĐ SmartCA.pdf") == (
        'attachment; filename="261130-0001-VNPT-HD SmartCA.pdf"; '
        "filename*=UTF-8''261130-0001-VNPT-H%C4%90%20SmartCA.pdf"
    )
    assert writing.disposition('a"; x\r\ny.pdf', keep=False).startswith('inline; filename="a-- x--y.pdf"; ')


def test_many_addresses_of_one_mailbox_are_one() -> None:
    assert {writing.mailbox(f"{name}@gmail.com") for name in ("M.Au", "mau+1", "mau+a+b")} == {"mau@gmail.com"}
    assert writing.mailbox("m.au+1@example.vn") == "m.au@example.vn"


def test_an_amount_is_written_in_the_readers_language() -> None:
    assert (writing.money(1_250_000), writing.money(220_000, "en")) == ("1.250.000 đ", "220,000 đ")
