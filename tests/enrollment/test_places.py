"""The old three levels lead to the ward of today."""

import json

import pytest

from enrollment import places

PLACES = json.loads((places.DATA / "places.json").read_text())
NEW = {code for province in PLACES.values() for code in province["wards"]}


def test_every_old_ward_leads_to_wards_of_today() -> None:
    olds = places.old_wards()
    assert len(olds) == 10_040
    assert all(old.wards and set(old.wards) <= NEW for old in olds)
    assert sum(old.is_split for old in olds) == 471
    assert {code for old in olds for code in old.wards} == NEW


@pytest.mark.parametrize(
    ("query", "label", "code"),
    [
        ("đức chánh mộ đức", "Xã Đức Chánh, Huyện Mộ Đức, Tỉnh Quảng Ngãi", "21421"),
        ("Xã Đức Chánh, H. Mộ Đức, tỉnh Quảng Ngãi", "Xã Đức Chánh, Huyện Mộ Đức, Tỉnh Quảng Ngãi", "21421"),
        ("DUC CHANH MO DUC", "Xã Đức Chánh, Huyện Mộ Đức, Tỉnh Quảng Ngãi", "21421"),
        ("p. dien bien, tp thanh hoa", "Phường Điện Biên, Thành phố Thanh Hóa, Tỉnh Thanh Hóa", "14797"),
        ("Lý Sơn Quảng Ngãi", "Huyện Lý Sơn, Tỉnh Quảng Ngãi", "21548"),
    ],
)
def test_it_is_found_however_typed(query: str, label: str, code: str) -> None:
    """The two addresses of the guides among them."""
    wards = {old.label: old.wards for old in places.find_old(query)}
    assert code in wards[label]


def test_the_ward_comes_before_others_that_only_mention_its_name() -> None:
    assert places.find_old("điện biên thanh hóa")[0].label.startswith("Phường Điện Biên")


def test_nothing_typed_finds_nothing() -> None:
    assert places.find_old("  , . ") == []
    assert places.find_old("xa huyen tinh") == []


@pytest.mark.parametrize(
    ("card", "detail", "wards"),
    [
        ("Thôn 6, Đức Chánh, Mộ Đức, Quảng Ngãi", "Thôn 6", 1),
        ("Thôn 6, Mỏ Cày, Quảng Ngãi", "Thôn 6", 1),
        ("12 Lê Lợi, P. Điện Biên, TP. Thanh Hoá, Thanh Hóa", "12 Lê Lợi", 1),
        ("Số 5, ngõ 3, Phúc Xá, Ba Đình, Hà Nội", "Số 5, ngõ 3", 1),
        ("An Vĩnh, Lý Sơn, Quảng Ngãi", "An Vĩnh", 1),
        ("Thôn 2, Trà Bùi, Trà Bồng, Quảng Ngãi", "Thôn 2", 2),
        ("Somewhere else", "", 0),
        ("", "", 0),
    ],
)
def test_what_a_card_says_leads_to_wards_of_today(card: str, detail: str, wards: int) -> None:
    residence = places.residence(card)
    assert (residence.detail, len(residence.wards)) == (detail, wards)


def test_no_old_ward_is_led_past_its_place() -> None:
    for old in places.old_wards():
        bare = ", ".join(places.plainly(name) for name in old.label.split(", "))
        assert set(old.wards) <= set(places.residence(bare).wards), bare
