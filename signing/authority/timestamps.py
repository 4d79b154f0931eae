"""RFC 3161: that a hash was there at this moment. For our own signatures without a way around, for others over HTTP."""

import hashlib
import secrets
from datetime import datetime
from functools import partial

from asn1crypto import tsp
from django.utils import timezone

from signing.authority import cms, der
from signing.authority.cms import Signer
from signing.authority.gateways.vault import sign_as_provider
from signing.authority.models import Authority

POLICY = "2.999.1"  # of the arc for examples: this authority has no registered policy
SHA256 = "2.16.840.1.101.3.4.2.1"
MOST = 4096  # bytes of a request


def signer_of(role: str) -> Signer:
    """One of the provider's own keys at work. The root stays out: whoever checks must have it from elsewhere."""
    key = Authority.now(role)
    return Signer(tuple(key.chain[:-1]), key.algorithm, partial(sign_as_provider, key.wrapped))


def stamp(
    digest: bytes, signer: Signer, nonce: int | None = None, now: datetime | None = None, *, bare: bool = False
) -> bytes:
    """A token over a SHA-256; `bare`: without certificates, for who has them already."""
    info = der.sequence(
        der.integer(1),
        der.oid(POLICY),
        der.sequence(der.SHA256, der.octets(digest)),
        der.integer(secrets.randbits(120) | 1 << 120),
        der.generalized(now or timezone.now()),
        der.sequence(der.integer(1)),  # right to the second
        *([] if nonce is None else [der.integer(nonce)]),
    )
    return cms.signed(signer, hashlib.sha256(info).digest(), kind=cms.TST_INFO, content=info, bare=bare)


def answer(request: bytes) -> bytes:
    """To a client of the service: a token, or why not."""
    try:
        query = tsp.TimeStampReq.load(request, strict=True)
        imprint = query["message_imprint"]
        algorithm, digest = imprint["hash_algorithm"]["algorithm"].dotted, imprint["hashed_message"].native
        nonce, policy = query["nonce"].native, query["req_policy"].native
    except (ValueError, TypeError, KeyError):
        return refusal(2)  # not a request
    if len(request) > MOST or algorithm != SHA256 or len(digest) != 32:
        return refusal(0)  # another hash than ours
    if policy not in (None, POLICY):
        return refusal(15)
    token = stamp(digest, signer_of(Authority.Role.TIMESTAMP), nonce, bare=not query["cert_req"].native)
    return der.sequence(der.sequence(der.integer(0)), token)


def refusal(bit: int) -> bytes:
    """Status 2, rejected, and the bit that says why (RFC 3161: 0 algorithm, 2 request, 15 policy)."""
    octets = bytearray(bit // 8 + 1)
    octets[bit // 8] = 128 >> bit % 8
    return der.sequence(der.sequence(der.integer(2), der.bits(bytes(octets), 7 - bit % 8)))
