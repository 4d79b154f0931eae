"""My SmartCA, the public status page, the page that checks a PDF: what they show, and to whom."""

import io
import re
import time
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from asn1crypto import tsp
from cryptography import x509
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pyhanko.sign.timestamps import TimeStamper

from enrollment import journey
from enrollment.journey import Channel, Step
from enrollment.models import Application, Trail
from enrollment.steps import leaving
from portal.models import SealedFile, User
from signing import custody
from signing.authority import der
from signing.authority.cms import Signer
from signing.authority.gateways.vault import vault
from signing.authority.timestamps import signer_of, token
from signing.models import Certificate, Paper
from signing.papers import isolation, pades
from signing.steps import issuance, signatures, standing
from tests.enrollment.conftest import Customer
from tests.signing.conftest import PIN, again, browser_of, certificate_of, onward, sure, to
from tests.signing.papers import corpus
from tests.signing.papers.test_paper import contract_pdf

pytestmark = pytest.mark.once
Signed = Callable[[User], Client]


@pytest.fixture
def complete(deciders: tuple[User, User]) -> Application:
    return to(Step.COMPLETE, deciders)


@pytest.fixture
def owner(complete: Application) -> Client:
    return browser_of(complete)


def test_the_card_shows_name_masked_number_state_life_and_code(complete: Application, owner: Client) -> None:
    page, declaration = owner.get("/certificate/").content.decode(), complete.declaration
    assert declaration
    for words in ("SmartCA của tôi", declaration.full_name, "Đang hoạt động", "<svg", "Mã PIN ký số", "1800 1260"):
        assert words in page
    assert f"CCCD: {declaration.number[:2]}•••••{declaration.number[-3:]}" in page
    assert owner.get("/application/")["Location"] == "/certificate/"


def test_documents_and_files_are_at_hand(complete: Application, owner: Client) -> None:
    certificate = certificate_of(complete)
    cer = owner.get(f"/certificate/{certificate.pk}/cer/")
    assert f"{x509.load_der_x509_certificate(cer.content).serial_number:x}" == certificate.serial
    chain = owner.get(f"/certificate/{certificate.pk}/chain/").content
    assert len(x509.load_pem_x509_certificates(chain)) == 3
    for paper in Paper.objects.filter(application=complete):
        shown = owner.get(f"/certificate/documents/{paper.pk}/")
        assert shown.content.startswith(b"%PDF-1.7")
        assert shown["Content-Disposition"].startswith("inline")
        kept = owner.get(f"/certificate/documents/{paper.pk}/?keep")
        assert kept["Content-Disposition"].startswith("attachment")
        assert f"{paper.number.replace('/', '-')}.pdf" in unquote(kept["Content-Disposition"])
        assert paper.number in owner.get("/certificate/documents/").content.decode()


def test_staff_read_where_it_stands_and_what_keeps_failing(
    complete: Application, deciders: tuple[User, User], staff: Callable[..., User], signed_in: Signed
) -> None:
    operator, stuck = signed_in(staff("operator")), to(Step.ISSUANCE, deciders)
    Certificate.objects.filter(application=stuck).update(faults=3)
    page = operator.get(f"/admin/enrollment/application/{complete.pk}/change/").content.decode()
    numbers = Paper.objects.filter(application=complete).values_list("number", flat=True)
    for words in (*numbers, "Đã đóng dấu", "Đang hoạt động", certificate_of(complete).serial or "–"):
        assert words.upper() in page.upper()
    assert "Việc cần làm" not in page
    assert "hỏng 3 lần" in operator.get(f"/admin/enrollment/application/{stuck.pk}/change/").content.decode()


def test_nobody_else_gets_any_of_it(
    complete: Application, deciders: tuple[User, User], signed_in: Signed, person: Callable[..., User]
) -> None:
    """Promise P13, as far as certificates and documents."""
    certificate, paper = certificate_of(complete), Paper.objects.filter(application=complete)[0]
    own = f"/certificate/{certificate.pk}"
    places = [f"{own}/cer/", f"{own}/chain/", f"/certificate/documents/{paper.pk}/"]
    stranger = Client()
    for place in places:
        assert stranger.get(place).status_code == 302
    for who in (person(), deciders[0]):
        client = signed_in(who)
        for place in places:
            assert client.get(place).status_code == 404


def test_the_status_page_tells_the_state_of_the_moment(complete: Application, client: Client) -> None:
    certificate, declaration = certificate_of(complete), complete.declaration
    assert declaration
    page = client.get(f"/status/{certificate.status}/")
    assert "Đang hoạt động" in page.content.decode()
    assert declaration.number not in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"
    standing.revoke(certificate)
    assert "Đã thu hồi" in client.get(f"/status/{certificate.status}/").content.decode()
    assert client.get("/status/0123456789abcdef/").status_code == 404
    assert client.get(f"/status/{certificate.pk}/").status_code == 404


# ── The page that checks ──


def checked(client: Client, content: bytes, name: str = "tệp <b>.pdf") -> str:
    return client.post("/verify/", {"file": SimpleUploadedFile(name, content)}).content.decode()


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


def test_while_a_file_is_looked_at_one_waits_and_the_others_are_told_at_once(client: Client) -> None:
    with isolation.WAITING, isolation.WAITING:
        began = time.monotonic()
        assert "đang bận" in checked(client, b"%PDF-1.7")
        assert time.monotonic() - began < 3
    assert "đang bận" not in checked(client, b"%PDF-1.7")


def test_nothing_of_a_checked_file_is_kept(complete: Application, client: Client) -> None:
    before = SealedFile.objects.count()
    checked(client, contract_pdf())
    assert SealedFile.objects.count() == before


def test_an_account_without_a_certificate_is_told_what_to_do(person: Callable[..., User], signed_in: Signed) -> None:
    new = signed_in(person())
    assert new.get("/certificate/")["Location"] == "/register/"
    assert new.get("/certificate/documents/")["Location"] == "/register/"
    assert not Certificate.objects.exists()


# ── Whose application, where somebody has more than one ──


def another(owner: Client, complete: Application) -> Application:
    """Begun by the holder, through the pages, as far as the photographs."""
    customer = Customer(owner, **sure(complete.declaration).__dict__)
    customer.opens().chooses().declares().pays_nothing()
    begun = again(Application.objects.latest("pk"))
    assert (begun.user, begun.channel, begun.step) == (complete.user, Channel.ANOTHER, Step.CAPTURE)
    return begun


def test_whoever_begins_another_and_lets_it_expire_is_led_to_the_certificate_that_lives(
    complete: Application, owner: Client
) -> None:
    begun = another(owner, complete)
    assert owner.get("/application/landing/")["Location"] == "/application/capture/"
    leaving.leave(begun, "expired")
    assert owner.get("/application/landing/")["Location"] == "/certificate/"
    page = owner.get("/certificate/").content.decode()
    assert begun.reference in page
    assert "đã hết hạn" in page
    standing.revoke(certificate_of(complete))
    assert owner.get("/application/landing/")["Location"] == "/application/"


def test_the_way_to_another_certificate_is_walked_to_its_end(
    complete: Application, owner: Client, deciders: tuple[User, User]
) -> None:
    """The route of whoever has an account already: no code, a subscription and a key of its own."""
    begun = another(owner, complete)
    begun.finish()
    ended = onward(again(begun), Step.COMPLETE, deciders)
    first, second = certificate_of(complete), certificate_of(ended)
    assert (first.state, second.state) == (Certificate.State.ACTIVE, Certificate.State.ACTIVE)
    assert first.key != second.key
    assert first.application.subscription != second.application.subscription
    assert [*Trail.objects.filter(application=ended).order_by("pk").values_list("step", flat=True)] == [
        *journey.ROUTES[Channel.ANOTHER]
    ]
