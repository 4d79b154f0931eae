"""RFC 3161: that a hash was there at this moment. For our own signatures without a way around, for others over HTTP."""

import hashlib
import secrets
from datetime import datetime
from functools import partial

import structlog
from asn1crypto import tsp
from django.conf import settings
from django.utils import timezone

from signing.authority import clock, cms, der
from signing.authority.cms import Signer
from signing.authority.gateways.vault import sign_as_provider
from signing.authority.models import Authority
from signing.authority.remembered import remembered

log = structlog.get_logger(__name__)
DIGESTS = {"2.16.840.1.101.3.4.2.1": 32, "2.16.840.1.101.3.4.2.2": 48, "2.16.840.1.101.3.4.2.3": 64}  # SHA-2, bytes
MOST = 4096  # bytes of a request
ALGORITHM, REQUEST, TIME, POLICY, EXTENSION = 0, 2, 14, 15, 16  # why not, as RFC 3161 numbers it


def signer_of(role: str) -> Signer:
    """One of the provider's own keys at work. The root stays out: whoever checks must have it from elsewhere."""
    return remembered(("signer", role), partial(_signer_of, role))


def _signer_of(role: str) -> tuple[Signer, datetime]:
    key = Authority.now(role)
    assert key.not_after
    return Signer(tuple(key.chain[:-1]), key.algorithm, partial(sign_as_provider, key)), key.not_after


def stamp(digest: bytes, signer: Signer, now: datetime | None = None) -> bytes:
    """A token over a SHA-256 of our own."""
    return token(der.sequence(der.SHA256, der.octets(digest)), signer, now=now)


def token(
    imprint: bytes, signer: Signer, nonce: int | None = None, now: datetime | None = None, *, bare: bool = False
) -> bytes:
    """Over a hash as it was handed in; `bare`: without certificates, for who has them already. It states how right it is,
    and is not made when that is not known."""
    accuracy = clock.accuracy()
    info = der.sequence(
        der.integer(1),
        der.oid(settings.TIMESTAMP_POLICY),
        imprint,
        der.integer(secrets.randbits(120) | 1 << 120),
        der.generalized(now or timezone.now()),
        *([der.sequence(der.integer(accuracy))] if accuracy else []),
        *([] if nonce is None else [der.integer(nonce)]),
    )
    return cms.signed(signer, hashlib.sha256(info).digest(), kind=cms.TST_INFO, content=info, bare=bare)


def answer(request: bytes) -> bytes:
    """To a client of the service: a token, or why not."""
    try:
        query = tsp.TimeStampReq.load(request, strict=True)
        version, imprint = query["version"].native, query["message_imprint"]
        algorithm, digest = imprint["hash_algorithm"]["algorithm"].dotted, imprint["hashed_message"].native
        nonce, policy, extensions = query["nonce"].native, query["req_policy"].native, query["extensions"].native
    except (ValueError, TypeError, KeyError):
        return refusal(REQUEST)
    wrong = {
        REQUEST: version != "v1" or len(request) > MOST,
        ALGORITHM: DIGESTS.get(algorithm) != len(digest),
        POLICY: policy not in (None, settings.TIMESTAMP_POLICY),
        EXTENSION: bool(extensions),  # whether critical or not: we know none (RFC 3161, 2.4.1)
    }
    for bit, is_wrong in wrong.items():
        if is_wrong:
            return refusal(bit)
    try:
        signer = signer_of(Authority.Role.TIMESTAMP)
        stamped = token(imprint.dump(), signer, nonce, bare=not query["cert_req"].native)
    except clock.Unknown as unknown:
        log.error("nothing stamped", alarm=True, reason=str(unknown))
        return refusal(TIME)
    return der.sequence(der.sequence(der.integer(0)), stamped)


def refusal(bit: int) -> bytes:
    """Status 2, rejected, and the bit that says why."""
    octets = bytearray(bit // 8 + 1)
    octets[bit // 8] = 128 >> bit % 8
    return der.sequence(der.sequence(der.integer(2), der.bits(bytes(octets), 7 - bit % 8)))
