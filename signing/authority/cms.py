"""Signed data as CMS writes it, for signatures in PDFs and for timestamps: one signer, SHA-256, CAdES attributes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from signing.authority import der
from signing.authority.profile import read

DATA, SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE, TIMESTAMP_TOKEN = "1.2.840.113549.1.9.16.2.47", "1.2.840.113549.1.9.16.2.14"


@dataclass(frozen=True)
class Signer:
    """Who signs: the certificates, own first, and the hand that makes the bare signature."""

    chain: tuple[bytes, ...]
    kind: str  # of the key, as der.SIGNED_BY names it
    sign: Callable[[bytes], bytes]

    @property
    def certificate(self) -> bytes:
        return self.chain[0]


def attribute(dotted: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(dotted), der.set_of(*values))


@lru_cache(64)
def identity(certificate: bytes) -> tuple[bytes, bytes]:
    """How a signer is named, and the attribute that ties the signature to this very certificate."""
    issued = read(certificate)
    issuer, serial = issued.issuer.public_bytes(), der.integer(issued.serial_number)
    named = der.sequence(der.sequence(der.explicit(4, issuer)), serial)
    tied = der.sequence(der.sequence(der.sequence(der.octets(hashlib.sha256(certificate).digest()), named)))
    return der.sequence(issuer, serial), attribute(SIGNING_CERTIFICATE, tied)


def signed(
    signer: Signer,
    digest: bytes,
    *,
    kind: str = DATA,
    content: bytes | None = None,
    stamp: Callable[[bytes], bytes] | None = None,
    bare: bool = False,
) -> bytes:
    """Over a digest, with the content inside or apart; `stamp` makes a timestamp of the signature's own digest."""
    who, tied = identity(signer.certificate)
    attributes = der.set_of(attribute(CONTENT_TYPE, der.oid(kind)), attribute(MESSAGE_DIGEST, der.octets(digest)), tied)
    signature = signer.sign(attributes)
    unsigned = []
    if stamp:
        token = stamp(hashlib.sha256(signature).digest())
        unsigned = [der.implicit(1, der.set_of(attribute(TIMESTAMP_TOKEN, token)))]
    info = der.sequence(
        der.integer(1),
        who,
        der.SHA256,
        der.implicit(0, attributes),
        der.SIGNED_BY[signer.kind],
        der.octets(signature),
        *unsigned,
    )
    inside = [] if content is None else [der.explicit(0, der.octets(content))]
    body = der.sequence(
        der.integer(1 if kind == DATA else 3),
        der.set_of(der.SHA256),
        der.sequence(der.oid(kind), *inside),
        *([] if bare else [der.implicit(0, der.set_of(*signer.chain))]),
        der.set_of(info),
    )
    return der.sequence(der.oid(SIGNED_DATA), der.explicit(0, body))
