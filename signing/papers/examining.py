"""What the signatures in a PDF are worth, by a library that made none of ours. Knows no database and no Django.

A stranger's file is examined in a process of its own (portal/isolation.py), so that whatever it does to a reader it does to
that process. Nothing is ever fetched (promise P16)."""

import hashlib
import io
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import lxml.etree
from cryptography.hazmat.backends.openssl import backend
from pyhanko.pdf_utils import filters
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError, extract_certificate_info
from pyhanko.sign.validation.errors import SignatureValidationError

from signing.papers import certificates, stamps
from signing.papers.certificates import Evidence
from signing.papers.coverage import appended, coverage
from signing.papers.facts import INVALID, UNKNOWN, VALID, Fact
from signing.papers.stamps import Proof

MOST_SIGNATURES, MOST_OBJECTS = 30, 10_000
ODD = (
    *(PdfError, CMSExtractionError, CMSStructuralError, SignatureValidationError, AssertionError, NotImplementedError),
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError),
)


# What the reader would bring in late: in the process that reads strangers' files nothing more can be opened.
BROUGHT = (filters, lxml.etree, backend)


def examine(pdf: bytes, roots: Sequence[bytes], now: datetime, *, known: bool = False) -> dict[str, Any]:
    """Plain facts for a page to put into words. `known`: byte for byte what we keep, so that what was added after each
    signature need not be looked at, which takes seconds."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        if reader.encrypted:
            return {"problem": "encrypted"}
        if int(reader.trailer["/Size"]) > MOST_OBJECTS:
            return {"problem": "too-much"}
        signatures = reader.embedded_signatures
    except ODD:
        return {"problem": "not-a-pdf"}
    if not signatures:
        return {"problem": "no-signature"}
    if len(signatures) > MOST_SIGNATURES:
        return {"problem": "too-much"}
    rows = rows_of(signatures, certificates.evidence_in(reader, roots, signatures), pdf, now, known=known)
    if appended(reader, pdf, signatures[-1]):
        for row in rows:
            row["facts"] = {**row["facts"], "coverage": Fact(INVALID, "appended")}
    return {
        "problem": "",
        "signatures": rows,
        "lasting": rows[-1]["kind"] == "timestamp" and "/DSS" in reader.root,
    }


def rows_of(
    signatures: Sequence[Any], evidence: Evidence, pdf: bytes, now: datetime, *, known: bool
) -> list[dict[str, Any]]:
    """From the newest to the oldest: a good timestamp proves when all before it was there."""
    rows, later = list[dict[str, Any]](), None
    for signature in reversed(signatures):
        row, proof = row_of(signature, evidence, pdf, later, now, known=known)
        rows.insert(0, row)
        later = proof or later
    return rows


def row_of(
    signature: Any, evidence: Evidence, pdf: bytes, later: Proof | None, now: datetime, *, known: bool
) -> tuple[dict[str, Any], Proof | None]:
    """What the page shows of one, and what it proves about those before it."""
    kind = "timestamp" if signature.sig_object_type == "/DocTimeStamp" else "signature"
    row: dict[str, Any] = {"kind": kind, "field": str(signature.field_name)}
    try:
        certificate, others = signature.signer_cert, extract_certificate_info(signature.signed_data).other_certs
        row |= named(certificate) | {"claimed": iso(signature.self_reported_timestamp)}
        covers = coverage(signature, pdf, known=known)
        if kind == "timestamp":
            facts, proof = of_stamp(signature, certificate, others, evidence, later, now)
            counts = proof is not None and covers.why != "uncovered"
            shown = proof
        else:
            facts, shown = of_signature(signature, certificate, others, evidence, later, now)
            counts = False
    except ODD:
        return {**row, "facts": {"integrity": Fact(INVALID, "broken")}}, None
    if facts["integrity"].value != VALID:  # then it says nothing about anybody
        facts = {name: fact if name == "integrity" else Fact(UNKNOWN, "moot") for name, fact in facts.items()}
    row |= {"facts": {"coverage": covers, **facts}, "time": iso(shown.moment) if shown else "", "stamp": stamp(shown)}
    return row, shown if counts else None


def of_stamp(
    signature: Any, certificate: Any, others: Sequence[Any], evidence: Evidence, later: Proof | None, now: datetime
) -> tuple[dict[str, Fact], Proof | None]:
    at, data = later.moment if later else now, signature.signed_data
    facts = {
        "integrity": stamps.token_integrity(data, certificate, signature.compute_digest),
        **stamps.facts_at(data, certificate, others, "timestamp", evidence, at),
    }
    moment = stamps.moment_of(data)
    proof = Proof(moment, certificate, facts["status"]) if stamps.proves(facts, moment, at) else None
    return {**facts, "time": timely(facts["time"], later)}, proof


def of_signature(
    signature: Any, certificate: Any, others: Sequence[Any], evidence: Evidence, later: Proof | None, now: datetime
) -> tuple[dict[str, Fact], Proof | None]:
    proof = stamps.enclosed(signature, evidence, later.moment if later else now) or later
    at = proof.moment if proof else now
    facts = {
        "integrity": stamps.integrity(signature.signer_info, certificate, "signature", signature.compute_digest()),
        **stamps.facts_at(signature.signed_data, certificate, others, "signature", evidence, at),
    }
    return {**facts, "time": timely(facts["time"], proof)}, proof


def timely(period: Fact, proof: Proof | None) -> Fact:
    """In its period when it was there: by a proven moment, else by the present one, before which it was signed."""
    if proof is None:
        return Fact(UNKNOWN, "unproven") if period.why == "expired" else period
    if period.value == VALID and proof.status.value != VALID:
        return Fact(UNKNOWN, "stamp-status")
    return period


def stamp(proof: Proof | None) -> dict[str, Any]:
    return named(proof.authority) | {"status": proof.status} if proof else {}


def named(certificate: Any) -> dict[str, Any]:
    return {
        "signer": names_in(certificate.subject),
        "issuer": names_in(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "fingerprint": hashlib.sha256(certificate.dump()).hexdigest(),
        "from": certificate.not_valid_before.isoformat(),
        "until": certificate.not_valid_after.isoformat(),
    }


def names_in(name: Any) -> dict[str, str]:
    names = {}
    for kind, value in name.native.items():
        names[str(kind)] = value if isinstance(value, str) else ", ".join(map(str, value))
    return names


def iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def examined(pdf: bytes, *roots: bytes, known: bool) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """In a process of its own (portal/isolation.py)."""
    logging.disable(logging.CRITICAL)  # what it dislikes on its way is no matter of our log
    return examine(pdf, roots, datetime.now(UTC), known=known), ()
