"""What the checking page says of files that others made: each of the seven facts, written out here by hand.

Promise P23 in one table: no evidence is never "valid", an honest file is never called false."""

import io
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asn1crypto import algos, cms
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from django.conf import settings
from django.template.loader import render_to_string
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter

from signing.findings import findings
from signing.papers import isolation
from signing.papers.certificates import schemes
from signing.papers.coverage import covers_its_revision
from signing.papers.examining import examine
from tests.signing.papers import corpus
from tests.signing.papers.corpus import DAY, NOW, ROOT, SIGNER, YEAR, issued, signed
from tests.signing.papers.test_paper import contract_pdf

pytestmark = pytest.mark.once
NAMES = ("coverage", "integrity", "trust", "time", "status", "algorithm", "purpose")
YESTERDAY = NOW - DAY


def by(name: str = "Signer of nobody", above: corpus.Holder | None = corpus.ISSUING, **how: Any) -> corpus.Holder:
    return issued(name, above, **how)


def lasting(pdf: bytes, *revoked: Any, at: datetime = NOW - DAY / 2) -> bytes:
    """With evidence of a little later, which is how B-LT is usually made."""
    return corpus.with_evidence(pdf, *corpus.current(at, *revoked))


@cache
def stamped(holder: corpus.Holder = SIGNER, at: datetime = YESTERDAY, **how: Any) -> bytes:
    return signed(by=holder, stamped=at, **how)


EXPIRED = by(ends=NOW - 30 * DAY)
REVOKED = by()
OLD_CLOCK = issued(
    "Old clock", ROOT, key=corpus.rsa_key(2048), uses=(Use.TIME_STAMPING,), begins=NOW - 9 * YEAR, ends=NOW - 10 * DAY
)
OTHER_CLOCK = issued("Other clock", corpus.STRANGER, key=corpus.rsa_key(2048), uses=(Use.TIME_STAMPING,))
WEAK = issued("Weak authority", ROOT, authority=True, key=corpus.rsa_key(1024))
NO_CLOCK = issued("Clock in name", ROOT, key=corpus.rsa_key(2048))
IMPOSTOR = by(above=ROOT, signed_by=corpus.STRANGER.key)
NAMESAKE = by(above=ROOT, signed_by=corpus.STRANGER.key, named=False)
SELF = issued("Signer by himself")
MADE: dict[str, Callable[[], bytes]] = {
    # Honest
    "B-LT, ECDSA": lambda: lasting(stamped()),
    "B-LT, RSASSA-PSS": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), pss=True)),
    "B-LT, RSA 2048, SHA-512": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), md_algorithm="sha512")),
    "B-LTA": lambda: corpus.archived(lasting(stamped()), NOW - DAY / 4),
    "B-T": stamped,
    "B-B": lambda: signed(),
    "signed, then revoked": lambda: lasting(stamped(REVOKED), (REVOKED, NOW - DAY * 0.7)),
    "a second signature, unseen": lambda: lasting(signed(stamped(), field="Signature2", stamped=YESTERDAY)),
    "expired since, its stamp's evidence has aged": lambda: lasting(stamped(EXPIRED, NOW - 32 * DAY), at=NOW - 31 * DAY),
    # Weak
    "MD5": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), md_algorithm="md5")),
    "SHA-1": lambda: lasting(stamped(by(key=corpus.rsa_key(2048)), md_algorithm="sha1")),
    "RSA 1024": lambda: lasting(stamped(by(key=corpus.rsa_key(1024)))),
    "certificate signed over SHA-1": lambda: lasting(stamped(corpus.over_sha1(SIGNER))),
    # Misused
    "for TLS": lambda: lasting(stamped(by(uses=(Use.SERVER_AUTH, Use.CLIENT_AUTH)))),
    "for OCSP": lambda: lasting(stamped(by(uses=(Use.OCSP_SIGNING,)))),
    "for issuing": lambda: lasting(stamped(by(authority=True))),
    "for nothing that is said": lambda: lasting(stamped(by(uses=None, usage=False))),
    # Without evidence, or with evidence against it
    "revoked": lambda: lasting(stamped(REVOKED), (REVOKED, NOW - 2 * DAY)),
    "revoked, which the file leaves out": lambda: stamped(REVOKED),
    "evidence that had run out": lambda: corpus.with_evidence(stamped(), *corpus.current(NOW - 90 * DAY)),
    "expired, no stamp": lambda: lasting(signed(by=EXPIRED), at=NOW - 31 * DAY),
    "a list from after its end": lambda: lasting(stamped(EXPIRED, NOW - 31 * DAY)),
    "signed after its end": lambda: lasting(stamped(EXPIRED, NOW - 20 * DAY)),
    "a stamp by an authority past its end": lambda: lasting(stamped(EXPIRED, NOW - 31 * DAY, tsa=OLD_CLOCK)),
    "a stamp by whoever": lambda: lasting(stamped(EXPIRED, NOW - 31 * DAY, tsa=NO_CLOCK)),
    "a stamp by an authority that was revoked": lambda: corpus.with_evidence(
        stamped(EXPIRED, NOW - 32 * DAY),
        corpus.listed(corpus.ISSUING, NOW - 31 * DAY),
        corpus.listed(ROOT, NOW, (corpus.TSA, NOW - 40 * DAY)),
    ),
    "archived by an unknown clock": lambda: corpus.archived(lasting(stamped()), NOW - DAY / 4, OTHER_CLOCK),
    "under an authority with a weak key": lambda: stamped(by(above=WEAK)),
    # Unknown and false
    "self-signed": lambda: signed(by=SELF),
    "unknown issuer": lambda: signed(by=by("Signer elsewhere", corpus.STRANGER)),
    "our authority's key, which did not sign it": lambda: signed(by=IMPOSTOR),
    "our authority's name, another key": lambda: signed(by=NAMESAKE),
    # Altered
    "one word": lambda: corpus.flipped(lasting(stamped())),
    "an empty field over the text, stamped": lambda: corpus.archived(
        corpus.changed(lasting(stamped()), corpus.empty_field), NOW - DAY / 4
    ),
    "a note": lambda: corpus.changed(lasting(stamped()), corpus.note),
    "a field filled in": lambda: corpus.changed(lasting(stamped()), corpus.filled_in),
    "the signature's picture": lambda: corpus.changed(
        lasting(stamped(box=(60, 500, 200, 560))), corpus.repainted
    ),
    "text that was named, and came later": lambda: corpus.changed(
        lasting(stamped(pdf=corpus.page(b"[4 0 R %d 0 R]" % corpus.LATER))), corpus.brought_in
    ),
    "the same name, and nothing came": lambda: lasting(stamped(pdf=corpus.page(b"[4 0 R %d 0 R]" % corpus.LATER))),
    "other objects that nobody names": lambda: corpus.changed(lasting(stamped()), corpus.brought_in),
    "a form drawn by other letters": lambda: corpus.changed(lasting(stamped()), corpus.redrawn),
    "bytes behind the end": lambda: lasting(stamped()) + b"\n% more\n",
    "a signature over the text": lambda: lasting(
        signed(stamped(), field="Signature2", box=(50, 680, 350, 740), stamped=YESTERDAY)
    ),
    "closed, and a signature over the text": lambda: lasting(
        signed(stamped(certify=True), field="Signature2", box=(50, 680, 350, 740), stamped=YESTERDAY)
    ),
}  # fmt: skip
V, X, U = "valid", "invalid", "unknown"
MOOT = (X, U, U, U, U, U)
#        coverage integrity trust time status algorithm purpose → the file's colour
EXPECTED: dict[str, tuple[tuple[str, ...], str]] = {
    "B-LT, ECDSA": ((V, V, V, V, V, V, V), "good"),
    "B-LT, RSASSA-PSS": ((V, V, V, V, V, V, V), "good"),
    "B-LT, RSA 2048, SHA-512": ((V, V, V, V, V, V, V), "good"),
    "B-LTA": ((V, V, V, V, V, V, V), "good"),
    "B-T": ((V, V, V, U, U, V, V), "warn"),
    "B-B": ((V, V, V, V, U, V, V), "warn"),
    "signed, then revoked": ((V, V, V, V, V, V, V), "good"),
    "a second signature, unseen": ((V, V, V, V, V, V, V), "good"),
    "expired since, its stamp's evidence has aged": ((V, V, V, U, V, V, V), "warn"),
    "MD5": ((V, V, V, V, V, X, V), "bad"),
    "SHA-1": ((V, V, V, V, V, X, V), "bad"),
    "RSA 1024": ((V, V, V, V, V, X, V), "bad"),
    "certificate signed over SHA-1": ((V, V, V, V, U, X, V), "bad"),
    "for TLS": ((V, V, V, V, V, V, X), "bad"),
    "for OCSP": ((V, V, V, V, V, V, X), "bad"),
    "for issuing": ((V, V, V, V, V, V, X), "bad"),
    "for nothing that is said": ((V, V, V, V, V, V, U), "warn"),
    "revoked": ((V, V, V, V, X, V, V), "bad"),
    "revoked, which the file leaves out": ((V, V, V, U, U, V, V), "warn"),
    "evidence that had run out": ((V, V, V, U, U, V, V), "warn"),
    "expired, no stamp": ((V, V, V, U, V, V, V), "warn"),
    "a list from after its end": ((V, V, V, V, U, V, V), "warn"),
    "signed after its end": ((V, V, V, X, U, V, V), "bad"),
    "a stamp by an authority past its end": ((V, V, V, U, U, V, V), "warn"),
    "a stamp by whoever": ((V, V, V, U, U, V, V), "warn"),
    "a stamp by an authority that was revoked": ((V, V, V, U, V, V, V), "warn"),
    "archived by an unknown clock": ((V, V, V, V, V, V, V), "good"),
    "under an authority with a weak key": ((V, V, V, U, U, X, V), "bad"),
    "self-signed": ((V, V, U, V, U, V, V), "warn"),
    "unknown issuer": ((V, V, U, V, U, V, V), "warn"),
    "our authority's key, which did not sign it": ((V, V, X, V, U, V, V), "bad"),
    "our authority's name, another key": ((V, V, U, V, U, V, V), "warn"),
    "one word": ((V, *MOOT), "bad"),
    "an empty field over the text, stamped": ((X, V, V, V, V, V, V), "bad"),
    "a note": ((X, V, V, V, V, V, V), "bad"),
    "a field filled in": ((X, V, V, V, V, V, V), "bad"),
    "the signature's picture": ((X, V, V, V, V, V, V), "bad"),
    "text that was named, and came later": ((X, V, V, V, V, V, V), "bad"),
    "the same name, and nothing came": ((V, V, V, V, V, V, V), "good"),
    "other objects that nobody names": ((V, V, V, V, V, V, V), "good"),
    "a form drawn by other letters": ((U, V, V, V, V, V, V), "warn"),
    "bytes behind the end": ((X, V, V, V, V, V, V), "bad"),
    "a signature over the text": ((U, V, V, V, V, V, V), "warn"),
    "closed, and a signature over the text": ((X, V, V, V, V, V, V), "bad"),
}


def examined(pdf: bytes, now: datetime = NOW) -> dict[str, Any]:
    return examine(pdf, [ROOT.der], now)


@pytest.mark.parametrize("name", MADE)
def test_each_fact_is_told_as_it_is(name: str) -> None:
    """Promise P23."""
    facts = examined(MADE[name]())
    first = facts["signatures"][0]["facts"]
    assert (tuple(first[fact].value for fact in NAMES), findings(facts)["tone"]) == EXPECTED[name], first


GREEN = (
    "good", "Hợp lệ", "Đạt", "Nội dung đúng như lúc ký", "Không có gì được thêm", "không đụng đến nội dung", "tin cậy cấp.",
    "theo chuẩn hiện hành", "Dùng để ký tài liệu", "Dùng để cấp dấu thời gian", "Trong thời hạn", "Không bị thu hồi",
    "Đang hoạt động",
)  # fmt: skip


@pytest.mark.parametrize("name", [name for name, (_facts, tone) in EXPECTED.items() if tone == "bad"])
def test_nothing_of_a_broken_signature_keeps_a_green_word(name: str) -> None:
    """Also what is right about it: whoever reads quickly reads the colour."""
    facts = examined(MADE[name]())
    for row in facts["signatures"]:
        row["ours"] = 0
    page = render_to_string("signing/parts/findings.html", {"result": {**findings(facts), "name": "a", "at": NOW}})
    verdict, *rows = page.split("<details")
    broken = [row for row in rows if 'class="shape bad"' in row]
    assert broken
    for text in (verdict, *broken):
        assert [word for word in GREEN if word in text] == []
    assert all("Không đạt" in row for row in broken)


def test_all_that_reading_needs_is_in_memory_before_a_file_comes(tmp_path: Path) -> None:
    """The process that reads strangers' files can open nothing: what a library brings in late would be missing there."""
    names = ("B-LT, RSASSA-PSS", "B-LTA", "revoked", "a note", "self-signed", "MD5", "one word", "bytes behind the end")
    for place, name in enumerate(names):
        (tmp_path / f"{place}.pdf").write_bytes(MADE[name]())
    (tmp_path / "root.der").write_bytes(ROOT.der)
    (tmp_path / "contract.pdf").write_bytes(corpus.archived(contract_pdf(), YESTERDAY))
    looks = f"""
import pathlib, sys
from signing.papers.examining import examined
folder = pathlib.Path({str(tmp_path)!r})
before = set(sys.modules)
for file in sorted(folder.glob("*.pdf")):
    assert not examined(file.read_bytes(), (folder / "root.der").read_bytes(), known=False)[0]["problem"]
print(sorted(set(sys.modules) - before))
"""
    command = [sys.executable, "-c", looks]
    late = subprocess.run(command, cwd=settings.BASE_DIR, env={}, capture_output=True, text=True, check=False)
    assert (late.stdout, late.stderr) == ("[]\n", "")


def test_a_stamp_by_an_authority_that_was_revoked_proves_nothing_at_all() -> None:
    first = examined(MADE["a stamp by an authority that was revoked"]())["signatures"][0]
    assert (first["facts"]["time"].why, first["time"], first["stamp"]) == ("unproven", "", {})


def test_what_is_left_out_is_the_signature_and_nothing_else() -> None:
    """A hole that is wider, that lies elsewhere, or that holds another signature covers what nobody signed."""
    pdf = b"before<" + b"abcd".hex().encode() + b">after"
    fits = SimpleNamespace(byte_range=[0, 6, 16, 5], pkcs7_content=b"abcd")
    assert covers_its_revision(fits, pdf)
    for spans, content in (
        ([0, 6, 16, 5], b"abce"), ([0, 5, 16, 5], b"abcd"), ([0, 6, 17, 4], b"abcd"), ([1, 5, 16, 5], b"abcd"),
        ([0, 6, 16, 6], b"abcd"), ([0, 6, 16], b"abcd"), ([0, 6, 16, 5, 0, 0], b"abcd"), ([0, 6, 6, 5], b""),
    ):  # fmt: skip
        assert not covers_its_revision(SimpleNamespace(byte_range=spans, pkcs7_content=content), pdf), spans


def test_the_mask_of_a_pss_signature_is_looked_at_too() -> None:
    mask = {"algorithm": "mgf1", "parameters": {"algorithm": "sha1"}}
    weak = algos.SignedDigestAlgorithm(
        {
            "algorithm": "rsassa_pss",
            "parameters": {"hash_algorithm": {"algorithm": "sha256"}, "mask_gen_algorithm": mask, "salt_length": 32},
        }
    )
    assert [fact.value for fact in schemes(weak)] == ["valid", "invalid"]


def test_a_timestamp_of_another_signature_proves_nothing() -> None:
    """Taken out of one file and laid into another: a genuine stamp, of something else."""
    early, late = stamped(EXPIRED, NOW - 31 * DAY), signed(by=EXPIRED, stamped=NOW - DAY)
    first, second = (PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0] for pdf in (early, late))
    whole = cms.ContentInfo.load(second.pkcs7_content)
    whole["content"]["signer_infos"][0]["unsigned_attrs"] = first.signer_info["unsigned_attrs"]
    _zero, start, end, _rest = map(int, second.byte_range)
    forged = late[: start + 1] + whole.dump(force=True).hex().encode().ljust(end - start - 2, b"0") + late[end - 1 :]
    assert len(forged) == len(late)
    assert forged != late
    facts = examined(forged)["signatures"][0]["facts"]
    assert (facts["integrity"].value, facts["time"].why) == ("valid", "unproven")


def test_a_file_with_a_password_is_told_to_have_one() -> None:
    writer = PdfFileWriter()
    writer.encrypt(owner_pass="a", user_pass="b")
    out = io.BytesIO()
    writer.write(out)
    assert examined(out.getvalue()) == {"problem": "encrypted"}


@pytest.mark.parametrize(
    "answer", [{}, {"problem": ""}, {"problem": "", "signatures": [], "lasting": 1}, {"problem": "", "signatures": 7},
               {"problem": "", "signatures": [{"facts": {"integrity": ["valid"] * 9}}], "lasting": 1},
               {"problem": "", "signatures": [{"facts": {}}], "lasting": True}],
)  # fmt: skip
def test_a_reader_that_a_file_has_turned_breaks_nobody(answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation.EXAMINING.__class__, "ask", lambda *_, **_more: (answer, []))
    assert isolation.examined(b"%PDF-1.7", (), known=False) == {"problem": "too-much"}


def test_an_examiner_has_limits_and_nothing_of_ours() -> None:
    """Promise P15, as far as documents: what the program that reads them may take (portal/isolation.py keeps it)."""
    assert (isolation.EXAMINING.seconds, isolation.EXAMINING.memory, isolation.EXAMINING.files) == (10, 600_000_000, 32)
    began = time.monotonic()
    deep = b"%PDF-1.7\n" + b"[" * 4_000_000
    assert isolation.examined(deep, (), known=False)["problem"]
    assert time.monotonic() - began < 20
