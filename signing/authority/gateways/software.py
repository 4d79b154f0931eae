"""A vault without a device: its master keys come from the signer's own key provider (SIGNER_KEYS_URL)."""

import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.gateways import keys
from portal.sealing import derived
from signing.authority.gateways.vault import RSA_BITS, Broken, Pair, exchange_key_from, sign_with
from signing.authority.profile import public_of


class SoftwareVault:
    """Keys in this process's memory while they sign, wrapped by AES-256-GCM otherwise."""

    def __init__(self, provider: keys.KeyProvider) -> None:
        self.provider = provider
        self.kept: dict[bytes, Any] = {}

    def make(self, kind: str) -> Pair:
        if kind == "p-256":
            key: Any = ec.generate_private_key(ec.SECP256R1())
        else:
            key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[kind])
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Pair(kind, public_of(key), self.encrypt(private))

    def sign(self, wrapped: bytes, message: bytes, *, keep: bool = False) -> bytes:
        key = self.kept.get(wrapped) or self._loaded(wrapped)
        if keep:
            self.kept[wrapped] = key
        return sign_with(key, message)

    def _loaded(self, wrapped: bytes) -> Any:
        # We made the key and AES-GCM vouches for it; proving its primes again would cost sixty times the signature.
        return serialization.load_der_private_key(self.decrypt(wrapped), None, unsafe_skip_rsa_key_validation=True)

    def encrypt(self, plain: bytes) -> bytes:
        ring = self.provider.keyring()
        nonce = os.urandom(12)
        box = AESGCM(derived(ring.keys[ring.active], "vault")).encrypt(nonce, plain, b"vault")
        return ring.active.encode() + b"." + nonce + box

    def decrypt(self, encrypted: bytes) -> bytes:
        name, _dot, box = encrypted.partition(b".")
        root = self.provider.keyring().keys.get(name.decode("ascii", "replace"))
        if root is None:
            raise Broken("no such master key")
        try:
            return AESGCM(derived(root, "vault")).decrypt(box[:12], box[12:], b"vault")
        except InvalidTag as wrong:
            raise Broken("altered, or of another vault") from wrong

    def exchange_key(self) -> ec.EllipticCurvePrivateKey:
        return exchange_key_from(derived(self.provider.keyring().index, "vault exchange"))


def vault_from(_url: str) -> SoftwareVault:
    return SoftwareVault(keys.provider_for(settings.SIGNER_KEYS_URL, keys=settings.SIGNER_KEYS))
