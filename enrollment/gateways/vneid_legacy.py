"""Ciphers that nobody should choose any more, and one dialect of VNeID speaks: RSA PKCS #1 v1.5 around a key, AES-ECB under it.
They are here and nowhere else, and every way to fail looks alike from outside."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from enrollment.gateways.vneid import Forged

MOST = 400_000


def private_keys(pem: str) -> list[rsa.RSAPrivateKey]:
    """The one in use first; those before it still open what is under way."""
    ends = "-----END PRIVATE KEY-----"
    blocks = [f"{block}{ends}" for block in pem.split(ends) if block.strip()]
    keys = [load_pem_private_key(block.strip().encode(), None) for block in blocks]
    return [key for key in keys if isinstance(key, rsa.RSAPrivateKey)]


def opened(sealed: str, key: str, private: Sequence[rsa.RSAPrivateKey]) -> str:
    """Of a key that does not unwrap, another takes the place: so wrong wrapping, wrong length and wrong padding end in the
    same word, after the same work. By a wrong key every 256th padding looks right: what opens must be a text, too."""
    plains = [_opened(sealed, unwrapped(key, candidate)) for candidate in private]
    for plain in filter(None, plains):
        try:
            return plain.decode()
        except ValueError:
            continue
    raise Forged("not for us")


def unwrapped(key: str, private: rsa.RSAPrivateKey) -> bytes:
    """The key that takes the place is the same for the same wrapping: whoever asks twice learns nothing by it."""
    own = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    instead = hmac.new(sha256(own).digest(), key.encode(errors="replace"), sha256).digest()
    try:
        plain = private.decrypt(base64.b64decode(key, validate=True), padding.PKCS1v15())
    except ValueError:
        return instead
    return plain if len(plain) in (16, 24, 32) else instead


def _opened(sealed: str, key: bytes) -> bytes | None:
    try:
        blocks = base64.b64decode(sealed, validate=True)
    except ValueError:
        return None
    if not blocks or len(blocks) % 16 or len(blocks) > MOST:
        return None
    cipher = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305
    padded = cipher.update(blocks) + cipher.finalize()
    remover = PKCS7(128).unpadder()
    try:
        return remover.update(padded) + remover.finalize()
    except ValueError:
        return None


# ── The other side, for the simulator and for known answers ──


def sealed(plain: bytes, public: rsa.RSAPublicKey, key: bytes = b"") -> tuple[str, str]:
    """Data and key, as VNeID sends them."""
    key, padder = key or secrets.token_bytes(32), PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    blocks = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    wrapped = public.encrypt(key, padding.PKCS1v15())
    return base64.b64encode(blocks).decode(), base64.b64encode(wrapped).decode()
