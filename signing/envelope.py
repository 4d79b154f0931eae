"""What a browser encloses for the signer and nobody else can open: ECDH on P-256, HKDF and AES-256-GCM, as WebCrypto has them.

The same few lines in JavaScript are in static/signing/signing.js."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_der_public_key

INFO = b"smartca envelope 2"
NAME, POINT, NONCE = 8, 65, 12
LEAST, MOST = NAME + POINT + NONCE, 8192


BATCH = b"smartca batch 1"  # sets this digest apart from that of any document


class Garbled(Exception):
    """Not enclosed for this signer, altered on the way, or not what an envelope holds."""


def batch_digest(digests: Iterable[str]) -> str:
    """One over many, in their order, so that an envelope holds a batch of any size. Each is SHA-256 in hex: were one
    shorter, another batch could have the same."""
    whole = [bytes.fromhex(digest) for digest in digests]
    if any(len(digest) != hashlib.sha256().digest_size for digest in whole):
        raise ValueError("not SHA-256")
    return hashlib.sha256(BATCH + b"".join(whole)).hexdigest()


def opened(enclosed: bytes, agreed: Callable[[str, bytes], bytes]) -> dict[str, Any]:
    """`agreed`: what the key of this name shares with whoever holds the other half of this point."""
    name, point, nonce = enclosed[:NAME], enclosed[NAME : NAME + POINT], enclosed[NAME + POINT : LEAST]
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), point
        )  # of this curve: others would tell of the key
        plain = AESGCM(derived(agreed(name.hex(), point))).decrypt(nonce, enclosed[LEAST:], name + point)
        fields = json.loads(plain)
    except (InvalidTag, ValueError, TypeError, RecursionError) as wrong:
        raise Garbled from wrong
    if not isinstance(fields, dict):
        raise Garbled
    return fields


def text(raw: bytes) -> str:
    """As it travels in a form."""
    return base64.b64encode(raw).decode()


def derived(shared: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=bytes(32), info=INFO).derive(shared)


def enclosed(fields: dict[str, Any], public: bytes) -> bytes:
    """As the browser does it; for tests and for the demo's people."""
    key, other, nonce = ec.generate_private_key(ec.SECP256R1()), load_der_public_key(public), bytes(NONCE)
    assert isinstance(other, ec.EllipticCurvePublicKey)
    numbers = key.public_key().public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    secret, plain = derived(key.exchange(ec.ECDH(), other)), json.dumps(fields).encode()
    name = hashlib.sha256(public).digest()[:NAME]
    return name + point + nonce + AESGCM(secret).encrypt(nonce, plain, name + point)
