"""Files that a stranger might bring, made with throw-away authorities: honest ones, weak ones, misused ones, forged ones."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from asn1crypto import crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
pdf_name: Any = generic.pdf_name


@dataclass(frozen=True)
class Holder:
    """A key with its certificate, and who issued it."""

    certificate: x509.Certificate
    key: Any
    above: "Holder | None" = None

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def asn1(self) -> Any:
        return asn1.Certificate.load(self.der)

    @property
    def private(self) -> Any:
        return asn1_keys.PrivateKeyInfo.load(self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))

    @property
    def chain(self) -> "list[Holder]":
        return [self, *(self.above.chain if self.above else [])]


@cache
def rsa_key(bits: int) -> Any:
    return rsa.generate_private_key(65537, bits)


def issued(
    name: str,
    above: Holder | None = None,
    *,
    key: Any = None,
    uses: Sequence[Any] | None = (Use.EMAIL_PROTECTION,),
    usage: bool = True,
    authority: bool = False,
    begins: datetime = NOW - YEAR,
    ends: datetime = NOW + YEAR,
    signed_by: Any = None,
    named: bool = True,
) -> Holder:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Mẫu")]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificate.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if above and named:
        known = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key())
        builder = builder.add_extension(known, critical=False)
    if usage:
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                 "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
        given = {"key_cert_sign", "crl_sign"} if authority else {"digital_signature", "content_commitment"}
        builder = builder.add_extension(x509.KeyUsage(**{each: each in given for each in names}), critical=True)
    if uses and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=uses[0] == Use.TIME_STAMPING)
    signing = signed_by or (above.key if above else key)
    return Holder(builder.sign(signing, SHA256()), key, above)


def over_sha1(holder: Holder) -> Holder:
    """The same certificate, as authorities signed ten years ago; the library that issues it no longer would."""
    whole, weak = holder.asn1, {"algorithm": "sha1_ecdsa"}
    whole["tbs_certificate"]["signature"] = whole["signature_algorithm"] = weak
    body = whole["tbs_certificate"].dump(force=True)
    assert holder.above
    whole["signature_value"] = holder.above.key.sign(body, ec.ECDSA(SHA1()))
    return Holder(x509.load_der_x509_certificate(whole.dump(force=True)), holder.key, holder.above)


# Root, issuing authority and timestamp authority that are known; the same names with other keys, which are not.
ROOT = issued("Root of nobody", authority=True, begins=NOW - 9 * YEAR, ends=NOW + 20 * YEAR)
ISSUING = issued("Authority of nobody", ROOT, authority=True, begins=NOW - 9 * YEAR, ends=NOW + 20 * YEAR)
TSA = issued(
    "Clock of nobody", ROOT, key=rsa_key(2048), uses=(Use.TIME_STAMPING,), begins=NOW - 9 * YEAR, ends=NOW + 9 * YEAR
)
STRANGER = issued("Root of somebody else", authority=True)
SIGNER = issued("Signer of nobody", ISSUING)


LATER = 40  # the number of an object that is not there yet


def page(contents: bytes = b"4 0 R") -> bytes:
    """One page with a line of text and a field for text, as small as can be."""
    text = b"BT /F 14 Tf 60 700 Td (Pay 100 to nobody) Tj ET"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/DA(/F 9 Tf)>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents "
        + contents
        + b"/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R]>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(words)/Rect[60 600 260 620]/P 3 0 R/F 4>>",
    ]
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 7\n0000000000 65535 f \n%strailer\n<</Size 7/Root 1 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF\n" % (
        table, len(out),
    )  # fmt: skip


def store_of(*holders: Holder) -> Any:
    make: Any = SimpleCertificateStore
    store = make()
    for holder in holders:
        for each in holder.chain:
            store.register(each.asn1)
    return store


def clock(at: datetime, tsa: Holder = TSA) -> Any:
    return timestamps.DummyTimeStamper(tsa.asn1, tsa.private, certs_to_embed=store_of(tsa), fixed_dt=at)


def signed(
    pdf: bytes | None = None,
    by: Holder = SIGNER,
    *,
    stamped: datetime | None = None,
    tsa: Holder = TSA,
    box: tuple[int, int, int, int] | None = None,
    field: str = "Signature1",
    **how: Any,
) -> bytes:
    pss = how.pop("pss", False)
    hand = signers.SimpleSigner(
        signing_cert=by.asn1, signing_key=by.private, cert_registry=store_of(by), prefer_pss=pss
    )
    details = {"md_algorithm": "sha256", "subfilter": fields.SigSeedSubFilter.PADES, **how}
    spec = fields.SigFieldSpec(field, on_page=0, box=box) if box else None
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf or page()))
    signer = signers.PdfSigner(
        signers.PdfSignatureMetadata(field_name=field, **details),
        signer=hand, timestamper=clock(stamped, tsa) if stamped else None, new_field_spec=spec,
    )  # fmt: skip
    with ThreadPoolExecutor(1) as aside:  # pyHanko begins a loop of its own; a browser's may run in this thread
        out: Any = aside.submit(signer.sign_pdf, writer).result()
    return bytes(out.getvalue())


def archived(pdf: bytes, at: datetime, tsa: Holder = TSA) -> bytes:
    """With a timestamp over the whole."""
    return archived_by(pdf, clock(at, tsa))


def archived_by(pdf: bytes, by: Any) -> bytes:
    out: Any = signers.PdfTimeStamper(by).timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), "sha256")
    return bytes(out.getvalue())


def listed(by: Holder, at: datetime, *revoked: tuple[Holder, datetime], lasts: timedelta = 30 * DAY) -> bytes:
    """A list of what this authority revoked."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject)
    builder = builder.last_update(at).next_update(at + lasts)
    for holder, since in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(holder.certificate.serial_number).revocation_date(since)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(by.key, SHA256()).public_bytes(Encoding.DER)


def with_evidence(pdf: bytes, *lists: bytes) -> bytes:
    """As B-LT has it: a store of certificates and lists, in a revision after the signature."""
    out = io.BytesIO(pdf)
    kept: Any = [crl.CertificateList.load(each) for each in lists]
    certificates: Any = [holder.asn1 for holder in (ISSUING, TSA)]
    DocumentSecurityStore.add_dss(out, sig_contents=None, certs=certificates, crls=kept)
    return out.getvalue()


def current(at: datetime = NOW, *revoked: tuple[Holder, datetime]) -> tuple[bytes, bytes]:
    """Lists of both authorities."""
    return listed(ISSUING, at, *revoked), listed(ROOT, at)


# ── What is added afterwards ──


def changed(pdf: bytes, change: Any) -> bytes:
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer, writer.root["/Pages"]["/Kids"][0])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def drawn(writer: Any) -> Any:
    """An appearance that covers the text with another."""
    stream = generic.StreamObject(stream_data=b"1 g 0 0 300 60 re f 0 g BT /F 14 Tf 5 20 Td (Pay 999 to me) Tj ET")
    stream.update({
        pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 300, 60))),
        pdf_name("/Resources"): writer.root["/Pages"]["/Kids"][0]["/Resources"],
    })  # fmt: skip
    return generic.DictionaryObject({pdf_name("/N"): writer.add_object(stream)})


def annotation(writer: Any, page: Any, **entries: Any) -> Any:
    base = {
        "/Type": pdf_name("/Annot"), "/F": generic.NumberObject(4),
        "/Rect": generic.ArrayObject(map(generic.NumberObject, (50, 680, 350, 740))), "/AP": drawn(writer),
    }  # fmt: skip
    named = {**base, **{f"/{name}": value for name, value in entries.items()}}
    reference = writer.add_object(generic.DictionaryObject({pdf_name(name): value for name, value in named.items()}))
    page["/Annots"].append(reference)
    writer.update_container(page["/Annots"])
    return reference


def empty_field(writer: Any, page: Any) -> None:
    """A signature's field that nobody signs, and that shows something else over the text."""
    reference = annotation(
        writer, page, Subtype=pdf_name("/Widget"), FT=pdf_name("/Sig"), T=generic.pdf_string("Approval")
    )
    writer.root["/AcroForm"]["/Fields"].append(reference)
    writer.update_container(writer.root["/AcroForm"]["/Fields"])


def note(writer: Any, page: Any) -> None:
    annotation(writer, page, Subtype=pdf_name("/FreeText"), Contents=generic.pdf_string("Pay 999 to me"))


def filled_in(writer: Any, page: Any) -> None:
    widget = page["/Annots"][0]
    widget[pdf_name("/V")] = generic.pdf_string("and 999 to me")
    widget[pdf_name("/AP")] = drawn(writer)
    writer.update_container(widget)


def repainted(writer: Any, page: Any) -> None:
    """The signature's own picture becomes another."""
    widget = page["/Annots"][-1]
    widget[pdf_name("/AP")] = drawn(writer)
    writer.update_container(widget)


def brought_in(writer: Any, page: Any) -> None:
    """What the page names from the beginning, and had not."""
    while (
        writer.add_object(generic.StreamObject(stream_data=b"BT /F 14 Tf 60 660 Td (and 999 to me) Tj ET")).idnum
        < LATER
    ):
        pass


def redrawn(writer: Any, page: Any) -> None:
    """The form's own letters become others."""
    form = writer.root["/AcroForm"]
    form[pdf_name("/DR")] = generic.DictionaryObject({pdf_name("/Font"): page["/Resources"]["/Font"]})
    form[pdf_name("/NeedAppearances")] = generic.BooleanObject(True)
    writer.update_root()


def flipped(pdf: bytes) -> bytes:
    return pdf.replace(b"Pay 100", b"Pay 999")


def signatures_in(pdf: bytes) -> int:
    return len(PdfFileReader(io.BytesIO(pdf)).embedded_signatures)
