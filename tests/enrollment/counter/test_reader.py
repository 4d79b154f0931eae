"""The QR reader at a counter: what it types fills the form; what an input method made of it is refused, with words."""

from typing import Any

import pytest

from enrollment.journey import Step
from portal.models import User
from tests.conftest import People
from tests.enrollment.conftest import Customer, typed
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.test_card import card_photo

pytestmark = pytest.mark.django_db

CARD = "079190123456|012345678|Lý Thị Mẫu Xuân|17051990|Nữ|Thôn 6, Mỏ Cày, Quảng Ngãi|28032022"


def read(desk: Desk, text: str) -> Any:
    path = f"/counter/at/{desk.reference}/register/declaration/card/"
    return desk.client.post(path, {"text": text}, headers={"Accept": "application/json"})


def test_what_a_reader_types_fills_the_form_and_what_was_typed_stays(desk: Desk) -> None:
    desk.opens().at("/register/declaration/draft/", {"phone": "0912 000 111", "email": "khach@example.vn"})
    assert read(desk, CARD).json()["filled"]["birth_date"] == "17/05/1990"
    draft = desk.application.draft
    assert (draft["full_name"], draft["ward"], draft["phone"]) == ("Lý Thị Mẫu Xuân", "21421", "0912 000 111")


def test_both_ways_of_reading_keep_that_a_card_was_read_and_whose(desk: Desk) -> None:
    desk.opens().at("/register/declaration/draft/", {"card_read": "079190123456"})
    assert "card_read" not in desk.application.draft  # no page can say so
    read(desk, CARD)
    desk.at("/register/declaration/draft/", {"number": "079190000001"})
    assert desk.application.draft["card_read"] == "079190123456"
    desk.opens().at("/register/declaration/card/", {"photo": card_photo(CARD)})
    assert desk.application.draft["card_read"] == "079190123456"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (CARD.replace("|", "~"), "dấu ngăn"),
        (CARD.rpartition("|")[0], "dấu ngăn"),
        ("https://vnpt.vn/", "dấu ngăn"),
        (CARD.replace("079190123456", "07919012345"), "dấu ngăn"),
        (CARD.replace("Xuân", "XuÃ¢n"), "bảng mã"),
        (CARD.replace("Mẫu", "M?u"), "bảng mã"),
        (CARD.replace("Lý", "Lỳ́"), "bảng mã"),
        (CARD.replace("Quảng", "Quáº£ng"), "bảng mã"),
        (CARD.replace("Nữ", "Nu7~"), "bảng mã"),
        (CARD.replace("17051990", "31021990"), "ngày có thật"),
        (CARD.replace("28032022", "28032099"), "ngày có thật"),
        (CARD.replace("28032022", "28031989"), "ngày có thật"),
        (CARD.replace("079190", "079191"), "không khớp"),
        (CARD.replace("Nữ", "Nam"), "không khớp"),
        (CARD.replace("079190", "079290"), "không khớp"),
    ],
)
def test_what_an_input_method_made_of_it_is_said_in_words_and_fills_nothing(
    desk: Desk, changed: str, words: str
) -> None:
    answer = read(desk.opens(), changed)
    assert (answer.status_code, answer.json()["code"]) == (422, "card-mangled")
    assert words in answer.json()["detail"]
    assert "dán nội dung mã" in answer.json()["detail"]
    assert not desk.application.draft


def test_only_a_counter_has_a_reader(customer: Any) -> None:
    walker: Customer = customer().opens().chooses()
    answer = walker.post("/register/declaration/card/", {"text": CARD}, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert not walker.application.draft


@pytest.mark.parametrize("name", ["phone", "email"])
def test_codes_and_contract_go_to_no_staff(desk: Desk, staff: People, name: str) -> None:
    """Neither the agent's own nor a colleague's; also where the page that asks was left out."""
    for user in (desk.user, staff("reviewer")):
        fields = {**typed(desk.opens().declaration), name: getattr(user, name)}
        page = desk.at("/register/declaration/", fields).content.decode()
        assert "của chính khách" in page
        desk.at("/register/declaration/draft/", fields)
        check = desk.at("/register/declaration/check/", {"email": "on", "issuer": "on", "province-code": "on"})
        assert "của chính khách" in check.content.decode()
        assert desk.application.step == Step.DECLARATION


def test_at_home_staff_may_be_customers_as_anybody(customer: Any, staff: People) -> None:
    user: User = staff("agent")
    walker: Customer = customer().opens().chooses()
    answer = walker.post("/register/declaration/", {**typed(walker.declaration), "phone": user.phone})
    assert answer["Location"] == "/register/declaration/check/"
