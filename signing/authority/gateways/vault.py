"""Where private keys live. They leave the vault only wrapped by its master key, which the signer alone can reach.

A customer's key wears a second coat, made of the PIN or the passkey (custody.py): so neither the database nor the master
key alone opens it."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from portal.sealing import derived

RSA_BITS = {"rsa-2048": 2048, "rsa-3072": 3072, "rsa-4096": 4096}
KINDS = (*RSA_BITS, "p-256")
# Imported when VAULT_URL names one of them: a token's library is an extra that other vaults do without.
VAULTS = {
    "software": "signing.authority.gateways.software.vault_from",
    "pkcs11": "signing.authority.gateways.pkcs11.vault_from",
}


@dataclass(frozen=True)
class Pair:
    kind: str
    public: bytes  # SubjectPublicKeyInfo, DER
    wrapped: bytes


class NotTheSigner(Exception):
    """Only the signer process reaches keys; web and worker have no business here."""


class Broken(Exception):
    """What was handed in was wrapped by another vault, or altered."""


class Vault(Protocol):
    def make(self, kind: str) -> Pair:
        """A new key pair; its private half never appears but wrapped."""

    def sign(self, wrapped: bytes, message: bytes, *, keep: bool = False) -> bytes:
        """SHA-256 with RSA (PKCS #1 v1.5) or ECDSA (DER), by the kind of the key. `keep`: one of the provider's own, which
        signs all day and stays at hand; a customer's key never does."""

    def encrypt(self, plain: bytes) -> bytes:
        """Under the master key."""

    def decrypt(self, encrypted: bytes) -> bytes: ...

    def exchange_key(self) -> ec.EllipticCurvePrivateKey:
        """To which browsers enclose PINs: always the same one, and never written anywhere."""


def sign_with(key: Any, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    signature: bytes = key.sign(message, ec.ECDSA(hashes.SHA256()))
    return signature


ORDER = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)  # of the curve P-256


def exchange_key_from(secret: bytes) -> ec.EllipticCurvePrivateKey:
    wide = derived(secret, "low") + derived(secret, "high")  # so wide that the remainder favours no number
    return ec.derive_private_key(int.from_bytes(wide, "big") % (ORDER - 1) + 1, ec.SECP256R1())


def vault_for(url: str) -> Vault:
    scheme = urlsplit(url).scheme
    if scheme not in VAULTS:
        raise ImproperlyConfigured(f"VAULT_URL begins with software: or pkcs11:, not {scheme}:.")
    vault: Vault = import_string(VAULTS[scheme])(url)
    return vault


@cache
def _vault() -> Vault:
    return vault_for(settings.VAULT_URL)


def sign_as_provider(wrapped: bytes | memoryview | None, message: bytes) -> bytes:
    """By one of the provider's own keys."""
    return vault().sign(bytes(wrapped or b""), message, keep=True)


def vault() -> Vault:
    if not settings.SIGNER:
        raise NotTheSigner
    return _vault()
