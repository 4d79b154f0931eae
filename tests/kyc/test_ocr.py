"""What is read of a card's print, and that a doubtful reading is none."""

import io
from datetime import date
from typing import Any

import pytest
from PIL import Image

from enrollment.demo.people import declaration_of_nobody
from kyc.reading import comparing, ocr, vision
from tests.kyc.conftest import shown

pytestmark = pytest.mark.once


@pytest.mark.skipif(not ocr.able(), reason="tesseract with Vietnamese is not installed")
def test_printed_words_are_read_where_tesseract_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    front = Image.open(io.BytesIO(shown("front"))).convert("L")
    printed = ocr.printed(vision.image_of(vision.flattened(front, (1140, 719))))
    assert printed.birth_date == date(1990, 5, 17)
    assert printed.number in ("079190100000", "")


def a_page(*lines: str) -> list[list[ocr.Word]]:
    """As tesseract gives it: each word with how sure it is."""
    words = [[word.removesuffix(")").rpartition("(") for word in line.split()] for line in lines]
    return [[ocr.Word(text, float(sure)) for text, _bracket, sure in line] for line in words]


NAME, BORN = "Họ(97) và(97) tên(93) /(93) Full(96) ngme(83)", "Ngày(96) sinh(91) /(93) Dqte(67) of(93) birth(93)"


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (("O38190000112(83)",), {"number": "038190000112"}),
        (("001(95) 091(95) 000(95) 113(95)",), {"number": "001091000113"}),
        (("O51088000111(54)",), {}),  # right, and not sure of it
        (("O511935000116(92)",), {}),  # a digit too many
        (("IDVNM0910001131001091000113(95)",), {}),
        ((NAME, "TẠ(90) VĂN(92) MẪU(73) OANH(97)"), {"full_name": "TẠ VĂN MẪU OANH"}),
        ((NAME, "TẠ(90) VĂN(92) MẪU(12) OANH(97)"), {}),
        (("THẺ(97) MẪU(93)",), {}),  # capitals, and no name
        ((BORN, "sà(0) 17/05/1988(96)"), {"birth_date": date(1988, 5, 17)}),
        ((BORN, "17/05/1988(60)"), {}),
        ((BORN, "17/o5/9:5(0)", "Nam(95)", "17/05/2029(96)"), {}),  # that is when it expires
        ((BORN, "31/02/1988(96)"), {}),
    ],
)
def test_what_the_reader_is_not_sure_of_was_not_read(lines: tuple[str, ...], read: dict[str, Any]) -> None:
    assert ocr.found_in(a_page(*lines)) == ocr.Printed(**read)


def test_what_was_not_read_contradicts_nothing_and_what_was_read_otherwise_does() -> None:
    declared = declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000")
    reads: comparing.Reads = {"printed": {"number": "079190100001", "full_name": "", "unread": ["full_name"]}}
    rows = {row.field: row for row in comparing.rows(declared, reads)}
    assert [statement.verdict for statement in rows["full_name"].statements] == ["unread"]
    assert (rows["full_name"].verdict, rows["number"].verdict) == ("", "other")
