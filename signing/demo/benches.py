"""What signing costs, each against the usual way or against the bare RSA signature without which nothing goes."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import OCSPNonce, ocsp
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from enrollment import dossier
from enrollment.demo.people import seed_application, walk
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import approving
from portal.demo.benches import Pair
from portal.models import User
from signing import printing
from signing.authority import ceremony, der, lint, lists, profile
from signing.authority.gateways.software import SoftwareVault
from signing.authority.gateways.vault import CUSTOMER, KeyPair, pair_of, sign_as_provider, sign_with, vault
from signing.authority.models import Authority, Issued, RevocationList
from signing.authority.remembered import forget
from signing.authority.timestamps import signer_of, stamp
from signing.demo import people
from signing.holders import holder_of
from signing.models import Act, Certificate, Paper
from signing.papers import layout, pades, paper, places, texts
from signing.papers.examining import examine
from signing.steps import acceptance, issuance, restamping, signatures

AT = datetime(2026, 11, 21, tzinfo=UTC)
BARE = "the bare RSA-2048 signature"


def pairs() -> Iterator[Pair]:
    settings.SIGNER = True  # the bench looks at the signer from within
    ceremony.hold()
    lists.publish_due()
    yield Pair("contract PDF, 9 pages", filled, plain, "WeasyPrint, warm", 2)
    yield from sealing_pairs()
    yield from checking_pairs()
    yield from key_pairs()
    yield Pair("certificate, rows included", certificate_work(), fresh, "a key's first bare signature", 20)
    yield Pair("certificate, rows included", certificate_work(), bare(), f"{BARE}, key long in use", 20)


# ── Documents ──


@cache
def contract_facts() -> tuple[dict[str, Any], dict[str, str]]:
    tables = (
        printing.PARTY_A,
        printing.PARTY_B,
        printing.APPLICANT,
        printing.BOUGHT,
        printing.WANTED,
        printing.EVIDENCE,
    )
    facts = {places.source(row.name): f"Trị số {row.gloss}" for table in tables for row in table}
    more = ("day", "number", "with_contract", "of_contract", "signed_on", "sealed_on", "typed")
    return printing.fixed_contract(texts.CURRENT), {**facts, **dict.fromkeys(more, "21/11/2026")}


def filled() -> bytes:
    fixed, facts = contract_facts()
    return paper.make(
        "signing/pdf/contract.html", fixed, printing.CONTRACT_PLACES, facts, AT, {"drawing": people.hand()}
    )


def plain() -> bytes:
    """The same template with the same words, as anybody would print it."""
    fixed, facts = contract_facts()
    words = {name: facts.get(places.source(name), "") for name in printing.CONTRACT_PLACES}
    return layout.printed(layout.html_of("signing/pdf/contract.html", words, fixed))


def checking_pairs() -> Iterator[Pair]:
    """What the page that checks does with a contract of ours: as one that we keep, and as a copy that nobody knows."""
    pdf = signatures.lasting(signatures.by_provider(filled(), leaves=0), signatures.evidence([]))
    root = bytes(Authority.now("root").certificate or b"")
    for name, known in (("check of a contract we keep", True), ("check of an unknown copy", False)):
        yield Pair(name, partial(examine, pdf, [root], timezone.now(), known=known), partial(by_library, pdf, root),
                   "pyHanko's own validation", 2)  # fmt: skip


def by_library(pdf: bytes, root: bytes) -> list[Any]:
    """As its documentation shows it, for each signature of the file."""
    validate: Any = validate_pdf_signature
    reader = PdfFileReader(io.BytesIO(pdf))
    context = partial(ValidationContext, trust_roots=[asn1.Certificate.load(root)], allow_fetching=False)
    return [validate(each, context()) for each in reader.embedded_regular_signatures]


def sealing_pairs() -> Iterator[Pair]:
    pdf, organisation = filled(), signer_of(Authority.Role.ORGANISATION)
    stamped = partial(stamp, signer=signer_of(Authority.Role.TIMESTAMP))

    def b_b() -> bytes:
        return pades.sign(pdf, organisation, "VNPT")

    def b_t() -> bytes:
        return pades.sign(pdf, organisation, "VNPT", stamp=stamped)

    def b_lta() -> bytes:
        return signatures.lasting(signatures.by_provider(pdf, leaves=0), signatures.evidence([]))

    def kernel() -> bytes:
        return pades.timestamp(pades.sign(pdf, organisation, "VNPT", stamp=stamped), stamped, signatures.evidence([]))

    for name, ours, level in (("seal B-B", b_b, "b"), ("seal B-T", b_t, "t"), ("seal B-LTA", b_lta, "lta")):
        yield Pair(name, ours, partial(one_call, pdf, level), "pyHanko's one call", 2)
        yield Pair(name, ours, bare(), BARE, 20)
    three = partial(thrice, bare())
    yield Pair("B-LTA, its kernel", kernel, three, "three bare signatures", 20)
    for more, revoked in ((1_000, 1_000), (49_000, 49_000), (950_000, 0)):
        crowd(more, revoked)
        forget()
        lists.publish_due()
        yield Pair(f"B-LTA, {Issued.objects.count():,} issued", b_lta, three, standing_of(len(b_lta())), 20)


def thrice(work: Callable[[], object]) -> None:
    work(), work(), work()


def standing_of(size: int) -> str:
    revoked = Issued.objects.exclude(revoked_at=None).count()
    longest = max(len(each) for each in RevocationList.objects.values_list("der", flat=True))
    return f"three bare signatures; {revoked:,} revoked, paper {size:,} bytes, longest list {longest:,}"


def crowd(many: int, revoked: int) -> None:
    """So many more in the register, the first of them revoked."""
    issuing = Authority.now("issuing")
    for first in range(0, many, 50_000):
        seed, rows = f"{Issued.objects.count():08x}", min(50_000, many - first)
        with connection.cursor() as cursor:
            cursor.execute(CROWD, [rows, issuing.pk, seed, AT, issuing.not_after, False, AT, AT, revoked - first, AT])


CROWD = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) INSERT INTO authority_issued "
    "(issuer_id, serial, shard, not_before, not_after, outside, intended_at, issued_at, fingerprint, revoked_at, reason) "
    "SELECT %s, CAST(%s AS text) || (10000000 + i), i %% 64, %s, %s, %s, %s, %s, '', CASE WHEN i <= %s THEN %s END, 0 FROM n"
)


def one_call(pdf: bytes, level: str) -> bytes:
    """As its documentation shows it: load the key, open the file, sign."""
    ours, stamps = Authority.now("organisation"), Authority.now("timestamp")
    new_store: Any = SimpleCertificateStore
    store = new_store()
    for key in Authority.objects.exclude(certificate=None):
        store.register(asn1.Certificate.load(bytes(key.certificate or b"")))
    signer = signers.SimpleSigner(
        signing_cert=asn1.Certificate.load(bytes(ours.certificate or b"")),
        signing_key=private(ours),
        cert_registry=store,
    )
    stamper = timestamps.DummyTimeStamper(
        tsa_cert=asn1.Certificate.load(bytes(stamps.certificate or b"")), tsa_key=private(stamps), certs_to_embed=store
    )
    newest = [lists.newest(Authority.now(role)) for role in ("root", "issuing")]
    revoked = [bytes(each.der) for each in newest if each]
    context = ValidationContext(
        trust_roots=[asn1.Certificate.load(bytes(Authority.now("root").certificate or b""))],
        other_certs=list(store), crls=revoked, allow_fetching=False, revocation_mode="soft-fail",
    )  # fmt: skip
    lasting = level == "lta"
    how = signers.PdfSignatureMetadata(
        field_name="Signature1", subfilter=fields.SigSeedSubFilter.PADES, embed_validation_info=lasting,
        use_pades_lta=lasting, validation_context=context if lasting else None,
    )  # fmt: skip
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    done: Any = signers.sign_pdf(writer, how, signer=signer, timestamper=None if level == "b" else stamper)
    return bytes(done.getvalue())


def private(own: Authority) -> Any:
    return asn1_keys.PrivateKeyInfo.load(unwrapped(pair_of(own)))


# ── Keys and certificates ──


@cache
def key() -> tuple[KeyPair, Any]:
    pair = vault().make(CUSTOMER, "rsa-2048")
    return pair, load_der_private_key(unwrapped(pair), None)


def unwrapped(pair: KeyPair) -> bytes:
    kept = vault()
    assert isinstance(kept, SoftwareVault)
    return kept.unwrapped(pair)


def bare() -> Callable[[], object]:
    return partial(sign_with, key()[1], b"hello")


def fresh() -> bytes:
    """A key object that has not signed yet: OpenSSL makes its blinding first, and no way leads around that."""
    return sign_with(load_der_private_key(KEPT[0], None, unsafe_skip_rsa_key_validation=True), b"hello")


KEPT: list[bytes] = []


def key_pairs() -> Iterator[Pair]:
    pair, _loaded = key()
    KEPT[:] = [unwrapped(pair)]
    yield Pair("customer's key used", lambda: vault().sign(pair, b"hello"), fresh, "its first bare signature", 50)
    yield Pair("customer's key used", lambda: vault().sign(pair, b"hello"), bare(), f"{BARE}, key long in use", 50)
    usual = partial(load_der_private_key, KEPT[0], None)
    yield Pair("customer's key used", lambda: vault().sign(pair, b"hello"), usual, "loading it as usual", 5)


@cache
def approved() -> Application:
    """One file that was approved by two people."""
    seed_application("Lý Thị Mẫu Xuân", "079190100777", "0912100777", "theo-luot-12", Step.CAPTURE)
    application = Application.objects.get(person_index=User.username_for("079190100777"))
    application.finish()
    application = walk(application, Step.REVIEW)
    digest = dossier.digest(application)
    first, other = User.objects.filter(groups__name__in=("reviewer", "approver")).order_by("pk")[:2]
    approving.appraise(application, digest, first)
    approving.approve(application, digest, other)
    application = Application.objects.select_related("data_key", "plan").get(pk=application.pk)
    application.finish()
    return Application.objects.select_related("data_key", "plan").get(pk=application.pk)


def certificate_work() -> Callable[[], object]:
    """Content, lint, the intent's row, signature, reading it back, the certificate's row."""
    application = approved()
    certificate = Certificate.objects.get(application=application)
    certificate.application = application
    own_key, authority = issuance.own_key(application), Authority.now("issuing")
    assert own_key
    holder, issuer, public = holder_of(application), authority.as_issuer, bytes(own_key.public)
    row = Certificate.objects.filter(pk=certificate.pk)

    def work() -> None:
        serial, now = profile.new_serial(), datetime.now(UTC).replace(microsecond=0)
        content = profile.subscriber(holder, public, issuer, "rsa", serial, now, profile.clamped(now, 12, issuer))
        assert not list(lint.faults(content, "rsa", holder, public, issuer))
        row.update(content=certificate.sealed("content", content.hex()))
        signed = der.signed(content, "rsa", sign_as_provider(authority, content))
        profile.read(signed).verify_directly_issued_by(profile.read(issuer.certificate))
        row.update(der=certificate.sealed("der", signed.hex()))

    return work


# ── What has no pair ──


def report() -> Iterator[str]:
    application = approved()
    Certificate.objects.filter(application=application).update(content=None, der=None)  # as the bench above left it
    began = time.perf_counter()
    issuance.issue(application)
    taken = (time.perf_counter() - began) * 1000
    yield f"{'whole job, file to certificate':26}{taken:9.1f} ms, approvals, hash and files looked at anew"
    application = Application.objects.select_related("data_key", "plan", "user").get(pk=application.pk)
    acceptance.prepare(application)
    began = time.perf_counter()
    done = people.confirm(application, Act.Kind.ACCEPT)
    taken = (time.perf_counter() - began) * 1000
    yield f"{'acceptance, click to done':26}{taken:9.1f} ms in the signer: PIN, two seals, three timestamps; {done.state}"
    papers = list(Paper.objects.filter(state=Paper.State.SEALED).select_related("file__data_key", "stamped_by__issuer"))
    began = time.perf_counter()
    for kept in papers:
        restamping.restamp(kept)
    taken = (time.perf_counter() - began) * 1000 / len(papers)
    yield f"{'a paper stamped again':26}{taken:9.1f} ms each, file and rows included"
    yield from answers()


def answers() -> Iterator[str]:
    certificate = Certificate.issued().latest("pk")
    issuer = Authority.now("issuing")
    above = profile.read(bytes(issuer.certificate or b""))
    read = profile.read(issuance.der_of(certificate))
    asked = ocsp.OCSPRequestBuilder().add_certificate(read, above, SHA1())  # noqa: S303
    ready = asked.build().public_bytes(Encoding.DER)
    with_nonce = asked.add_extension(ocsp_nonce(), critical=False).build().public_bytes(Encoding.DER)
    client, place = Client(headers={"host": settings.ALLOWED_HOSTS[0]}), f"/pki/{issuer.serial}/ocsp"
    for name, question in (("signed ahead", ready), ("with a nonce", with_nonce)):
        client.post(place, question, "application/ocsp-request")
        began, number = time.perf_counter(), 300
        for _question in range(number):
            client.post(place, question, "application/ocsp-request")
        each = (time.perf_counter() - began) / number
        yield f"{'OCSP, ' + name:26}{1 / each:9.0f} answers/s in one process, page and rows included"


def ocsp_nonce() -> Any:
    return OCSPNonce(b"0123456789abcdef")
