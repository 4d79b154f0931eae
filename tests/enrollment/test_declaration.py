"""Declaring: the form, the draft, the card, the old address, and who holds a number."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import qrcode
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import activation
from portal.models import Allowance, Message
from tests.conftest import People, at_once
from tests.enrollment.conftest import FREE, PAID, Customer, messages_of, typed

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
CARD = "{number}|012345678|Lý Thị Mẫu Xuân|17051990|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032022"


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
    page = walker.post("/register/declaration/", {**typed(walker.told), "phone": "0163123"}).content.decode()
    assert "Số điện thoại di động Việt Nam gồm 10 chữ số" in page
    assert 'value="0163123"' in page
    assert walker.application.step == Step.DECLARATION


def test_days_are_read_day_first_however_written(customer: Customers) -> None:
    for written in ("03/04/2021", "3-4-2021", "03.04.2021", "03042021", "０３/０４/２０２１"):
        walker = customer().opens().chooses()
        walker.post("/register/declaration/", {**typed(walker.told), "issued_on": written})
        page = walker.client.get("/register/declaration/check/").content.decode()
        assert "03/04/2021" in page


def test_phone_and_email_are_read_back_large(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/", typed(walker.told))
    page = walker.client.get("/register/declaration/check/").content.decode()
    shown = re.search(r'<dl class="large">.*?</dl>', page, re.S)
    assert shown
    assert walker.told.email in shown.group()
    assert walker.told.phone in shown.group().replace(" ", "")


def test_a_doubt_needs_a_tick(customer: Customers) -> None:
    walker = customer(email="xuan@gmial.com").opens().chooses()
    walker.post("/register/declaration/", typed(walker.told))
    assert "gmail.com" in walker.post("/register/declaration/check/").content.decode()
    assert walker.application.step == Step.DECLARATION
    walker.post("/register/declaration/check/", {"email": "on"})
    assert walker.application.step == Step.PAYMENT


def test_the_old_identity_card_is_taken_only_where_a_setting_allows(customer: Customers, settings: Any) -> None:
    walker = customer(document="cmnd", number="012345678").opens().chooses()
    assert "đã hết giá trị" in walker.post("/register/declaration/", typed(walker.told)).content.decode()
    settings.ACCEPT_CMND = True
    assert walker.post("/register/declaration/", typed(walker.told)).status_code == 302


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
    walker.post("/register/back/", {**typed(walker.told), "to": "plan"})
    assert walker.application.step == Step.PLAN
    walker.chooses()
    assert walker.told.full_name in walker.client.get("/register/declaration/").content.decode()


def test_from_payment_the_declaration_can_be_corrected(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    walker.post("/register/back/", {"to": "declaration"})
    assert walker.told.number in walker.client.get("/register/declaration/").content.decode()
    walker.post("/register/declaration/", {**typed(walker.told), "address": "Thôn 7"})
    walker.post("/register/declaration/check/")
    told = walker.application.declaration
    assert told
    assert (told.address, walker.application.step) == ("Thôn 7", Step.PAYMENT)


# ── The card ──


def card_photo(text: str, kind: str = "JPEG") -> SimpleUploadedFile:
    code = qrcode.make(text).get_image().convert("RGB")
    paper = Image.new("RGB", (1600, 1200), "white")
    paper.paste(code.resize((500, 500)).rotate(8, expand=True, fillcolor="white"), (500, 300))
    drawn = io.BytesIO()
    paper.save(drawn, kind)
    return SimpleUploadedFile("../../../x.jpg", drawn.getvalue(), "image/jpeg")


def test_the_cards_qr_fills_the_form_and_says_which_fields(customer: Customers) -> None:
    walker = customer().opens().chooses()
    photo = card_photo(CARD.format(number=walker.told.number))
    told = walker.post("/register/declaration/card/", {"photo": photo}, headers={"Accept": "application/json"}).json()
    assert told["filled"]["full_name"] == "Lý Thị Mẫu Xuân"
    assert told["filled"]["birth_date"] == "17/05/1990"
    page = walker.client.get("/register/declaration/").content.decode()
    assert page.count("Từ thẻ</span>") == 6
    assert 'value="28/03/2022"' in page


def test_without_javascript_the_scan_comes_back_to_the_form(customer: Customers) -> None:
    walker = customer().opens().chooses()
    answer = walker.post("/register/declaration/card/", {"photo": card_photo(CARD.format(number=walker.told.number))})
    assert answer.headers["Location"] == "/register/declaration/"


def test_a_field_changed_by_hand_is_no_longer_from_the_card(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/card/", {"photo": card_photo(CARD.format(number=walker.told.number))})
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


# ── Places ──


def test_the_old_address_finds_the_ward_of_today(customer: Customers) -> None:
    walker = customer().opens().chooses()
    walker.post("/register/declaration/", {**typed(walker.told), "province": "", "ward": "", "old-address": "1"})
    page = walker.post("/register/declaration/old-address/", {"query": "duc chanh mo duc"}).content.decode()
    assert "Xã Mỏ Cày, Tỉnh Quảng Ngãi" in page
    walker.post("/register/declaration/old-address/", {"ward": "21421"})
    page = walker.client.get("/register/declaration/").content.decode()
    assert re.search(r'value="21421"\s+selected', page)
    assert walker.told.full_name in page


def test_where_an_old_ward_was_split_the_person_is_asked(customer: Customers) -> None:
    walker = customer().opens().chooses()
    page = walker.post("/register/declaration/old-address/", {"query": "trà bùi trà bồng"}).content.decode()
    assert "chia vào nhiều nơi" in page
    assert page.count('name="ward"') == 2


def test_a_ward_of_another_province_is_refused(customer: Customers) -> None:
    walker = customer().opens().chooses()
    page = walker.post("/register/declaration/", {**typed(walker.told), "ward": "00004"}).content.decode()
    assert "vui lòng chọn lại" in page


def test_the_wards_of_a_province_are_told(client: Client) -> None:
    assert ["21421", "Xã Mỏ Cày"] in client.get("/places/51/").json()["wards"]
    assert client.get("/places/99/").status_code == 404


# ── One open application per person ──


def test_a_second_application_looks_the_same_and_gets_no_code(customer: Customers) -> None:
    """Promise P14, as far as one open application per person. The holder is told, the stranger is not."""
    first = customer().opens().chooses().declares().pays_nothing()
    pages, codes = [], []
    for told in (first.told, customer().told):
        walker = customer(**{**told.__dict__, "phone": "0988123456"})
        walker.opens().chooses()
        declared = walker.post("/register/declaration/", typed(walker.told))
        checked = walker.post("/register/declaration/check/")
        paid = walker.post("/register/payment/")
        created = walker.client.get("/register/created/").content.decode()
        waits = walker.client.get("/activate/").content.decode()
        application = walker.application
        assert (declared.status_code, checked.status_code, paid.status_code) == (302, 302, 302)
        pages.append(comparable(created + waits, application))
        codes.append(Message.objects.filter(masked="09•••••456", template="enrollment/messages/activation").count())
    assert pages[0] == pages[1]
    assert codes == [0, 1]
    assert messages_of("known_application") == 1


def comparable(page: str, application: Application) -> str:
    order = application.order
    assert order
    assert application.declaration
    for own in (application.reference, order.reference, application.declaration.number):
        page = page.replace(own, "…")
    return re.sub(r'value="[A-Za-z0-9]{64}"|data-ends="\d+">[^<]*|data-wait="\d+"', "…", page)


def test_whoever_has_an_account_is_told_by_message_only(customer: Customers, person: People) -> None:
    person(number="079190888888")
    walker = customer(number="079190888888").opens().chooses().declares().pays_nothing()
    assert walker.application.is_duplicate
    assert messages_of("activation") == 0
    assert messages_of("known_account") == 1


def test_a_duplicate_is_asked_for_no_money(customer: Customers) -> None:
    holder = customer().opens().chooses(PAID).declares().confirms_phone()
    duplicate = (
        customer(number=holder.told.number, phone="0988123456").opens().chooses(PAID).declares().confirms_phone()
    )
    assert (duplicate.application.step, duplicate.application.reason) == (Step.STOPPED, "known")
    assert "không đăng ký mới được" in duplicate.client.get("/application/").content.decode()


def test_whoever_proves_a_phone_goes_before_a_holder_who_proved_nothing(customer: Customers) -> None:
    """Else anyone could keep a number from its owner by typing it."""
    squatter = customer().opens().chooses().declares()
    owner = customer(number=squatter.told.number, phone="0988123456").opens().chooses(PAID).declares().confirms_phone()
    assert (squatter.application.step, squatter.application.reason) == (Step.STOPPED, "displaced")
    assert (owner.application.step, owner.application.is_duplicate) == (Step.PAYMENT, False)
    assert messages_of("displaced") == 1


def test_one_that_waits_for_its_code_is_not_displaced(customer: Customers) -> None:
    waiting = customer().opens().chooses().declares().pays_nothing()
    other = customer(number=waiting.told.number, phone="0988123456").opens().chooses(PAID).declares().confirms_phone()
    assert waiting.application.step == Step.ACTIVATION
    assert other.application.reason == "known"


def test_a_proved_phone_counts_for_the_number_it_was_proved_with(customer: Customers) -> None:
    """Else a duplicate could come to pay."""
    holder = customer().opens().chooses().declares().pays_nothing()
    walker = customer().opens().chooses(PAID).declares().confirms_phone()
    walker.post("/register/back/", {"to": "declaration"})
    walker.told = type(walker.told)(**{**walker.told.__dict__, "number": holder.told.number})
    walker.declares()
    assert walker.application.is_duplicate
    assert walker.application.phone_confirmed_at is None
    assert walker.client.get("/register/payment/").headers["Location"] == "/register/payment/phone/"


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"])
def test_a_number_has_one_spelling_in_every_script(customer: Customers, digits: str) -> None:
    holder = customer().opens().chooses().declares().pays_nothing()
    other = holder.told.number.translate(str.maketrans("0123456789", digits))
    assert customer(number=other, phone="0988123456").opens().chooses().declares().application.is_duplicate


def test_nothing_unseen_gets_into_a_draft_or_breaks_a_page(customer: Customers) -> None:
    walker = customer().opens().chooses()
    for field in ("province", "ward", "full_name"):
        walker.post("/register/declaration/", {**typed(walker.told), field: "\0\u202e"})
        assert walker.client.get("/register/declaration/").status_code == 200
    assert walker.post("/register/declaration/old-address/", {"ward": "\0"}).status_code == 200
    assert walker.post("/application/consents/", {"purpose": "\0"}).status_code == 404


def test_html_in_a_field_stays_text(customer: Customers) -> None:
    """Promise P16, as far as what is declared."""
    evil = "<img src=x onerror=alert(1)>{{ 7|add:7 }}"
    walker = customer(address=evil, issued_by=evil).opens().chooses()
    walker.post("/register/declaration/", typed(walker.told))
    page = walker.client.get("/register/declaration/check/").content.decode()
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;{{ 7|add:7 }}") == 2


def test_a_page_out_of_step_does_not_call_its_draft_saved(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    for client in (walker.client, Client()):
        answer = client.post("/register/declaration/draft/", {"full_name": "x"}, headers={"Accept": "application/json"})
        assert answer.status_code == 409


def test_scanning_in_a_correction_keeps_what_was_declared(customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    walker.post("/register/back/", {"to": "declaration"})
    walker.post("/register/declaration/card/", {"photo": card_photo(CARD.format(number=walker.told.number))})
    assert walker.application.draft["email"] == walker.told.email


def test_a_number_that_becomes_free_can_be_claimed(customer: Customers) -> None:
    holder = customer().opens().chooses().declares()
    duplicate = customer(number=holder.told.number).opens().chooses().declares().pays_nothing()
    holder.post("/application/cancel/")
    Allowance.objects.all().delete()
    duplicate.post("/activate/resend/")
    assert duplicate.activates().status_code == 302
    assert Application.objects.get(person_index=holder.application.person_index, reason="").step == Step.CAPTURE


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_thirty_declarations_at_once_one_holds_the_number(customer: Customers) -> None:
    """Promise P14, as far as thirty parallel attempts with the same number however written."""
    told = customer().told
    spaced = f"{told.number[:3]} {told.number[3:6]}.{told.number[6:]}"
    wide = told.number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    walkers = [customer(**told.__dict__).opens().chooses(PAID if place % 3 == 2 else FREE) for place in range(30)]
    for place, walker in enumerate(walkers):
        walker.post("/register/declaration/", {**typed(told), "number": (told.number, spaced, wide)[place % 3]})
    at_once(30, lambda place: walkers[place].post("/register/declaration/check/").status_code)
    assert Application.objects.filter(is_duplicate=False, step=Step.PAYMENT).count() == 1
    assert Application.objects.filter(is_duplicate=True, step=Step.PAYMENT).count() == 29


def test_the_countdown_of_a_duplicate_is_that_of_any_other(customer: Customers) -> None:
    holder = customer().opens().chooses().declares().pays_nothing()
    duplicate = customer(number=holder.told.number, phone="0988123456").opens().chooses().declares().pays_nothing()
    ends = [activation.ends(one.application) for one in (holder, duplicate)]
    assert ends[0]
    assert ends[1]
    assert abs(ends[0] - ends[1]) < timedelta(minutes=1)
