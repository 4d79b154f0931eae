"""Tables for spreadsheets: what goes in comes out, and nothing of it is a formula."""

import csv
import io
import xml.etree.ElementTree as ElementTree
import zipfile
from datetime import date

import pytest

from portal import sheets

pytestmark = pytest.mark.once
FORMULAS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    '=HYPERLINK("http://x")',
    "\u200b=1",
]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_csv(table: bytes) -> list[list[str]]:
    assert table.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig")), delimiter=";"))


def cells(table: bytes) -> list[ElementTree.Element]:
    with zipfile.ZipFile(io.BytesIO(table)) as package:
        assert package.testzip() is None
        for part in package.namelist():
            ElementTree.fromstring(package.read(part))
        return list(ElementTree.fromstring(package.read("xl/worksheets/sheet1.xml")).iter(f"{MAIN}c"))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_is_no_formula_in_either(text: str) -> None:
    [[shown]] = read_csv(sheets.as_csv([[text]]))
    assert shown.startswith("'")
    [cell] = cells(sheets.as_xlsx([[text]], "x"))
    assert cell.get("t") == "inlineStr"
    assert cell.find(f"{MAIN}f") is None
    assert "".join(cell.itertext()).startswith("'")


def test_separators_quotes_and_accents_survive() -> None:
    words = ["Gói; “một” tháng", 'VNPT "Hà Nội"', "a,b", "<b>&</b>", ""]
    assert read_csv(sheets.as_csv([words])) == [words]
    assert ["".join(cell.itertext()) for cell in cells(sheets.as_xlsx([words], "x"))] == words


def test_numbers_and_days_are_what_they_are() -> None:
    head, row = ["Ngày", "Tiền"], [date(2026, 12, 1), -220_000, None]
    assert read_csv(sheets.as_csv([head, row])) == [head, ["01/12/2026", "-220000", ""]]
    found_cells = cells(sheets.as_xlsx([head, row], "Sổ quỹ"))
    assert [cell.get("s") for cell in found_cells] == ["3", "3", "2", "1", "0"]
    assert ["".join(cell.itertext()) for cell in found_cells[2:]] == ["46357", "-220000", ""]
