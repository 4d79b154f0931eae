"""When something was there: proven by timestamps, each of which counts as long as it is itself good at the moment that the
next one proves, the newest at the present. A stamp's own word is not enough: its authority's key may be anybody's by now."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity

from signing.papers import certificates
from signing.papers.certificates import Evidence
from signing.papers.facts import INVALID, UNKNOWN, VALID, Fact

SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Proof:
    """That something was there at this moment, by whose word, and whether that authority's certificate was in force."""

    moment: datetime
    authority: Any
    status: Fact


def integrity(info: Any, certificate: Any, kind: str, digest: bytes) -> Fact:
    """Whether the signature is one, by this certificate's key, over this digest."""
    content_type = "tst_info" if kind == "timestamp" else "data"
    try:
        intact, valid = validate_sig_integrity(info, certificate, content_type, digest)
    except SignatureValidationError:
        return Fact(INVALID, "altered")
    except (UnsupportedAlgorithm, NotImplementedError):
        return Fact(UNKNOWN, "unreadable")
    return Fact(VALID, "intact") if intact and valid else Fact(INVALID, "altered")


def token_integrity(data: Any, certificate: Any, digest_of: Callable[[str], bytes]) -> Fact:
    """Of a timestamp: its own signature, and that it is about what `digest_of` digests."""
    content, info = data["encap_content_info"]["content"], data["signer_infos"][0]
    inside = hashlib.new(info["digest_algorithm"]["algorithm"].native, content.contents).digest()
    imprint = content.parsed["message_imprint"]
    if digest_of(imprint["hash_algorithm"]["algorithm"].native) != imprint["hashed_message"].native:
        return Fact(INVALID, "altered")
    return integrity(info, certificate, "timestamp", inside)


def moment_of(data: Any) -> datetime:
    moment: datetime = data["encap_content_info"]["content"].parsed["gen_time"].native
    return moment


def facts_at(
    data: Any, certificate: Any, others: Sequence[Any], kind: str, evidence: Evidence, at: datetime
) -> dict[str, Fact]:
    """Of a signature or a stamp, at the moment by which it was there."""
    trust, chain = certificates.trust(certificate, others, evidence, at)
    knows = trust.value == VALID
    return {
        "trust": trust,
        "time": certificates.period(certificate, at),
        "status": certificates.status(certificate, others, evidence, at) if knows else Fact(UNKNOWN, "no-evidence"),
        "algorithm": certificates.algorithm(data["signer_infos"][0], certificate, chain),
        "purpose": certificates.purpose(certificate, kind),
    }


def proves(facts: dict[str, Fact], moment: datetime, at: datetime) -> bool:
    """Without evidence about its authority's certificate the moment is told, but cannot count as proven: see `status`."""
    needed = (facts[name].value for name in ("integrity", "trust", "time", "algorithm", "purpose"))
    return set(needed) == {VALID} and facts["status"].value != INVALID and moment <= at + SKEW


def enclosed(signature: Any, evidence: Evidence, at: datetime) -> Proof | None:
    """By the timestamp that a signature carries, which is about the signature's own value."""
    data = next(iter(extract_tst_data_iter(signature.signer_info, signed=False)), None)
    if data is None:
        return None
    signers, value = extract_certificate_info(data), signature.signer_info["signature"].native
    certificate = signers.signer_cert
    facts = facts_at(data, certificate, signers.other_certs, "timestamp", evidence, at)
    facts["integrity"] = token_integrity(data, certificate, lambda name: hashlib.new(name, value).digest())
    moment = moment_of(data)
    return Proof(moment, certificate, facts["status"]) if proves(facts, moment, at) else None
