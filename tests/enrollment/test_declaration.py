"""Declaring: the form, the draft, the old address."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import declaration
from portal.refusals import Refusal
from tests.enrollment.conftest import Customer, typed

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]


def test_the_form_has_every_field_of_the_guide(customer: Customers) -> None:
    page = customer().opens().chooses().client.get("/register/declaration/").content.decode()
    for label in [
        "Họ tên",
        "Loại giấy tờ chứng thực",
        "Quốc tịch",
        "Ngày cấp",
        "Nơi cấp",
        "Email",
        "Số điện thoại",
        "Tỉnh/Thành phố",
        "Phường/Xã",
        "Địa chỉ chi tiết",
        "Mã người giới thiệu",
        "Thông tin người sở hữu chứng thư số",
        "Thông tin liên hệ sử dụng chứng thư số",
        "Địa chỉ liên hệ",
        "Tiếp tục",
    ]:
        assert label.strip() in page


def test_what_is_wrong_is_said_on_its_field_and_nothing_typed_is_lost(customer: Customers) -> None:
    walker = customer().opens().chooses()
    page = walker.post("/register/declaration/", {**typed(walker.declaration), "phone": "0163123"}).content.decode()
    assert "Số điện thoại di động Việt Nam gồm 10 chữ số" in page
    assert 'value="0163123"' in page
    assert walker.application.step == Step.DECLARATION


def test_a_letter_that_only_looks_like_one_is_refused_by_name_and_no_certificate_ever_has_it(
    customer: Customers,
) -> None:
    walker = customer(full_name="Lý Thị Mẫu Хuân").opens().chooses().declares()
    page = walker.post("/register/declaration/", typed(walker.declaration)).content.decode()
    assert "“Х” (U+0425)" in page
    assert walker.application.step == Step.DECLARATION
    with pytest.raises(Refusal, match="declaration-wrong"):
        declaration.declare(walker.application, walker.declaration)


def test_a_phones_own_apostrophe_is_kept_as_the_keyboards(customer: Customers) -> None:
    declared = customer(full_name="H’Hen Niê‑Kdăm").opens().chooses().declares().application.declaration
    assert declared
    assert declared.full_name == "H'Hen Niê-Kdăm"


def test_whatever_is_wrong_is_said_at_once(customer: Customers) -> None:
    """The first list left out a wrong number, a future date and a digit in the name while anything else was missing."""
    walker = customer().opens().chooses()
    fields = {**typed(walker.declaration), "number": "07919012345", "issued_on": "01/01/2099", "full_name": "Lý Mẫu 7"}
    page = walker.post("/register/declaration/", {**fields, "email": "", "birth_date": "31/02/1990"}).content.decode()
    listed = page[page.index("data-errors") :]
    listed = listed[: listed.index("</div>")]
    for text in ("đúng 12 chữ số", "ở tương lai", "U+0037", "nhập mục này", "Ngày chưa đúng"):
        assert text in listed


def test_what_depends_on_a_gap_is_not_said_yet(customer: Customers) -> None:
    walker = customer().opens().chooses()
    page = walker.post("/register/declaration/", {**typed(walker.declaration), "birth_date": ""}).content.decode()
    assert "không khớp" not in page
    assert page.count('aria-invalid="true"') == 1


@pytest.mark.parametrize(("document", "numeric"), [("citizen", True), ("passport", False)])
def test_a_cards_number_has_a_numeric_keyboard_and_a_passports_letters(
    customer: Customers, document: str, numeric: bool
) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/draft/", {"document": document})
    page = walker.client.get("/register/declaration/").content.decode()
    box = re.search(r'<input[^>]*name="number"[^>]*>', page)
    assert box
    assert ('inputmode="numeric"' in box.group()) is numeric


def test_days_are_read_day_first_however_written(customer: Customers) -> None:
    for written in ("03/04/2021", "3-4-2021", "03.04.2021", "03042021", "０３/０４/２０２１"):
        walker = customer().opens().chooses()
        walker.post("/register/declaration/", {**typed(walker.declaration), "issued_on": written})
        page = walker.client.get("/register/declaration/check/").content.decode()
        assert "03/04/2021" in page


def test_phone_and_email_are_read_back_large(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/", typed(walker.declaration))
    page = walker.client.get("/register/declaration/check/").content.decode()
    shown = re.search(r'<dl class="large">.*?</dl>', page, re.S)
    assert shown
    assert walker.declaration.email in shown.group()
    assert walker.declaration.phone in shown.group().replace(" ", "")


def test_a_doubt_needs_a_tick(customer: Customers) -> None:
    walker = customer(email="xuan@gmial.com").opens().chooses()
    walker.post("/register/declaration/", typed(walker.declaration))
    assert "gmail.com" in walker.post("/register/declaration/check/").content.decode()
    assert walker.application.step == Step.DECLARATION
    walker.post("/register/declaration/check/", {"email": "on"})
    assert walker.application.step == Step.PAYMENT


def test_the_old_identity_card_is_taken_only_where_a_setting_allows(customer: Customers, settings: Any) -> None:
    walker = customer(document="cmnd", number="012345678").opens().chooses()
    assert "đã hết giá trị" in walker.post("/register/declaration/", typed(walker.declaration)).content.decode()
    settings.ACCEPT_CMND = True
    assert walker.post("/register/declaration/", typed(walker.declaration)).status_code == 302


def test_a_draft_is_kept_as_typed_and_sealed(customer: Customers) -> None:
    walker = customer().opens().chooses()
    assert walker.post("/register/declaration/draft/", {"full_name": "Lý Thị Mẫ", "x": "y" * 999}).json() == {
        "kept": True
    }
    assert 'value="Lý Thị Mẫ"' in walker.client.get("/register/declaration/").content.decode()
    row = Application.objects.filter(pk=walker.application.pk).values("draft").get()
    assert "Mẫ" not in str(row["draft"])
    assert walker.application.draft == {"full_name": "Lý Thị Mẫ", "from_card": []}


def test_the_language_switch_keeps_what_was_typed(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/draft/", {"full_name": "Lý Thị Mẫ"})
    walker.client.post("/language/", {"language": "en", "next": "/register/declaration/"})
    page = walker.client.get("/register/declaration/").content.decode()
    assert "Full name" in page
    assert "Lý Thị Mẫ" in page


def test_going_back_to_the_plans_keeps_the_form(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/back/", {**typed(walker.declaration), "to": "plan"})
    assert walker.application.step == Step.PLAN
    walker.chooses()
    assert walker.declaration.full_name in walker.client.get("/register/declaration/").content.decode()


def test_from_payment_the_declaration_can_be_corrected(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    walker.post("/register/back/", {"to": "declaration"})
    assert walker.declaration.number in walker.client.get("/register/declaration/").content.decode()
    walker.post("/register/declaration/", {**typed(walker.declaration), "address": "Thôn 7"})
    walker.post("/register/declaration/check/")
    declaration = walker.application.declaration
    assert declaration
    assert (declaration.address, walker.application.step) == ("Thôn 7", Step.PAYMENT)


# ── Places ──


def test_the_old_address_finds_the_ward_of_today(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/", {**typed(walker.declaration), "province": "", "ward": "", "old-address": "1"})
    page = walker.post("/register/declaration/old-address/", {"query": "duc chanh mo duc"}).content.decode()
    assert "Xã Mỏ Cày, Tỉnh Quảng Ngãi" in page
    walker.post("/register/declaration/old-address/", {"take": "21421"})
    page = walker.client.get("/register/declaration/").content.decode()
    assert re.search(r'value="21421"\s+selected', page)
    assert walker.declaration.full_name in page


def test_where_an_old_ward_was_split_the_person_is_asked(customer: Customers) -> None:
    walker = customer().opens().chooses()
    page = walker.post("/register/declaration/old-address/", {"query": "trà bùi trà bồng"}).content.decode()
    assert "chia vào nhiều nơi" in page
    assert page.count('name="take"') == 2


def test_a_ward_of_another_province_is_refused(customer: Customers) -> None:
    walker = customer().opens().chooses()
    page = walker.post("/register/declaration/", {**typed(walker.declaration), "ward": "00004"}).content.decode()
    assert "vui lòng chọn lại" in page


def test_the_wards_of_a_province_are_told(client: Client) -> None:
    assert ["21421", "Xã Mỏ Cày"] in client.get("/places/51/").json()["wards"]
    assert client.get("/places/99/").status_code == 404


def test_nothing_unseen_gets_into_a_draft_or_breaks_a_page(customer: Customers) -> None:
    walker = customer().opens().chooses()
    for field in ("province", "ward", "full_name"):
        walker.post("/register/declaration/", {**typed(walker.declaration), field: "\0\u202e"})
        assert walker.client.get("/register/declaration/").status_code == 200
    assert walker.post("/register/declaration/old-address/", {"take": "\0"}).status_code == 200
    assert walker.post("/application/consents/", {"purpose": "\0"}).status_code == 404


def test_html_in_a_field_stays_text(customer: Customers) -> None:
    """Promise P16, as far as what is declared."""
    evil = "<img src=x onerror=alert(1)>{{ 7|add:7 }}"
    walker = customer(address=evil, issued_by=evil).opens().chooses()
    walker.post("/register/declaration/", typed(walker.declaration))
    page = walker.client.get("/register/declaration/check/").content.decode()
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;{{ 7|add:7 }}") == 2


def test_a_page_out_of_step_does_not_call_its_draft_saved(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    for client in (walker.client, Client()):
        answer = client.post("/register/declaration/draft/", {"full_name": "x"}, headers={"Accept": "application/json"})
        assert answer.status_code == 409
