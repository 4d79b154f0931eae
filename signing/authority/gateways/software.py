"""A vault without a device: its master keys come from the signer's own key provider (SIGNER_KEYS_URL)."""

import hmac
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.gateways import keys
from portal.sealing import derived
from signing.authority.gateways.vault import CUSTOMER, RSA_BITS, Broken, KeyPair, bond, sign_with
from signing.authority.profile import public_of


class SoftwareVault:
    """Keys in this process's memory while they sign, wrapped by AES-256-GCM otherwise."""

    def __init__(self, provider: keys.KeyProvider) -> None:
        self.provider = provider
        self.kept: dict[KeyPair, Any] = {}

    def establish(self) -> None:
        self.provider.keyring()

    def make(self, purpose: str, kind: str) -> KeyPair:
        if kind == "p-256":
            key: Any = ec.generate_private_key(ec.SECP256R1())
        else:
            key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[kind])
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = public_of(key)
        return KeyPair(purpose, kind, public, self.encrypt(private, bond(purpose, kind, public)))

    def sign(self, pair: KeyPair, message: bytes) -> bytes:
        return sign_with(self._loaded(pair), message, pair.kind)

    def agree(self, pair: KeyPair, point: bytes) -> bytes:
        key: ec.EllipticCurvePrivateKey = self._loaded(pair)
        return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))

    def forget(self, pair: KeyPair) -> None:
        self.kept.pop(pair, None)

    def unwrapped(self, pair: KeyPair) -> bytes:
        """PKCS #8, DER: in this process alone."""
        return self.decrypt(pair.wrapped, pair.bond)

    def _loaded(self, pair: KeyPair) -> Any:
        """One of the provider's own signs all day and stays at hand; a customer's key never does."""
        key = self.kept.get(pair)
        if key is None:
            # We made the key and AES-GCM vouches for it; proving its primes again would cost sixty times the signature.
            key = serialization.load_der_private_key(self.unwrapped(pair), None, unsafe_skip_rsa_key_validation=True)
            if pair.purpose != CUSTOMER:
                self.kept[pair] = key
        return key

    def mac(self, purpose: str, message: bytes) -> bytes:
        return hmac.digest(derived(self.provider.keyring().index, f"vault mac {purpose}"), message, "sha256")

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        ring = self.provider.keyring()
        nonce = os.urandom(12)
        box = AESGCM(derived(ring.keys[ring.active], "vault")).encrypt(nonce, plain, context)
        return ring.active.encode() + b"." + nonce + box

    def decrypt(self, encrypted: bytes, context: bytes) -> bytes:
        name, _dot, box = encrypted.partition(b".")
        root = self.provider.keyring().keys.get(name.decode("ascii", "replace"))
        if root is None:
            raise Broken("no such master key")
        try:
            return AESGCM(derived(root, "vault")).decrypt(box[:12], box[12:], context)
        except (InvalidTag, ValueError) as wrong:
            raise Broken("altered, of another purpose or of another vault") from wrong


def vault_from(_url: str) -> SoftwareVault:
    return SoftwareVault(keys.provider_for(settings.SIGNER_KEYS_URL, keys=settings.SIGNER_KEYS))
