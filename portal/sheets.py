"""Tables that people open in a spreadsheet: CSV and XLSX. No text of ours, or of anybody's, is ever taken for a formula."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from portal import writing

CSV, XLSX = "csv", "xlsx"
TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
EPOCH = date(1899, 12, 30)  # from which spreadsheets count days
Row = Sequence[Any]


def text(value: Any) -> str:
    """One line; tabs and line ends are gone before anybody looks at how it begins."""
    line = writing.line(str(value))
    return f"'{line}" if line.startswith(FORMULA) else line


def cell(value: Any) -> Any:
    """Numbers are numbers; nothing is an empty cell."""
    match value:
        case None:
            return ""
        case bool():
            return text(value)
        case int():
            return value
        case date():
            return f"{value:%d/%m/%Y}"
    return text(value)


def as_csv(rows: Iterable[Row]) -> bytes:
    """With the mark by which spreadsheets know UTF-8, and parted as they do where the comma is decimal, as in Vietnam."""
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=";").writerows([cell(value) for value in row] for row in rows)
    return sheet.getvalue().encode("utf-8-sig")


# ── XLSX: five small files in a zip; the first row is bold, amounts have thousands, days are days ──

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PLAIN, AMOUNT, DAY, BOLD = range(4)
PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEETS}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEETS}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEETS}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{{name}}" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>"
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
        '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4">'
        '<xf/><xf numFmtId="3" applyNumberFormat="1"/><xf numFmtId="14" applyNumberFormat="1"/>'
        '<xf fontId="1" applyFont="1"/></cellXfs></styleSheet>'
    ),
}


def as_xlsx(rows: Iterable[Row], name: str) -> bytes:
    lines = "".join(f"<row>{''.join(_xml(value, place) for value in row)}</row>" for place, row in enumerate(rows))
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for part, xml in PARTS.items():
            package.writestr(part, f"{_HEAD}{xml.replace('{name}', escape(text(name)[:31]))}")
        package.writestr("xl/worksheets/sheet1.xml", f"{_HEAD}{sheet}")
    return file.getvalue()


def _xml(value: Any, place: int) -> str:
    """A number, a day, or text that says it is text."""
    match value:
        case int() if not isinstance(value, bool):
            return f'<c s="{AMOUNT}"><v>{value}</v></c>'
        case date():
            return f'<c s="{DAY}"><v>{(value - EPOCH).days}</v></c>'
    style = PLAIN if place else BOLD
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(str(cell(value)))}</t></is></c>'
