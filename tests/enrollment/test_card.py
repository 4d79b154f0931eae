"""The card's QR, read from a photo: what it fills in, and what is no photo."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import qrcode
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.enrollment.conftest import Customer

pytestmark = pytest.mark.django_db

Customers = Callable[..., Customer]

CARD = "{number}|012345678|Lý Thị Mẫu Xuân|17051990|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032022"


def card_photo(text: str, kind: str = "JPEG") -> SimpleUploadedFile:
    code = qrcode.make(text).get_image().convert("RGB")
    paper = Image.new("RGB", (1600, 1200), "white")
    paper.paste(code.resize((500, 500)).rotate(8, expand=True, fillcolor="white"), (500, 300))
    drawn = io.BytesIO()
    paper.save(drawn, kind)
    return SimpleUploadedFile("../../../x.jpg", drawn.getvalue(), "image/jpeg")


def test_the_cards_qr_fills_the_form_and_says_which_fields(customer: Customers) -> None:
    walker = customer().opens().chooses()
    photo = card_photo(CARD.format(number=walker.declaration.number))
    answer = walker.post("/register/declaration/card/", {"photo": photo}, headers={"Accept": "application/json"}).json()
    assert answer["filled"]["full_name"] == "Lý Thị Mẫu Xuân"
    assert answer["filled"]["birth_date"] == "17/05/1990"
    page = walker.client.get("/register/declaration/").content.decode()
    assert page.count("Từ thẻ, xin kiểm tra</span>") == 11
    assert 'value="28/03/2022"' in page


def scanned(walker: Customer, residence: str, issued: str = "28032022") -> dict[str, Any]:
    """What the draft holds after a card with this residence and date of issue."""
    text = f"{walker.declaration.number}||Lý Thị Mẫu Xuân|17051990|Nữ|{residence}|{issued}"
    walker.post("/register/declaration/card/", {"photo": card_photo(text)})
    return dict(walker.application.draft)


def test_an_old_residence_becomes_the_ward_of_today(customer: Customers) -> None:
    draft = scanned(customer().opens().chooses(), "Thôn 6, Đức Chánh, Mộ Đức, Quảng Ngãi")
    assert (draft["province"], draft["ward"], draft["address"]) == ("51", "21421", "Thôn 6")
    assert {"province", "ward", "address"} <= set(draft["from_card"])


def test_where_the_old_ward_was_divided_the_person_chooses(customer: Customers) -> None:
    walker = customer().opens().chooses()
    draft = scanned(walker, "Thôn 2, Trà Bùi, Trà Bồng, Quảng Ngãi")
    assert "ward" not in draft
    assert draft["province"] == "51"
    page = walker.client.get("/register/declaration/").content.decode()
    choices = re.findall(r'name="take" value="(\d+)"', page)
    assert len(choices) > 1
    walker.post("/register/declaration/", {**draft, "take": choices[1]})
    assert walker.application.draft["ward"] == choices[1]
    assert 'name="take"' not in walker.client.get("/register/declaration/").content.decode()


def test_an_address_that_was_typed_stays(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/draft/", {"province": "01", "ward": "00004", "address": "Số 9"})
    draft = scanned(walker, "Thôn 6, Đức Chánh, Mộ Đức, Quảng Ngãi")
    assert (draft["ward"], draft["address"]) == ("00004", "Số 9")


@pytest.mark.parametrize(
    ("issued", "by"),
    [
        ("01072024", "Bộ Công an"),
        ("30062024", "Cục Cảnh sát quản lý hành chính về trật tự xã hội"),
        ("01012021", "Cục Cảnh sát quản lý hành chính về trật tự xã hội"),
        ("31122020", None),
    ],
)
def test_who_issued_it_follows_from_the_date_where_that_is_certain(
    customer: Customers, issued: str, by: str | None
) -> None:
    assert scanned(customer().opens().chooses(), "x", issued).get("issued_by") == by


def test_without_javascript_the_scan_comes_back_to_the_form(customer: Customers) -> None:
    walker = customer().opens().chooses()
    answer = walker.post(
        "/register/declaration/card/", {"photo": card_photo(CARD.format(number=walker.declaration.number))}
    )
    assert answer.headers["Location"] == "/register/declaration/"
    page = walker.client.get("/register/declaration/").content.decode()
    assert re.search(r'name="nationality" value="Việt Nam"', page)  # what stood there before is not lost


def test_a_field_changed_by_hand_is_no_longer_from_the_card(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/card/", {"photo": card_photo(CARD.format(number=walker.declaration.number))})
    walker.post("/register/declaration/draft/", {**walker.application.draft, "full_name": "Lý Mẫu"})
    assert "full_name" not in walker.application.draft["from_card"]
    assert "number" in walker.application.draft["from_card"]


def many_scans() -> bytes:
    """A progressive picture whose last scan stands there five hundred times."""
    drawn = io.BytesIO()
    Image.new("RGB", (4000, 4000), "white").save(drawn, "JPEG", progressive=True)
    content = drawn.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * 500 + content[-2:]


def bomb() -> bytes:
    drawn = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(drawn, "PNG")
    return drawn.getvalue()


NO_PHOTOS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a word": lambda: b"hello",
    "a PNG's head": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    "a JPEG's head": lambda: b"\xff\xd8\xff" + b"x" * 999,
    "a bomb": bomb,
    "five hundred scans": many_scans,
}


@pytest.mark.parametrize("what", NO_PHOTOS)
def test_a_file_that_is_no_photo_is_refused_with_a_word(customer: Customers, what: str) -> None:
    """Promise P15, as far as the card's photo."""
    walker = customer().opens().chooses()
    photo = SimpleUploadedFile("x.jpg", NO_PHOTOS[what](), "image/jpeg")
    answer = walker.post("/register/declaration/card/", {"photo": photo}, headers={"Accept": "application/json"})
    assert answer.status_code in (400, 422)
    assert "ảnh" in answer.json()["detail"]


def test_a_photo_without_a_card_says_what_to_do(customer: Customers) -> None:
    walker = customer().opens().chooses()
    for photo in (card_photo("https://example.vn/"), card_photo("x", "PNG")):
        answer = walker.post("/register/declaration/card/", {"photo": photo})
        assert answer.status_code == 422
        assert "đưa mã QR vào giữa khung" in answer.content.decode()


def test_scanning_in_a_correction_keeps_what_was_declared(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    walker.post("/register/back/", {"to": "declaration"})
    walker.post("/register/declaration/card/", {"photo": card_photo(CARD.format(number=walker.declaration.number))})
    assert walker.application.draft["email"] == walker.declaration.email
