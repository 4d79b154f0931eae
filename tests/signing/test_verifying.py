"""The page that checks a PDF: what it says of ours and of others', how files wait for their turn, and what is left of them."""

import io
import re
import time
import zipfile
from functools import partial
from typing import Any

import pytest
from asn1crypto import tsp
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase
from django.utils import timezone
from pyhanko.sign.timestamps import TimeStamper

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import SealedFile, User
from signing import custody
from signing.authority import der
from signing.authority.cms import Signer
from signing.authority.gateways.vault import vault
from signing.authority.models import Authority
from signing.authority.timestamps import signer_of, token
from signing.models import Paper
from signing.papers import pades
from signing.papers.facts import Fact
from signing.steps import issuance, signatures, standing, verifying
from tests.signing.conftest import PIN, certificate_of, sure, to
from tests.signing.papers import corpus
from tests.signing.papers.test_paper import contract_pdf

pytestmark = pytest.mark.once


@pytest.fixture
def complete(deciders: tuple[User, User]) -> Application:
    return to(Step.COMPLETE, deciders)


def checked(client: Client, content: bytes, name: str = "tệp <b>.pdf") -> str:
    """Handed in, examined as the worker does, and looked at."""
    place = handed_in(client, content, name)["Location"]
    verifying.examine_due()
    return client.get(place).content.decode()


def handed_in(client: Client, content: bytes, name: str = "one.pdf") -> Any:
    return client.post("/verify/", {"file": SimpleUploadedFile(name, content)})


def test_a_sealed_document_is_told_as_the_law_wants_it(complete: Application, client: Client) -> None:
    """Circular 15/2025: issuer, signer, managing unit, time, integrity, validity at signing, the certificate's period."""
    declaration = complete.declaration
    assert declaration
    paper = Paper.of(complete, Paper.Kind.MINUTES)
    assert paper
    assert paper.file
    page = checked(client, paper.file.read())
    for words in (
        "Mọi chữ ký trong tệp đều hợp lệ", declaration.full_name, f"CCCD:{declaration.number}",
        "VNPT SmartCA RS DEMO", "Đơn vị quản lý chứng thư số", "Thời hạn của chứng thư số",
        f"{timezone.localtime(certificate_of(complete).not_after):%H:%M:%S %d/%m/%Y}", "Nội dung đúng như lúc ký",
        "Không bị thu hồi hay tạm dừng", "RSA 2048", "Dùng để ký tài liệu",
        "Theo dấu thời gian của VNPT SmartCA TSA DEMO", "đúng từng byte",
    ):  # fmt: skip
        assert words in page
    assert "<b>.pdf" not in page
    standing.revoke(certificate_of(complete))
    after = checked(client, paper.file.read())
    assert "Đã thu hồi" in after
    assert "Mọi chữ ký trong tệp đều hợp lệ" in after  # it was in force when it signed


def stolen(application: Application) -> Signer:
    """The customer's key, in the hands of somebody who took it before it was destroyed."""
    certificate = certificate_of(application)
    assert certificate.issuer
    assert certificate.key
    key = certificate.key
    pair = custody.opened(key, "pin", PIN.encode())
    return Signer(
        (issuance.der_of(certificate), *certificate.issuer.chain[:-1]), key.algorithm, partial(vault().sign, pair)
    )


def stamped_by(signer: Signer, *, stamped: bool) -> bytes:
    """Without evidence of the certificate's status, as a thief would."""
    return pades.sign(contract_pdf(), signer, "A name", stamp=signatures.stamper() if stamped else None)


@pytest.mark.parametrize("stamped", [True, False])
def test_what_was_signed_after_a_revocation_is_not_good_though_the_file_hides_it(
    stamped: bool, complete: Application, client: Client
) -> None:
    thief = stolen(complete)
    before, certificate = stamped_by(thief, stamped=stamped), certificate_of(complete)
    assert "Mọi chữ ký trong tệp đều hợp lệ" in checked(client, before)
    time.sleep(1.1)  # timestamps tell whole seconds
    standing.revoke(certificate, 1)
    words = "đều hợp lệ" if stamped else "không có hiệu lực lúc ký"  # only a timestamp shows that it was earlier
    assert words in checked(client, before)
    time.sleep(1.1)
    assert "không có hiệu lực lúc ký" in checked(client, stamped_by(thief, stamped=stamped))


class OpenClock(TimeStamper):
    """Our own service of timestamps, which anybody may ask."""

    signer: Any = None

    async def async_request_tsa_response(self, req: Any) -> Any:
        written = token(req["message_imprint"].dump(), self.signer, req["nonce"].native)
        return tsp.TimeStampResp.load(der.sequence(der.sequence(der.integer(0)), written))


def file_of(application: Application, kind: str) -> bytes:
    return sure(sure(Paper.of(application, kind)).file).read()


def test_a_forger_with_our_own_open_timestamps_makes_nothing_green(complete: Application, client: Client) -> None:
    """A genuine contract, an empty signature's field whose picture covers the text, a timestamp over both."""
    forged = corpus.changed(file_of(complete, "contract"), corpus.empty_field)
    make: Any = OpenClock
    clock = make()
    clock.signer = signer_of("timestamp")
    page = checked(client, corpus.archived_by(forged, clock))
    assert "Tệp đã bị sửa sau khi ký" in page
    assert "notice bad" in page
    assert "Không có gì được thêm sau chữ ký này" in page  # of the timestamp, which is over all of it


def test_of_a_tampered_file_no_broken_signature_is_told_to_be_in_force(complete: Application, client: Client) -> None:
    altered = bytearray(file_of(complete, "minutes"))
    altered[altered.index(b"stream") + 500] ^= 1
    page = checked(client, bytes(altered))
    assert page.count("Nội dung bị thay đổi: chữ ký không còn đúng") == 3
    for words in ("Có hiệu lực", "Không bị thu hồi", "Trong thời hạn", "Đang hoạt động", "Dùng để ký tài liệu"):
        assert words not in page


@pytest.mark.parametrize(
    ("kind", "stays", "lacking"),
    [
        ("minutes", 1, "con dấu (chữ ký số) của VNPT, dấu thời gian lưu trữ"),
        ("minutes", 2, "dấu thời gian lưu trữ"),
        ("contract", 1, "dấu thời gian lưu trữ"),
    ],
)
def test_a_paper_of_ours_whose_end_is_cut_off_is_told_so(
    kind: str, stays: int, lacking: str, complete: Application, client: Client
) -> None:
    pdf = file_of(complete, kind)
    ranges = re.findall(rb"/ByteRange \[0 \d+ (\d+) (\d+) *\]", pdf)
    after, rest = map(int, ranges[stays - 1])
    page = checked(client, pdf[: after + rest])
    assert f"bị cắt bớt, thiếu: {lacking}." in page
    assert "notice bad" in page


def test_unsigned_what_was_shown_is_known_again(complete: Application, client: Client) -> None:
    page = checked(client, sure(sure(Paper.of(complete, "minutes")).shown).read())
    assert "không có chữ ký số" in page
    assert "thiếu: chữ ký của khách hàng, con dấu" in page


def test_a_signature_of_somebody_else_does_not_stand_for_ours(complete: Application, client: Client) -> None:
    pdf = file_of(complete, "minutes")
    after, rest = map(int, re.findall(rb"/ByteRange \[0 \d+ (\d+) (\d+) *\]", pdf)[0])
    page = checked(client, corpus.signed(pdf[: after + rest], field="Signature9"))
    assert "thiếu: con dấu (chữ ký số) của VNPT, dấu thời gian lưu trữ" in page


def test_a_broken_seal_is_no_seal(complete: Application, client: Client) -> None:
    """Its certificate is ours, but it says nothing: this copy lacks it as one does whose end is cut off."""
    pdf = bytearray(file_of(complete, "minutes"))
    place = [match.end() for match in re.finditer(rb"/M \(D:20", pdf)][1]
    pdf[place] = ord("1")  # another year, in what only the seal covers
    assert "thiếu: con dấu (chữ ký số) của VNPT" in checked(client, bytes(pdf))


def test_a_voided_contract_is_not_told_to_be_what_we_keep(complete: Application, client: Client) -> None:
    Paper.objects.filter(application=complete, kind="contract").update(state=Paper.State.VOID)
    page = checked(client, file_of_void(complete))
    assert "đúng từng byte" not in page
    assert "Mọi chữ ký trong tệp đều hợp lệ" in page


def file_of_void(application: Application) -> bytes:
    return sure(Paper.objects.get(application=application, state=Paper.State.VOID).file).read()


def test_our_rows_know_a_certificate_by_its_bytes(complete: Application, deciders: tuple[User, User]) -> None:
    """Another with the same serial is somebody's make."""
    issued, organisation = certificate_of(complete), Authority.now("organisation")
    facts = {name: Fact("unknown", "no-evidence") for name in ("integrity", "status", "time")} | {
        "integrity": Fact("valid", "intact")
    }
    for serial, fingerprint in (
        (issued.serial, sure(issued.register).fingerprint),
        (organisation.serial, organisation.fingerprint),
    ):
        row = {"facts": facts, "serial": serial, "time": ""}
        assert verifying.by_register({**row, "fingerprint": fingerprint})["facts"]["status"].why == "register"
        assert verifying.by_register({**row, "fingerprint": "0" * 64})["facts"]["status"].why == "no-evidence"
    paper, other = (sure(Paper.of(each, "contract")) for each in (complete, to(Step.ACCEPTANCE, deciders)))
    row = {"serial": issued.serial, "fingerprint": sure(issued.register).fingerprint}
    assert (verifying.whose(row, paper), verifying.whose(row, other)) == ("customer", "")


def test_an_altered_copy_is_told_in_red(complete: Application, client: Client) -> None:
    paper = Paper.of(complete, Paper.Kind.CONTRACT)
    assert paper
    assert paper.file
    altered = bytearray(paper.file.read())
    altered[altered.index(b"stream") + 500] ^= 1
    page = checked(client, bytes(altered))
    assert "notice bad" in page
    assert "Mọi chữ ký trong tệp đều hợp lệ" not in page


def test_what_is_no_signed_pdf_is_told_kindly(client: Client) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a", "b")
    assert "không phải PDF" in checked(client, archive.getvalue())
    assert "không có chữ ký số" in checked(client, contract_pdf())
    assert "chưa chọn tệp" in client.post("/verify/", {}).content.decode()
    assert "không phải PDF" in checked(client, b" ")


def test_more_signatures_than_are_looked_at_are_not_called_good(complete: Application, client: Client) -> None:
    paper = Paper.of(complete, Paper.Kind.CONTRACT)
    assert paper
    assert paper.file
    signed = paper.file.read()
    for _one in range(31):
        signed = signatures.by_provider(signed)
    assert "quá phức tạp" in checked(client, signed)


# ── What is too much ──


def test_a_file_of_a_gigabyte_is_refused_kindly_before_it_is_read(client: Client) -> None:
    answer = client.post("/verify/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="1000000000")
    assert answer.status_code == 413
    assert "hãy chọn ảnh hoặc tệp nhỏ hơn" in answer.content.decode()


def test_a_file_of_more_objects_than_are_looked_at_is_refused_kindly(client: Client) -> None:
    many = b"".join(b"%d 0 obj\n<</A %d>>\nendobj\n" % (number, number) for number in range(7, 10_100))
    body, table = corpus.signed().rsplit(b"xref", 1)[0], b"xref\n0 0\ntrailer\n<</Size 10101/Root 1 0 R>>\n"
    pdf = body + many + table
    page = checked(client, pdf + b"startxref\n%d\n%%%%EOF\n" % (len(body) + len(many)))
    assert "hơn 10.000 đối tượng" in page


def test_nothing_of_a_checked_file_is_kept(complete: Application, client: Client) -> None:
    before = SealedFile.objects.count()
    place = handed_in(client, contract_pdf())["Location"]
    name = SealedFile.objects.latest("created_at").name
    assert default_storage.exists(name)
    with TestCase.captureOnCommitCallbacks(execute=True):
        verifying.examine_due()
    assert "không có chữ ký số" in client.get(place).content.decode()
    assert SealedFile.objects.count() == before
    assert not default_storage.exists(name)
