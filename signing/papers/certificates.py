"""What a certificate is worth at a moment: from whom it is, whether it was revoked, how strong it is, and what it is for.
By the roots that are trusted and what a file brings along; nothing is fetched."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    PathBuildingError,
    PathError,
    RevokedError,
    StaleRevinfoError,
    ValidationError,
)
from pyhanko_certvalidator.policy_decl import AcceptAllAlgorithms

from signing.papers.facts import INVALID, UNKNOWN, VALID, Fact, worst

NO_PATH = (PathError, ValidationError, ValueError, KeyError, TypeError, NotImplementedError)


@dataclass(frozen=True)
class Evidence:
    """Whom we trust, and what a file brings along."""

    roots: tuple[Any, ...]
    certificates: tuple[Any, ...] = ()
    lists: tuple[Any, ...] = ()
    answers: tuple[Any, ...] = ()

    def path(self, certificate: Any, others: Sequence[Any], at: datetime, *, strictly: bool) -> Any:
        """To one of the roots; `strictly`: with evidence for each certificate that it was not revoked."""
        more: dict[str, Any] = {"revocation_mode": "soft-fail", "algorithm_usage_policy": AcceptAllAlgorithms()}
        if strictly:  # evidence that was signed weakly is none
            lists = [each for each in self.lists if tells_of(certificate, each)]
            more = {"revocation_mode": "require", "crls": lists, "ocsps": list(self.answers)}
        context = ValidationContext(
            trust_roots=list(self.roots), other_certs=[*others, *self.certificates], moment=at,
            allow_fetching=False, retroactive_revinfo=True, **more,
        )  # fmt: skip
        checker: Any = CertificateValidator(
            certificate, intermediate_certs=[*others, *self.certificates], validation_context=context
        )
        return asyncio.run(checker.async_validate_path())


def tells_of(certificate: Any, revoked: Any) -> bool:
    """From lists whoever is past its end leaves: one from after that says nothing any more."""
    made_at = revoked["tbs_cert_list"]["this_update"].native
    return bool(revoked.issuer != certificate.issuer or made_at <= certificate.not_valid_after)


def evidence_in(reader: Any, roots: Sequence[bytes], signatures: Sequence[Any]) -> Evidence:
    """Of its store, and of what signers themselves enclosed as Adobe does."""
    anchors = tuple(x509.Certificate.load(root) for root in roots)
    lists, answers = [], []
    for signature in signatures:
        enclosed = adobes(signature)
        lists += list(enclosed["crl"] or ()) if enclosed else []
        answers += list(enclosed["ocsp"] or ()) if enclosed else []
    try:
        store = DocumentSecurityStore.read_dss(reader)
        return Evidence(
            anchors,
            tuple(x509.Certificate.load(each.get_object().data) for each in store.certs.values()),
            (*lists, *(crl.CertificateList.load(each.get_object().data) for each in store.crls)),
            (*answers, *(ocsp.OCSPResponse.load(each.get_object().data) for each in store.ocsps)),
        )
    except (PdfError, ValueError, KeyError, TypeError, AttributeError):
        return Evidence(anchors, (), tuple(lists), tuple(answers))


def adobes(signature: Any) -> Any:
    attributes = signature.signer_info["signed_attrs"]
    enclosed = (each for each in attributes or () if each["type"].native == "adobe_revocation_info_archival")
    return next((each["values"][0] for each in enclosed), None)


# ── The facts ──


def trust(certificate: Any, others: Sequence[Any], evidence: Evidence, at: datetime) -> tuple[Fact, list[Any]]:
    """And the certificates up to the root. Its own time is another fact: it is asked at a moment when it was in time."""
    try:
        path = evidence.path(certificate, others, within(certificate, at), strictly=False)
    except PathBuildingError:
        return Fact(UNKNOWN, "self-signed" if certificate.subject == certificate.issuer else "stranger"), []
    except NO_PATH:
        if certificate.subject == certificate.issuer:
            return Fact(UNKNOWN, "self-signed"), []
        return Fact(INVALID, "broken-path") if claims_known_key(certificate, others, evidence) else NAMESAKE, []
    return Fact(VALID, "known"), list(path)


# An authority may have had another key under the same name: only who names the key itself says what is not so.
NAMESAKE = Fact(UNKNOWN, "namesake")


def claims_known_key(certificate: Any, others: Sequence[Any], evidence: Evidence) -> bool:
    keys = {root.key_identifier for root in evidence.roots} - {None}
    return any(each.authority_key_identifier in keys for each in (certificate, *others, *evidence.certificates))


def within(certificate: Any, at: datetime) -> datetime:
    begins, ends = certificate.not_valid_before, certificate.not_valid_after
    moment: datetime = max(begins, min(at, ends))
    return moment


def status(certificate: Any, others: Sequence[Any], evidence: Evidence, at: datetime) -> Fact:
    """Whether the file shows that neither it nor one above it was revoked or on hold at this moment."""
    try:
        evidence.path(certificate, others, within(certificate, at), strictly=True)
    except RevokedError as wrong:
        return Fact(INVALID, "revoked" if wrong.is_ee_cert else "issuer-revoked", wrong.revocation_dt.isoformat())
    except StaleRevinfoError:
        return Fact(UNKNOWN, "stale")
    except NO_PATH:
        return Fact(UNKNOWN, "no-evidence")
    return Fact(VALID, "evidence")


def period(certificate: Any, at: datetime) -> Fact:
    if at < certificate.not_valid_before:
        return Fact(INVALID, "early")
    return Fact(INVALID, "expired") if at > certificate.not_valid_after else Fact(VALID, "in-time")


STRONG = {"sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512"}
WEAK = {"md2", "md4", "md5", "sha1", "ripemd160"}
LEAST = {
    "rsa": ("RSA", 2048),
    "rsassa_pss": ("RSA", 2048),
    "ec": ("ECDSA", 256),
    "dsa": ("DSA", 1 << 30),
}  # bits of a key


def algorithm(info: Any, certificate: Any, chain: Sequence[Any]) -> Fact:
    """Of the signature, its key, and of everything between it and the root (Circular 15/2025, annex I)."""
    below = chain[1:] or [certificate]
    return worst(
        keyed(certificate.public_key),
        hashed(info["digest_algorithm"]["algorithm"].native),
        *schemes(info["signature_algorithm"]),
        *(fact for each in below for fact in schemes(each["signature_algorithm"])),
        *(keyed(each.public_key) for each in [*chain[:1], *below]),
    )


def schemes(named: Any) -> Iterator[Fact]:
    """The hash of a signature's scheme, and of its mask where it has one."""
    try:
        yield hashed(named.hash_algo)
    except ValueError:  # the hash is told elsewhere, or the scheme has its own
        yield Fact(VALID, "strong")
    if named["algorithm"].native == "rsassa_pss":
        yield hashed(named["parameters"]["mask_gen_algorithm"]["parameters"]["algorithm"].native)


def hashed(name: str) -> Fact:
    shown = name.upper().replace("_", "-")
    if name in STRONG:
        return Fact(VALID, "strong", shown)
    return Fact(INVALID, "weak", shown) if name in WEAK else Fact(UNKNOWN, "unlisted", shown)


def keyed(public: Any) -> Fact:
    kind = public.algorithm
    if kind not in LEAST:
        return Fact(UNKNOWN, "unlisted", str(kind).upper())
    name, least = LEAST[kind]
    strong = public.bit_size >= least
    return Fact(VALID if strong else INVALID, "strong" if strong else "weak", f"{name} {public.bit_size}")


SIGNS = {"digital_signature", "non_repudiation"}
# E-mail, documents (Microsoft's, RFC 9336's, Adobe's), or anything.
FOR_DOCUMENTS = {
    *("email_protection", "1.3.6.1.5.5.7.3.4", "any_extended_key_usage", "2.5.29.37.0"),
    *("microsoft_document_signing", "1.3.6.1.4.1.311.10.3.12", "1.3.6.1.5.5.7.3.36"),
    *("adobe_authentic_documents_trust", "1.2.840.113583.1.1.5"),
}
STAMPS = {"time_stamping"}


def purpose(certificate: Any, kind: str) -> Fact:
    """For signing documents, or for timestamps; not for servers, for answers, or for issuing others."""
    usage, uses = certificate.key_usage_value, certificate.extended_key_usage_value
    if certificate.ca:
        return Fact(INVALID, "for-issuing")
    if usage is not None and not SIGNS & usage.native:
        return Fact(INVALID, "not-for-signing")
    if uses is None:
        if kind == "timestamp":
            return Fact(INVALID, "not-for-stamps")
        return Fact(UNKNOWN, "no-purpose") if usage is None else Fact(VALID, "for-signing")
    if kind == "timestamp":
        return Fact(VALID, "for-stamps") if set(uses.native) == STAMPS else Fact(INVALID, "not-for-stamps")
    return Fact(VALID, "for-signing") if FOR_DOCUMENTS & set(uses.native) else Fact(INVALID, "other-purpose")
