"""Where private keys live. They leave the vault only wrapped by its master key, which the signer alone can reach.

A key is made for one purpose and opens for that alone, beside its own public half: a row that was put elsewhere, or whose
public half was changed, opens nothing. A customer's key wears a second coat, made of the PIN or the passkey (custody.py): so
neither the database nor the master key alone opens it."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from signing.authority import der
from signing.authority.models import Authority, algorithm

# A key signs in one way only, so its kind says which: PKCS #1 v1.5 as SmartCA's do, RSASSA-PSS as Circular 15/2025 wants it,
# or ECDSA.
RSA_BITS = {f"{scheme}-{bits}": bits for scheme in ("rsa", "pss") for bits in (2048, 3072, 4096)}
KINDS = (*RSA_BITS, "p-256")
CUSTOMER = "customer"  # a purpose; those of the provider's own keys are the roles of Authority
# Imported when VAULT_URL names one of them: a token's library is an extra that other vaults do without.
VAULTS = {
    "software": "signing.authority.gateways.software.vault_from",
    "pkcs11": "signing.authority.gateways.pkcs11.vault_from",
}


def bond(purpose: str, kind: str, public: bytes) -> bytes:
    """What the wrapped half of a pair is tied to."""
    return b"\0".join((purpose.encode(), kind.encode(), public))


@dataclass(frozen=True)
class KeyPair:
    purpose: str
    kind: str
    public: bytes  # SubjectPublicKeyInfo, DER
    wrapped: bytes = field(repr=False)

    @property
    def bond(self) -> bytes:
        return bond(self.purpose, self.kind, self.public)


PSS = padding.PSS(padding.MGF1(hashes.SHA256()), der.SALT)


class NotTheSigner(Exception):
    """Only the signer process reaches keys; web and worker have no business here."""


class VaultError(Exception):
    """The vault did not do what it was asked."""


class Broken(VaultError):
    """What was handed in was wrapped by another vault, for another purpose, beside another public half, or altered."""


class Unreachable(VaultError):
    """The vault is away: nothing is known of what was handed in."""


class Vault(Protocol):
    def establish(self) -> None:
        """Its master keys, where there are none yet: in the ceremony and nowhere else."""

    def make(self, purpose: str, kind: str) -> KeyPair:
        """A new key pair; its private half never appears but wrapped."""

    def sign(self, pair: KeyPair, message: bytes) -> bytes:
        """SHA-256 with RSA (PKCS #1 v1.5 or PSS) or ECDSA (DER), by the kind of the key."""

    def agree(self, pair: KeyPair, point: bytes) -> bytes:
        """What a P-256 key shares with whoever holds the other half of this point (ECDH)."""

    def forget(self, pair: KeyPair) -> None:
        """One of the provider's own, for good; its row is the caller's."""

    def mac(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA-256 by a master key that never turns."""

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        """Under the master key; it opens beside the same context only."""

    def decrypt(self, encrypted: bytes, context: bytes) -> bytes: ...


def sign_with(key: Any, message: bytes, kind: str = "") -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, PSS if algorithm(kind) == "pss" else padding.PKCS1v15(), hashes.SHA256())
    signature: bytes = key.sign(message, ec.ECDSA(hashes.SHA256()))
    return signature


def vault_for(url: str) -> Vault:
    scheme = urlsplit(url).scheme
    if scheme not in VAULTS:
        raise ImproperlyConfigured(f"VAULT_URL begins with software: or pkcs11:, not {scheme}:.")
    vault: Vault = import_string(VAULTS[scheme])(url)
    return vault


@cache
def _vault() -> Vault:
    return vault_for(settings.VAULT_URL)


def pair_of(authority: Authority) -> KeyPair:
    """Of one of the provider's own keys, for the purpose that its role says."""
    return KeyPair(authority.role, authority.kind, bytes(authority.public), bytes(authority.wrapped or b""))


def sign_as_provider(authority: Authority, message: bytes) -> bytes:
    return vault().sign(pair_of(authority), message)


def vault() -> Vault:
    if not settings.SIGNER:
        raise NotTheSigner
    return _vault()
