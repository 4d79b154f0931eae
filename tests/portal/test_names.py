"""What may stand as somebody's name, and what only looks like it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal import names
from portal.accounts.opening import change_account
from portal.models import User
from portal.refusals import Refusal
from tests.conftest import People

LOOK_ALIKES = {
    "Cyrillic": "Nguyễn Văn Аn",
    "Greek": "Nguyễn Văn Αn",
    "Armenian": "Nguyễn Văn Օn",
    "Cherokee": "Nguyễn Văn Ꭺn",
    "Lisu": "Nguyễn Văn ꓮn",
    "Arabic": "Nguyễn Văn ا",
    "Han": "Nguyễn Văn 安",
    "Hangul filler": "Nguyễn\u3164An",
    "Hangul": "Nguyễn Văn 안",
    "mathematical": "Nguyễn Văn 𝐀n",
    "full-width": "Nguyễn Văn Ａn",
    "small capital": "Nguyễn Văn ᴀn",
    "modifier": "Nguyễn Văn ªn",
    "dotless": "Nguyễn Văn Bınh",
    "another stroke": "Ðặng Văn An",
    "African stroke": "Ɖặng Văn An",
    "ligature": "Nguyễn Văn ﬁ",
    "long s": "Nguyễn Văn ſen",
    "Roman numeral": "Nguyễn Văn Ⅰ",
    "in two pieces": unicodedata.normalize("NFD", "Nguyễn Văn Ấn"),
    "a mark more": "Nguyễn Văn A\u0335n",
    "not seen": "Nguyễn Văn A\u200bn",
    "another space": "Nguyễn Văn\u00a0An",
    "right to left": "Nguyễn Văn \u202eAn",
    "digit": "Nguyễn Văn 1",
    "tag": "Nguyễn <b>An</b>",
    "currency": "Nguyễn Văn ₫",
}


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_what_only_looks_like_a_name_is_none_and_the_sign_is_told(kind: str) -> None:
    name = LOOK_ALIKES[kind]
    assert not names.is_name(name)
    strange = next(sign for sign in name if sign not in names.LETTERS and sign not in names.SIGNS)
    assert f"U+{ord(strange):04X}" in names.fault(name)
    assert "bàn phím tiếng Việt" in names.fault(name)


@pytest.mark.parametrize(
    "name",
    """Nguyễn Văn Mẫu|Đặng Thị Hòa|H'Hen Niê|Y Blô Êban|O'Brien|Jean-Luc Müller|José Ñíguez|Łukasz Żak|Søren Ærø
    |D'Angelo Jr.|'t Hooft|J.R. Smith|Ngô Thị Ưng|TRẦN THỊ ỶỲỴ|Weiß|Ğül Şen|X""".split("|"),
)
def test_names_of_people_here_and_from_abroad_are_names(name: str) -> None:
    assert names.is_name(name.strip())
    assert names.fault(name.strip()) == ""


@pytest.mark.parametrize("name", ["", " ", "-.-", "An-", "An  Bình", " An", "An ", "A--n", "An .", "''", "An\n"])
def test_signs_alone_or_astray_make_no_name(name: str) -> None:
    assert not names.is_name(name)
    assert names.fault(name)


@given(
    some.text(
        alphabet=some.one_of(some.characters(), some.sampled_from(sorted(names.LETTERS) + list(" '-."))), min_size=1
    )
)
def test_whatever_is_accepted_is_of_the_list_and_in_one_form(text: str) -> None:
    name = names.spelled(text)
    assert names.spelled(name) == name
    if names.is_name(name):
        assert set(name) <= names.LETTERS | set(names.SIGNS)
        assert unicodedata.normalize("NFC", name) == name
        assert set(name) & names.LETTERS


def test_every_letter_is_latin_and_each_has_its_capital_and_its_small_one() -> None:
    for letter in names.LETTERS - {"ß"}:
        assert unicodedata.name(letter).startswith("LATIN ")
        assert {letter.lower(), letter.upper()} <= names.LETTERS
    assert all(len(letter) == 1 for letter in names.LETTERS)


def test_every_keyboards_apostrophe_and_hyphen_are_one() -> None:
    assert {names.spelled(name) for name in ("H’Hen Niê‑Kdăm", "HʼHen Niê–Kdăm")} == {"H'Hen Niê-Kdăm"}


@pytest.mark.django_db
def test_no_account_is_opened_or_changed_to_such_a_name(person: People) -> None:
    with pytest.raises(Refusal, match="not-a-name"):
        person(full_name=LOOK_ALIKES["Cyrillic"])
    user = person()
    with pytest.raises(Refusal, match="not-a-name"):
        change_account(user, {"full_name": LOOK_ALIKES["Cyrillic"]}, person(), person())
    assert User.objects.get(pk=user.pk).full_name == "Trần Thị Mẫu Thử"
