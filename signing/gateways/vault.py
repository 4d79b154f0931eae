"""Where private keys live. They leave the vault only wrapped by its master key, which the signer alone can reach.

A customer's key wears a second coat, made of the PIN or the passkey (custody.py): so neither the database nor the master
key alone opens it."""

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qs, urlparse

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.gateways import keys
from portal.sealing import derived
from signing.authority.profile import public_of

RSA_BITS = {"rsa-2048": 2048, "rsa-3072": 3072, "rsa-4096": 4096}
KINDS = (*RSA_BITS, "p-256")


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

    def seal(self, plain: bytes) -> bytes:
        """Under the master key."""

    def open(self, sealed: bytes) -> bytes: ...

    def exchange_key(self) -> ec.EllipticCurvePrivateKey:
        """To which browsers seal PINs: always the same one, and never written anywhere."""


def sign_with(key: Any, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    signature: bytes = key.sign(message, ec.ECDSA(hashes.SHA256()))
    return signature


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
        return Pair(kind, public_of(key), self.seal(private))

    def sign(self, wrapped: bytes, message: bytes, *, keep: bool = False) -> bytes:
        key = self.kept.get(wrapped) or self._loaded(wrapped)
        if keep:
            self.kept[wrapped] = key
        return sign_with(key, message)

    def _loaded(self, wrapped: bytes) -> Any:
        # We made the key and AES-GCM vouches for it; proving its primes again would cost sixty times the signature.
        return serialization.load_der_private_key(self.open(wrapped), None, unsafe_skip_rsa_key_validation=True)

    def seal(self, plain: bytes) -> bytes:
        ring = self.provider.keyring()
        nonce = os.urandom(12)
        sealed = AESGCM(derived(ring.keys[ring.active], "vault")).encrypt(nonce, plain, b"vault")
        return ring.active.encode() + b"." + nonce + sealed

    def open(self, sealed: bytes) -> bytes:
        name, _dot, box = sealed.partition(b".")
        root = self.provider.keyring().keys.get(name.decode("ascii", "replace"))
        if root is None:
            raise Broken("no such master key")
        try:
            return AESGCM(derived(root, "vault")).decrypt(box[:12], box[12:], b"vault")
        except InvalidTag as wrong:
            raise Broken("altered, or of another vault") from wrong

    def exchange_key(self) -> ec.EllipticCurvePrivateKey:
        return exchange_key_from(derived(self.provider.keyring().index, "vault exchange"))


class Pkcs11Vault:
    """Keys are made, unwrapped and used inside a token; an AES key that never leaves it wraps them for the database.

    So the token holds one object however many customers there are. Tried with SoftHSM2; a certified HSM wants its own
    try."""

    LABEL = "vault"

    def __init__(self, library: str, token: str, pin: str) -> None:
        import pkcs11
        from pkcs11.constants import DEFAULT  # its library is an extra that other vaults do without

        from portal.gateways.token import opened

        self.pkcs11, self.opened = pkcs11, opened
        self.library, self.token, self.pin = library, token, pin
        # SoftHSM refuses a template that names what a key may not do: left out, these fall to its own default.
        unsaid = (pkcs11.Attribute.ENCRYPT, pkcs11.Attribute.WRAP, pkcs11.Attribute.VERIFY)
        self.signs_only = {pkcs11.Attribute.SIGN: True, **dict.fromkeys(unsaid, DEFAULT)}
        self.line: Any = None
        self.owner = 0
        self.turn = threading.Lock()  # a session serves one caller at a time

    def _session(self) -> Any:
        """Opened per process, for PKCS#11 libraries do not survive a fork."""
        if self.line is None or self.owner != os.getpid():
            self.line, self.owner = self.opened(self.library, self.token, self.pin), os.getpid()
        return self.line

    def _master(self, purpose: str) -> Any:
        """One key wraps keys, another seals: PKCS#11 wants each to know its business."""
        constants, line, label = self.pkcs11, self._session(), f"{self.LABEL} {purpose}"
        try:
            return line.get_key(label=label, key_type=constants.KeyType.AES)
        except constants.NoSuchKey:
            wraps = purpose == "wrap"
            template = {
                constants.Attribute.SENSITIVE: True,
                constants.Attribute.EXTRACTABLE: False,
                constants.Attribute.WRAP: wraps,
                constants.Attribute.UNWRAP: wraps,
                constants.Attribute.ENCRYPT: not wraps,
                constants.Attribute.DECRYPT: not wraps,
            }
            return line.generate_key(constants.KeyType.AES, 256, label=label, store=True, template=template)

    def make(self, kind: str) -> Pair:
        constants = self.pkcs11
        private = {constants.Attribute.EXTRACTABLE: True, constants.Attribute.SENSITIVE: True}
        with self.turn:
            line = self._session()
            if kind == "p-256":
                from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

                curve = {constants.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
                domain = line.create_domain_parameters(constants.KeyType.EC, curve, local=True)
                public, secret = domain.generate_keypair(store=False, private_template=private)
                told = encode_ec_public_key(public)
            else:
                public, secret = line.generate_keypair(
                    constants.KeyType.RSA, RSA_BITS[kind], store=False, private_template=private
                )
                numbers = [
                    int.from_bytes(public[name], "big")
                    for name in (constants.Attribute.PUBLIC_EXPONENT, constants.Attribute.MODULUS)
                ]
                told = public_of(rsa.RSAPublicNumbers(*numbers).public_key())
            box = self._master("wrap").wrap_key(secret, mechanism=constants.Mechanism.AES_KEY_WRAP_PAD)
            secret.destroy()
            public.destroy()
        return Pair(kind, told, (b"E" if kind == "p-256" else b"R") + box)

    def sign(self, wrapped: bytes, message: bytes, *, keep: bool = False) -> bytes:
        """Whether kept or not, the key is unwrapped into the token each time: that is what the token is for."""
        constants = self.pkcs11
        is_ec = wrapped[:1] == b"E"
        with self.turn:
            try:
                key = self._master("wrap").unwrap_key(
                    constants.ObjectClass.PRIVATE_KEY,
                    constants.KeyType.EC if is_ec else constants.KeyType.RSA,
                    wrapped[1:],
                    mechanism=constants.Mechanism.AES_KEY_WRAP_PAD,
                    store=False,
                    template=self.signs_only,
                )
            except constants.PKCS11Error as wrong:
                raise Broken("altered, or of another token") from wrong
            try:
                if is_ec:
                    from pkcs11.util.ec import encode_ecdsa_signature

                    return encode_ecdsa_signature(key.sign(sha256(message), mechanism=constants.Mechanism.ECDSA))
                return bytes(key.sign(message, mechanism=constants.Mechanism.SHA256_RSA_PKCS))
            finally:
                key.destroy()

    def seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(12)
        params = self.pkcs11.GCMParams(nonce)
        with self.turn:
            box = self._master("seal").encrypt(plain, mechanism=self.pkcs11.Mechanism.AES_GCM, mechanism_param=params)
        return nonce + bytes(box)

    def open(self, sealed: bytes) -> bytes:
        params = self.pkcs11.GCMParams(sealed[:12])
        with self.turn:
            try:
                return bytes(
                    self._master("seal").decrypt(
                        sealed[12:], mechanism=self.pkcs11.Mechanism.AES_GCM, mechanism_param=params
                    )
                )
            except self.pkcs11.PKCS11Error as wrong:
                raise Broken("altered, or of another token") from wrong

    def exchange_key(self) -> ec.EllipticCurvePrivateKey:
        """Derived from a secret that the token makes by its own key, so every process of it comes to the same."""
        params = self.pkcs11.GCMParams(bytes(12))
        with self.turn:
            box = self._master("exchange").encrypt(
                b"vault exchange", mechanism=self.pkcs11.Mechanism.AES_GCM, mechanism_param=params
            )
        return exchange_key_from(derived(bytes(box), "vault exchange"))


def sha256(message: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(message)
    return digest.finalize()


ORDER = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)  # of the curve P-256


def exchange_key_from(secret: bytes) -> ec.EllipticCurvePrivateKey:
    wide = derived(secret, "low") + derived(secret, "high")  # so wide that the remainder favours no number
    return ec.derive_private_key(int.from_bytes(wide, "big") % (ORDER - 1) + 1, ec.SECP256R1())


def vault_for(url: str) -> Vault:
    parts = urlparse(url)
    if parts.scheme == "software":
        return SoftwareVault(keys.provider_for(settings.SIGNER_KEYS_URL, keys=settings.SIGNER_KEYS))
    if parts.scheme == "pkcs11":
        choices = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return Pkcs11Vault(parts.path, choices["token"], settings.VAULT_PIN)
    raise ImproperlyConfigured(f"VAULT_URL begins with software: or pkcs11:, not {parts.scheme}:.")


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
