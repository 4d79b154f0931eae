"""Seals: every reader agrees, every altered copy is named, and in five years it still verifies."""

import asyncio
import io
import subprocess
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import crl
from asn1crypto import x509 as asn1
from django.utils import timezone
from pyhanko.pdf_utils import generic as parts
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from enrollment.journey import Step
from portal.models import User
from signing.authority import ceremony, lists, profile, timestamps
from signing.authority.models import Authority, Issued
from signing.authority.remembered import forget
from signing.findings import findings as words_of
from signing.models import Paper
from signing.papers import examining, intact, isolation, pades
from signing.steps import verifying
from signing.steps.signatures import evidence
from tests.signing.conftest import sure, to
from tests.signing.papers.test_paper import contract_pdf

pytestmark = pytest.mark.once
FIVE_YEARS = timedelta(days=5 * 365 + 20)


def root() -> bytes:
    return bytes(Authority.now("root").certificate or b"")


@pytest.fixture
def sealed(deciders: tuple[User, User]) -> dict[str, bytes]:
    """The contract and the minutes of one application, as they are kept."""
    application = to(Step.COMPLETE, deciders)
    return {paper.kind: paper.file.read() for paper in Paper.objects.filter(application=application) if paper.file}


def test_every_reader_finds_every_signature_right(sealed: dict[str, bytes], tmp_path: Path) -> None:
    """Promise P12."""
    for kind, signatures in (("contract", 1), ("minutes", 2)):
        (tmp_path / "one.pdf").write_bytes(sealed[kind])
        said = run(tmp_path, "pdfsig -nocert one.pdf")
        assert said.count("Signature is Valid") == signatures
        assert said.count("ETSI.CAdES.detached") == signatures
        assert said.count("Total document signed") == 1
        assert "No syntax or stream encoding errors found" in run(tmp_path, "qpdf --check one.pdf")
        said = run(tmp_path, "mutool sign -v one.pdf")
        assert said.count("The signature is valid") == signatures
        assert "digest" not in said.lower()
        pyhanko_agrees(sealed[kind], signatures)


def run(folder: Path, command: str) -> str:
    done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def pyhanko_agrees(pdf: bytes, signatures: int) -> None:
    reader = PdfFileReader(io.BytesIO(pdf))
    embedded = [signature for signature in reader.embedded_signatures if signature.sig_object_type == "/Sig"]
    assert len(embedded) == signatures
    for signature in embedded:
        context = ValidationContext(trust_roots=[asn1.Certificate.load(root())], allow_fetching=False)
        status: Any = validate_pdf_signature(signature, context)
        assert status.bottom_line
        assert status.modification_level in (ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)


@pytest.mark.parametrize("rule", ["soft-fail", "hard-fail", "require"])
@pytest.mark.parametrize("later", [timedelta(0), FIVE_YEARS])
def test_it_verifies_for_years_from_what_it_carries(
    sealed: dict[str, bytes], later: timedelta, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise P12: by the evidence inside and the root's list of the day, also when every certificate but the timestamp's
    has run out."""
    at = datetime.now(UTC) + later
    monkeypatch.setattr(timezone, "now", lambda: at)
    for pdf in sealed.values():
        assert set(verdicts(pdf, at, list_of_the_day(), rule)) == {AdESPassed.OK}


def list_of_the_day() -> bytes:
    """As a reader fetches it, who wants to know whether the newest stamp's certificate still counts."""
    return bytes(ceremony.root_list(Authority.now("root")).der)


def verdicts(pdf: bytes, at: datetime, fetched: bytes, rule: str = "require") -> Iterator[Any]:
    """Of each signature by pyHanko, at this moment."""
    anchors = SimpleTrustManager.build(trust_roots=[asn1.Certificate.load(root())])
    policy = CertRevTrustPolicy(RevocationCheckingPolicy.from_legacy(rule))
    spec = SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(trust_manager=anchors, revinfo_policy=policy),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
        local_knowledge=LocalKnowledge(known_crls=[CRLContainer(crl.CertificateList.load(fetched))]),
    )
    timing = ValidationTimingInfo(at, at, point_in_time_validation=True)
    for signature in PdfFileReader(io.BytesIO(pdf)).embedded_signatures:
        if signature.sig_object_type == "/Sig":
            checked = ades_lta_validation(signature, PdfSignatureValidationSpec(spec), timing_info=timing)
            yield asyncio.run(checked).ades_subindic


def findings(pdf: bytes, **more: Any) -> dict[str, Any]:
    facts = examining.examine(pdf, [root()], more.pop("now", datetime.now(UTC)), **more)
    rows = [{**row, **verifying.by_register(row)} if "serial" in row else row for row in facts.get("signatures", ())]
    return words_of({**facts, "signatures": rows, "known": False})


@pytest.mark.parametrize("later", [timedelta(0), FIVE_YEARS])
def test_our_page_says_valid_now_and_in_five_years(sealed: dict[str, bytes], later: timedelta) -> None:
    for pdf in sealed.values():
        page = findings(pdf, now=datetime.now(UTC) + later)
        assert [row["tone"] for row in page["rows"]] == ["good"] * len(page["rows"])
        assert page["tone"] == "good"
        assert page["notes"] == []
        assert {row["facts"]["status"].why for row in page["rows"]} <= {"evidence", "register"}


def test_each_altered_copy_is_named(sealed: dict[str, bytes]) -> None:
    """Promise P12: a byte in the text, one in the first signature, an appended page, a note, a cut end, a cut stamp."""
    pdf = sealed["contract"]
    flipped = bytearray(pdf)
    flipped[pdf.index(b"stream") + 400] ^= 1
    assert findings(bytes(flipped))["tone"] == "bad"
    in_signature = bytearray(pdf)
    place = pdf.index(b"/Contents <") + 600
    in_signature[place] = ord("0") if in_signature[place] != ord("0") else ord("1")
    assert findings(bytes(in_signature))["tone"] == "bad"
    assert findings(pdf + b"\n%more\n")["tone"] == "bad"
    assert findings(with_a_page(pdf))["tone"] == "bad"
    cut = pdf[: pdf.rindex(b"%%EOF\n", 0, pdf.index(b"/DocTimeStamp")) + 6]
    assert any("không có dấu thời gian lưu trữ" in str(note) for note in findings(cut)["notes"])
    half = findings(pdf[: len(pdf) // 2])
    assert half["tone"] == "bad" or half["title"] == "Không kiểm tra được"


def with_a_page(pdf: bytes) -> bytes:
    """As somebody would who wants the contract to say more."""
    generic: Any = parts
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    stream = generic.StreamObject(stream_data=b"BT /F1 20 Tf 50 50 Td (more) Tj ET")
    page = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Page"),
            generic.pdf_name("/MediaBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842))),
            generic.pdf_name("/Contents"): writer.add_object(stream),
        }
    )
    writer.insert_page(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_the_first_signature_says_that_nothing_is_added_but_the_next(sealed: dict[str, bytes]) -> None:
    """A contract is closed by its seal; minutes have one field left by the customer, which the seal fills."""
    for kind, permission, fields in (("contract", MDPPerm.NO_CHANGES, 2), ("minutes", MDPPerm.FILL_FORMS, 3)):
        reader = PdfFileReader(io.BytesIO(sealed[kind]))
        first, *others = reader.embedded_signatures
        assert first.docmdp_level is permission
        assert reader.root["/Perms"]["/DocMDP"] == first.sig_object
        assert {signature.docmdp_level for signature in others} == {None}
        assert len(reader.root["/AcroForm"]["/Fields"]) == fields
        for signature in (first, *others):
            signature.compute_integrity_info()
            assert signature.summarise_integrity_info()["docmdp_ok"]


def test_without_a_trusted_timestamp_the_time_is_told_as_claimed() -> None:
    bare = pades.sign(contract_pdf(), timestamps.signer_of(Authority.Role.ORGANISATION), "VNPT")
    [row] = findings(bare)["rows"]
    assert row["facts"]["status"].why == "register"
    assert not row["stamped_by"]
    assert row["at"]


@pytest.mark.parametrize(
    ("file", "problem"),
    [(b"", "not-a-pdf"), (b"%PDF-1.7 no", "not-a-pdf"), (b"\x89PNG" * 99, "not-a-pdf"), (b"(" * 100_000, "not-a-pdf")],
)
def test_what_is_no_pdf_is_said_to_be_none(file: bytes, problem: str) -> None:
    assert isolation.examined(file, verifying.roots(), known=False)["problem"] == problem


def test_an_unsigned_pdf_is_said_to_be_unsigned() -> None:
    assert isolation.examined(contract_pdf(), verifying.roots(), known=False)["problem"] == "no-signature"


def test_a_hostile_file_ends_by_itself_and_takes_no_process_of_ours_along() -> None:
    """Promise P15, as far as documents: a stream that unpacks to gigabytes, a table that points to itself."""
    packed = zlib.compress(b"\0" * 400_000_000, 9)
    bomb = (
        b"%%PDF-1.7\n1 0 obj\n<</Type /XRef/Size 9999999/W [1 4 2]/Root 1 0 R/Filter /FlateDecode/Length %d>>\nstream\n"
        % len(packed)
    )
    assert isolation.examined(
        bomb + packed + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n", verifying.roots(), known=False
    )["problem"]
    loop = b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Root 1 0 R/Size 1/Prev 9>>\nstartxref\n9\n%%EOF\n"
    assert isolation.examined(loop, verifying.roots(), known=False)["problem"]


def test_the_signature_is_read_back_before_it_is_kept() -> None:
    signed = pades.sign(contract_pdf(), timestamps.signer_of(Authority.Role.ORGANISATION), "VNPT")
    assert intact.is_intact(signed)
    broken = bytearray(signed)
    broken[5000] ^= 1
    assert not intact.is_intact(bytes(broken))
    assert not intact.is_intact(contract_pdf())


def test_what_a_signed_file_remembers_is_what_a_reader_finds_in_it() -> None:
    """Later revisions go on from it, without reading and hashing all of it again."""
    signer = timestamps.signer_of(Authority.Role.ORGANISATION)
    first = pades.sign(contract_pdf(), signer, "VNPT", leaves=1)
    assert pades.structure_of(first) == pades.structure_of(bytes(first))
    at = datetime.now(UTC)
    fresh, again = (pades.sign(file, signer, "VNPT", at=at) for file in (bytes(first), first))
    assert bytes(fresh) == bytes(again)
    assert pades.structure_of(again) == pades.structure_of(bytes(again))
    assert intact.is_intact(again)
    assert pades.structure_of(first).size < pades.structure_of(again).size  # the first one's is its own


def test_a_paper_grows_by_nothing_when_others_are_revoked() -> None:
    issuing, now = Authority.now("issuing"), datetime.now(UTC)
    before = evidence([])
    serials = [profile.new_serial() for _serial in range(2000)]
    Issued.objects.bulk_create(
        [
            Issued(
                issuer=issuing, serial=f"{serial:x}", shard=issuing.as_issuer.shard_of(serial), not_before=now,
                not_after=now + timedelta(days=90), issued_at=now, revoked_at=now, reason=1,
            )
            for serial in serials
        ]
    )  # fmt: skip
    lists.publish_due()
    forget()
    after = evidence([])
    assert [len(each) for each in after.answers] == [len(each) for each in before.answers]
    assert (after.certificates, after.lists) == (before.certificates, before.lists)
    sizes = [len(bytes(sure(lists.newest(issuing, shard)).der)) for shard in range(issuing.shards)]
    assert max(sizes) < 4 * sum(sizes) / len(sizes)
