"""What the signatures in a PDF are worth, by a library that made none of ours. Knows no database and no Django.

A stranger's file is examined in a process of its own (portal/isolation.py), so that whatever it does to a reader it does to
that process. Nothing is ever fetched (promise P16)."""

import asyncio
import hashlib
import io
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils import filters
from pyhanko.pdf_utils.crypt import pdfmac
from pyhanko.pdf_utils.metadata import xmp_xml
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import CMSExtractionError, extract_certificate_info
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, RevokedError

READERS = (
    filters,
    pdfmac,
    xmp_xml,
)  # which pyHanko brings in as it goes along, where nothing can be brought in any more
MOST_SIGNATURES = 30
SKEW = timedelta(minutes=5)


def examine(pdf: bytes, roots: Sequence[bytes], now: datetime, *, known: bool = False) -> dict[str, Any]:
    """Plain facts for a page to put into words. `known`: byte for byte what we keep, so that what was added after each
    signature need not be looked at, which takes seconds."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        if reader.encrypted:
            return {"problem": "encrypted"}
        signatures = reader.embedded_signatures
    except (PdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError):
        return {"problem": "not-a-pdf"}
    if not signatures:
        return {"problem": "no-signature"}
    if len(signatures) > MOST_SIGNATURES:
        return {"problem": "too-much"}
    newest = signatures[-1]
    rows = [facts_of(each, reader, roots, now, known=known and each is not newest) for each in signatures]
    return {
        "problem": "",
        "signatures": rows,
        "more": len(pdf) - covered(newest),
        "lasting": rows[-1]["kind"] == "timestamp" and "/DSS" in reader.root,
    }


def covered(signature: Any) -> int:
    """How much of the file the newest signature speaks for."""
    try:
        spans = [int(number) for number in signature.byte_range]
        return max(start + length for start, length in zip(spans[::2], spans[1::2], strict=True))
    except (ValueError, TypeError):
        return 0


def facts_of(signature: Any, reader: Any, roots: Sequence[bytes], now: datetime, *, known: bool) -> dict[str, Any]:
    kind = "timestamp" if signature.sig_object_type == "/DocTimeStamp" else "signature"
    facts: dict[str, Any] = {"kind": kind, "field": str(signature.field_name)}
    try:
        certificate = signature.signer_cert
        facts |= {
            **named(certificate),
            "claimed": signature.self_reported_timestamp.isoformat() if signature.self_reported_timestamp else "",
        }
        facts |= soundness(signature, kind)
        facts |= {"changes": "known" if known else changes(signature)}
        stamped = stamp_of(signature, kind, roots, now)
        facts |= stamped
        at = datetime.fromisoformat(stamped["time"]) if stamped["time"] else None
        facts |= {
            "then": standing(certificate, reader, roots, at or now, signature, kind),
            "now": standing(certificate, reader, roots, now, signature, kind),
        }
    except (PdfError, CMSExtractionError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return {**facts, "broken": True}
    return facts


def named(certificate: Any) -> dict[str, Any]:
    whole = certificate.dump()
    return {
        "signer": names_in(certificate.subject),
        "issuer": names_in(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "fingerprint": hashlib.sha256(whole).hexdigest(),
        "from": certificate.not_valid_before.isoformat(),
        "until": certificate.not_valid_after.isoformat(),
    }


def names_in(name: Any) -> dict[str, str]:
    names = {}
    for kind, value in name.native.items():
        names[str(kind)] = value if isinstance(value, str) else ", ".join(map(str, value))
    return names


def soundness(signature: Any, kind: str) -> dict[str, bool]:
    digest = signature.compute_digest()
    if kind == "timestamp":
        imprint = signature.signed_data["encap_content_info"]["content"].parsed["message_imprint"]
        content = signature.signed_data["encap_content_info"]["content"].contents
        inside = hashlib.new(signature.signer_info["digest_algorithm"]["algorithm"].native, content).digest()
        intact, valid = validate_sig_integrity(
            signature.signer_info, cert=signature.signer_cert, expected_content_type="tst_info", actual_digest=inside
        )
        return {"intact": bool(intact and imprint["hashed_message"].native == digest), "valid": bool(valid)}
    intact, valid = validate_sig_integrity(
        signature.signer_info, cert=signature.signer_cert, expected_content_type="data", actual_digest=digest
    )
    return {"intact": bool(intact), "valid": bool(valid)}


def changes(signature: Any) -> str:
    """What was added after it: nothing, only what keeps signatures alive, further signatures and fields, or more."""
    signature.compute_integrity_info()
    coverage = str(getattr(signature.coverage, "name", ""))
    level: Any = getattr(signature.diff_result, "modification_level", None)
    if coverage == "ENTIRE_FILE":
        return "none"
    if coverage not in ("ENTIRE_FILE", "ENTIRE_REVISION"):
        return "uncovered"
    return {
        ModificationLevel.NONE: "none",
        ModificationLevel.LTA_UPDATES: "upkeep",
        ModificationLevel.FORM_FILLING: "fields",
        ModificationLevel.ANNOTATIONS: "notes",
    }.get(level, "other")


def stamp_of(signature: Any, kind: str, roots: Sequence[bytes], now: datetime) -> dict[str, Any]:
    """The moment that a timestamp authority vouches for, if one of those we know does."""
    data = signature.signed_data
    if kind == "signature":
        data = next(iter(extract_tst_data_iter(signature.signer_info, signed=False)), None)
    if data is None:
        return {"time": "", "stamped": False, "authority": {}}

    content = data["encap_content_info"]["content"]
    certificates = extract_certificate_info(data)
    info = data["signer_infos"][0]
    inside = hashlib.new(info["digest_algorithm"]["algorithm"].native, content.contents).digest()
    intact, valid = validate_sig_integrity(
        info, cert=certificates.signer_cert, expected_content_type="tst_info", actual_digest=inside
    )
    fits = (
        kind == "timestamp"
        or content.parsed["message_imprint"]["hashed_message"].native
        == hashlib.new(
            content.parsed["message_imprint"]["hash_algorithm"]["algorithm"].native,
            signature.signer_info["signature"].native,
        ).digest()
    )
    moment = content.parsed["gen_time"].native
    purpose = {"time_stamping"}  # nobody else's word for the time counts, however trusted
    trusted = path(certificates.signer_cert, certificates.other_certs, roots, moment, None, purpose)["trusted"]
    good = bool(intact and valid and fits and trusted and moment <= now + SKEW)
    return {
        "time": moment.isoformat() if good else "",
        "stamped": good,
        "authority": names_in(certificates.signer_cert.subject),
    }


def standing(
    certificate: Any, reader: Any, roots: Sequence[bytes], at: datetime, signature: Any, kind: str
) -> dict[str, Any]:
    """Of the certificate at a moment: known root, in time, status as the evidence in the file tells it."""
    others = extract_certificate_info(signature.signed_data).other_certs
    store = dss_of(reader)
    facts = path(certificate, [*others, *store["certs"]], roots, at, store)
    signs = kind == "timestamp" or may_sign(certificate)
    in_time = certificate.not_valid_before <= at <= certificate.not_valid_after
    return {**facts, "trusted": facts["trusted"] and signs, "in_time": in_time, "at": at.isoformat(), "kind": kind}


def may_sign(certificate: Any) -> bool:
    """A certificate for documents, not one for issuing others or for enciphering."""
    usage = certificate.key_usage_value
    return not certificate.ca and (usage is None or bool({"digital_signature", "non_repudiation"} & usage.native))


def dss_of(reader: Any) -> dict[str, list[Any]]:
    empty: dict[str, list[Any]] = {"certs": [], "crls": [], "ocsps": []}
    try:
        store = DocumentSecurityStore.read_dss(reader)
        certificates = [x509.Certificate.load(each.get_object().data) for each in store.certs.values()]
        return {
            "certs": certificates,
            "crls": [crl.CertificateList.load(each.get_object().data) for each in store.crls],
            "ocsps": [ocsp.OCSPResponse.load(each.get_object().data) for each in store.ocsps],
        }
    except (PdfError, ValueError, KeyError, TypeError, AttributeError):
        return empty


def path(
    certificate: Any,
    others: Sequence[Any],
    roots: Sequence[bytes],
    at: datetime,
    store: dict[str, list[Any]] | None,
    purposes: set[str] | None = None,
) -> dict[str, Any]:
    """To one of the roots, and whether anything in the file says it was revoked."""
    anchors = [x509.Certificate.load(root) for root in roots]

    def attempt(mode: str) -> Any:
        context = ValidationContext(
            trust_roots=anchors,
            other_certs=list(others),
            crls=list(store["crls"]) if store else [],
            ocsps=list(store["ocsps"]) if store else [],
            moment=at,
            allow_fetching=False,
            revocation_mode=mode,
            retroactive_revinfo=True,
        )
        checker: Any = CertificateValidator(certificate, intermediate_certs=list(others), validation_context=context)
        return asyncio.run(checker.async_validate_usage(set(), extended_key_usage=purposes or set()))

    for mode, status in (("hard-fail", "good"), ("soft-fail", "unknown")):
        try:
            attempt(mode)
        except RevokedError as wrong:
            return {"trusted": True, "status": "revoked", "revoked": getattr(wrong, "revocation_dt", at).isoformat()}
        except (PathBuildingError, PathValidationError, ValueError):
            continue
        else:
            return {"trusted": True, "status": status, "revoked": ""}
    return {"trusted": False, "status": "unknown", "revoked": ""}


def examined(pdf: bytes, *roots: bytes, known: bool) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """In a process of its own (portal/isolation.py)."""
    logging.disable(logging.CRITICAL)  # what it dislikes on its way is no matter of our log
    return examine(pdf, roots, datetime.now(UTC), known=known), ()
