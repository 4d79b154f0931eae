"""Machine-readable lines: the Vietnamese trap, check digits, and what a reader that is unsure makes of them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from enrollment.demo.people import declaration_of_nobody
from kyc.demo import measuring
from kyc.demo.drawing import Card, Face, Shot, photograph
from kyc.reading import mrz, vision
from tests.conftest import at_once

pytestmark = pytest.mark.once
BORN, ENDS = date(1993, 1, 5), date(2033, 1, 5)


def lines() -> list[str]:
    return list(mrz.lines_for("051193000116", "DOAN THI MAU CUC", BORN, "female", ENDS))


def test_the_number_is_the_whole_one_not_the_nine_digits_of_the_document() -> None:
    first = lines()[0]
    assert first[5:14] == "193000116"
    assert first[15:29] == "051193000116<<"
    machine = mrz.parse(lines())
    assert machine == mrz.Machine("citizen", "051193000116", "DOAN THI MAU CUC", BORN, "female", ENDS, "VNM")


def test_the_optional_datas_check_digit_counts_its_fillers() -> None:
    assert lines()[0][29] == mrz.check("051193000116<<") == mrz.check("051193000116")


@given(place=some.integers(0, 89), letter=some.sampled_from(mrz.LETTERS))
def test_no_altered_line_of_numbers_passes(place: int, letter: str) -> None:
    row, column = divmod(place, 30)
    altered = lines()
    if row == 2 or altered[row][column] == letter:
        return
    altered[row] = altered[row][:column] + letter + altered[row][column + 1 :]
    machine = mrz.parse(altered)
    # Letters ten apart weigh the same, and no check digit covers the sex: for these alone an alteration may pass.
    same = worth(letter) % 10 == worth(lines()[row][column]) % 10
    assert machine is None or same or (row, column) == (1, 7)


def worth(letter: str) -> int:
    return 0 if letter == "<" else int(letter, 36)


def test_a_card_without_an_end_and_a_birth_in_this_century() -> None:
    first, second, third = mrz.lines_for("051205000116", "DOAN MAU", date(2005, 2, 28), "male", None)
    machine = mrz.parse((first, second, third))
    assert machine
    assert (machine.expires_on, machine.birth_date) == (None, date(2005, 2, 28))


def test_a_passport_has_two_lines() -> None:
    machine = mrz.parse(mrz.passport_lines("C1234567", "DOAN THI MAU CUC", BORN, "female", ENDS))
    assert machine == mrz.Machine("passport", "C1234567", "DOAN THI MAU CUC", BORN, "female", ENDS, "VNM")


@pytest.mark.parametrize("wrong", [[], ["<" * 30] * 3, ["X" * 44] * 2, ["", "", ""], ["I" * 30, "9" * 30, "<" * 30]])
def test_anything_else_is_nothing(wrong: list[str]) -> None:
    assert mrz.parse(wrong) is None


def test_a_card_lying_upside_down_is_read_all_the_same() -> None:
    card = Card(declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000"), Face(3))
    taken = photograph(card.back(), Shot()).rotate(180)
    machine = mrz.parse(vision.machine(taken.convert("L")))
    assert machine
    assert machine.number == "079190100000"


def test_faces_are_found_by_many_threads_at_once() -> None:
    pictures = [Face(seed).seen(0.3 + seed % 3 / 10, size=(108, 144)).convert("L") for seed in range(6)]
    alone = [vision.face(picture) for picture in pictures]
    boxes = at_once(6, lambda place: [vision.face(picture) for picture in pictures * 5], connect=False)
    assert boxes == [alone * 5] * 6


def test_readers_keep_what_the_table_says() -> None:
    """A small part of what `manage.py readers` measures, so that a reader that gets worse is seen at once."""
    scores = measuring.measure(1, printed=False, every=2)
    assert scores["MRZ"].right / scores["MRZ"].of > 0.9
    assert scores["QR"].right / scores["QR"].of > 0.85
    assert scores["MRZ"].wrong == scores["QR"].wrong == 0
    assert measuring.false_accepts(10) == 0
