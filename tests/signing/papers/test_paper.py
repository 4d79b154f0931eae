"""Documents: the same bytes twice, the same words as the slow way, nothing fetched, nothing that is not ours inside."""

import re
import socket
import subprocess
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as some

from signing import printing
from signing.demo.people import hand
from signing.papers import layout, paper, texts
from tests.conftest import at_once

pytestmark = pytest.mark.once
AT = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
TEMPLATE = "signing/pdf/contract.html"
FIXED = printing.fixed_contract(texts.CURRENT)
TABLES = (printing.PARTY_A, printing.PARTY_B, printing.APPLICANT, printing.BOUGHT, printing.WANTED, printing.EVIDENCE)


def facts(**differently: str) -> dict[str, str]:
    rows = {row.name.partition("__")[0]: f"Trị số {row.name.partition('__')[0]}" for table in TABLES for row in table}
    more = {
        "full_name": "Đặng Thị Mẫu Hoà",
        "day": "Quảng Ngãi, ngày 21 tháng 11 năm 2026",
        "number": "Số: 261121-0001/VNPT/HĐ SmartCA",
        "with_contract": "Kèm theo Hợp đồng số 1",
        "of_contract": "Hợp đồng số 1",
        "signed_on": "14:05:33 21/11/2026",
        "sealed_on": "14:05:40 21/11/2026 (GMT+7)",
        "typed": "",
    }
    return {**rows, **more, **differently}


def contract_pdf(**differently: str) -> bytes:
    return paper.make(TEMPLATE, FIXED, printing.CONTRACT_PLACES, facts(**differently), AT, {"drawing": hand()})


def laid_out_by(page: str, _place: int) -> bytes:
    return layout.weasyprint(page)


def test_many_processes_may_lay_out_the_same_page_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "STATE", tmp_path)
    monkeypatch.setattr(layout, "printed", lambda _html: b"%PDF" * 500_000)
    for turn in range(5):
        laid_out = at_once(8, partial(laid_out_by, f"page {turn}"), connect=False)
        assert set(laid_out) == {b"%PDF" * 500_000}
    assert {len(kept.read_bytes()) for kept in (tmp_path / "paper").iterdir()} == {2_000_000}


def text(pdf: bytes, folder: Path) -> str:
    (folder / "one.pdf").write_bytes(pdf)
    command = ["pdftotext", "-raw", "one.pdf", "-"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def words(pdf: bytes, folder: Path) -> Counter[str]:
    """Without the foot of each page: a place keeps its lines free, so that pages break elsewhere."""
    return Counter(re.sub(r"VNPT SmartCA\s+Trang \d+/\d+", "", text(pdf, folder)).split())


def test_the_same_facts_give_the_same_bytes_in_another_process_too(tmp_path: Path) -> None:
    layout.laid_out.cache_clear()
    before = contract_pdf()
    layout.laid_out.cache_clear()
    for kept in (settings.STATE / "paper").glob("*.pdf"):
        kept.unlink()
    assert contract_pdf() == before


def test_an_ordinary_document_is_made_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "alone", lambda *_: pytest.fail("laid out by itself"))
    assert contract_pdf()


LETTERS = "AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXYaăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậếềểễệốồổỗộớờởỡợứừửữự "
NAMES = some.text(some.sampled_from(LETTERS), min_size=2, max_size=40)


@tried(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES.map(lambda name: " ".join(name.split())).filter(bool), some.integers(0, 10**9))
def test_what_is_filled_in_reads_as_what_is_laid_out_whole(tmp_path: Path, name: str, number: int) -> None:
    """The slow way is the oracle of the quick one."""
    filled = facts(full_name=name, order=str(number), address=f"Số {number} {name}")
    quick = paper.make(TEMPLATE, FIXED, printing.CONTRACT_PLACES, filled, AT, {"drawing": hand()})
    slow = paper.alone(TEMPLATE, FIXED, printing.CONTRACT_PLACES, filled, AT, {"drawing": hand()})
    assert words(quick, tmp_path) == words(slow, tmp_path)


def test_accents_are_found_by_a_search_and_the_articles_are_all_there(tmp_path: Path) -> None:
    words_of_it = text(contract_pdf(), tmp_path)
    assert "Đặng Thị Mẫu Hoà" in words_of_it
    for number in range(1, 12):
        assert f"Điều {number}. " in words_of_it
    for gloss in ("Article 11. ", "Evidence of electronic signing", "Party A: the customer"):
        assert gloss in words_of_it


def test_it_is_tagged_pdf_a_with_its_fonts_inside(tmp_path: Path) -> None:
    """What can be seen without veraPDF: the claim, the tags, the language, the fonts, the colours, no encryption."""
    pdf = contract_pdf()
    (tmp_path / "one.pdf").write_bytes(pdf)
    about = subprocess.run(["pdfinfo", "one.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert re.search(r"Tagged:\s+yes", about)
    assert re.search(r"Encrypted:\s+no", about)
    fonts = subprocess.run(["pdffonts", "one.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    rows = fonts.splitlines()[2:]
    assert len(rows) == 3
    assert all("NotoSerif" in row.replace("-", "").replace("Noto-", "Noto") and " yes yes yes " in row for row in rows)
    for part in (
        b"<pdfaid:part>3</pdfaid:part>",
        b"<pdfaid:conformance>A</pdfaid:conformance>",
        b"/OutputIntents",
        b"/Lang (vi)",
    ):
        assert part in pdf
    qpdf = subprocess.run(["qpdf", "--check", "one.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert qpdf.returncode == 0, qpdf.stdout + qpdf.stderr


@pytest.mark.parametrize(
    "name",
    [
        '<img src="http://127.0.0.1:9/x">',
        '<link rel=attachment href="file:///etc/passwd">',
        "{{ 7|add:7 }} {% now 'Y' %}",
        "A" * 400,
        "Ten 漢字 ☃",
        "QXZ001JKV",
    ],
)
def test_whatever_stands_in_a_field_stays_text(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise P16."""

    def refuse(*_args: Any, **_more: Any) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    pdf = contract_pdf(full_name=name)
    assert b"/EmbeddedFile" not in pdf
    assert b"root:" not in pdf
    if name.isascii() and " " not in name[:3]:
        assert name.split(" ", maxsplit=1)[0][:30] in text(pdf, tmp_path).replace("\n", "")


def test_a_drawn_signature_is_lines_and_nothing_else() -> None:
    with_it, without = (
        contract_pdf(),
        paper.make(TEMPLATE, FIXED, printing.CONTRACT_PLACES, facts(), AT, {"drawing": ()}),
    )
    assert b"/Image" not in with_it
    assert with_it.count(b" l\n") - without.count(b" l\n") > 50


@pytest.mark.parametrize("name", ["contract", "request", "terms", "minutes"])
def test_the_two_languages_say_the_same_articles(name: str) -> None:
    vietnamese, english = (texts.text(name, texts.CURRENT, language) for language in ("vi", "en"))
    assert [[clause.number for clause in article.clauses] for article in vietnamese.articles] == [
        [clause.number for clause in article.clauses] for article in english.articles
    ]
    assert len(vietnamese.articles) == len(english.articles)


def test_no_text_that_was_signed_ever_changes() -> None:
    """A new wording is a new version; these are the hashes of the ones in use."""
    assert {
        name: texts.text(name, "2026-11", "vi").hash[:12] for name in ("contract", "request", "terms", "minutes")
    } == {
        "contract": "1db19ed96d95",
        "request": "8283c9101d0e",
        "terms": "f907fd44804e",
        "minutes": "47b416586bdb",
    }
