"""A vault in a PKCS#11 token (extra: pkcs11)."""

import os
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, NoSuchKey, ObjectClass, PKCS11Error
from pkcs11.constants import DEFAULT
from pkcs11.util.ec import encode_ec_public_key, encode_ecdsa_signature, encode_named_curve_parameters

from portal.gateways.token import opened
from portal.sealing import derived
from signing.authority.gateways.vault import RSA_BITS, Broken, Pair, exchange_key_from
from signing.authority.profile import public_of

# SoftHSM refuses a template that names what a key may not do: left out, these fall to its own default.
UNSAID = (Attribute.ENCRYPT, Attribute.WRAP, Attribute.VERIFY)
SIGNS_ONLY = {Attribute.SIGN: True, **dict.fromkeys(UNSAID, DEFAULT)}


class Pkcs11Vault:
    """Keys are made, unwrapped and used inside a token; an AES key that never leaves it wraps them for the database.

    So the token holds one object however many customers there are. Tried with SoftHSM2; a certified HSM wants its own
    try."""

    LABEL = "vault"

    def __init__(self, library: str, token: str, pin: str) -> None:
        self.library, self.token, self.pin = library, token, pin
        self.line: Any = None
        self.owner = 0
        self.turn = threading.Lock()  # a session serves one caller at a time

    def _session(self) -> Any:
        """Opened per process, for PKCS#11 libraries do not survive a fork."""
        if self.line is None or self.owner != os.getpid():
            self.line, self.owner = opened(self.library, self.token, self.pin), os.getpid()
        return self.line

    def _master(self, purpose: str) -> Any:
        """One key wraps keys, another encrypts: PKCS#11 wants each to know its business."""
        line, label = self._session(), f"{self.LABEL} {purpose}"
        try:
            return line.get_key(label=label, key_type=KeyType.AES)
        except NoSuchKey:
            wraps = purpose == "wrap"
            template = {
                Attribute.SENSITIVE: True,
                Attribute.EXTRACTABLE: False,
                Attribute.WRAP: wraps,
                Attribute.UNWRAP: wraps,
                Attribute.ENCRYPT: not wraps,
                Attribute.DECRYPT: not wraps,
            }
            return line.generate_key(KeyType.AES, 256, label=label, store=True, template=template)

    def make(self, kind: str) -> Pair:
        private = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: True}
        with self.turn:
            line = self._session()
            if kind == "p-256":
                curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
                domain = line.create_domain_parameters(KeyType.EC, curve, local=True)
                public, secret = domain.generate_keypair(store=False, private_template=private)
                written = encode_ec_public_key(public)
            else:
                bits = RSA_BITS[kind]
                public, secret = line.generate_keypair(KeyType.RSA, bits, store=False, private_template=private)
                names = (Attribute.PUBLIC_EXPONENT, Attribute.MODULUS)
                numbers = rsa.RSAPublicNumbers(*(int.from_bytes(public[name], "big") for name in names))
                written = public_of(numbers.public_key())
            box = self._master("wrap").wrap_key(secret, mechanism=Mechanism.AES_KEY_WRAP_PAD)
            secret.destroy()
            public.destroy()
        return Pair(kind, written, (b"E" if kind == "p-256" else b"R") + box)

    def sign(self, wrapped: bytes, message: bytes, *, keep: bool = False) -> bytes:
        """Whether kept or not, the key is unwrapped into the token each time: that is what the token is for."""
        is_ec = wrapped[:1] == b"E"
        with self.turn:
            try:
                key = self._master("wrap").unwrap_key(
                    ObjectClass.PRIVATE_KEY,
                    KeyType.EC if is_ec else KeyType.RSA,
                    wrapped[1:],
                    mechanism=Mechanism.AES_KEY_WRAP_PAD,
                    store=False,
                    template=SIGNS_ONLY,
                )
            except PKCS11Error as wrong:
                raise Broken("altered, or of another token") from wrong
            try:
                if is_ec:
                    return encode_ecdsa_signature(key.sign(sha256(message), mechanism=Mechanism.ECDSA))
                return bytes(key.sign(message, mechanism=Mechanism.SHA256_RSA_PKCS))
            finally:
                key.destroy()

    def encrypt(self, plain: bytes) -> bytes:
        nonce = os.urandom(12)
        params = GCMParams(nonce)
        with self.turn:
            box = self._master("encrypt").encrypt(plain, mechanism=Mechanism.AES_GCM, mechanism_param=params)
        return nonce + bytes(box)

    def decrypt(self, encrypted: bytes) -> bytes:
        params = GCMParams(encrypted[:12])
        with self.turn:
            try:
                return bytes(
                    self._master("encrypt").decrypt(encrypted[12:], mechanism=Mechanism.AES_GCM, mechanism_param=params)
                )
            except PKCS11Error as wrong:
                raise Broken("altered, or of another token") from wrong

    def exchange_key(self) -> ec.EllipticCurvePrivateKey:
        """Derived from a secret that the token makes by its own key, so every process of it comes to the same."""
        params = GCMParams(bytes(12))
        with self.turn:
            box = self._master("exchange").encrypt(
                b"vault exchange", mechanism=Mechanism.AES_GCM, mechanism_param=params
            )
        return exchange_key_from(derived(bytes(box), "vault exchange"))


def sha256(message: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(message)
    return digest.finalize()


def vault_from(url: str) -> Pkcs11Vault:
    parts = urlsplit(url)
    choices = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Pkcs11Vault(parts.path, choices["token"], settings.VAULT_PIN)
