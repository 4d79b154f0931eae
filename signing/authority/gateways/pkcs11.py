"""A vault in a PKCS#11 token (extra: pkcs11). Tried with SoftHSM2; a certified HSM wants its own try.

The provider's own keys are objects of the token: sensitive, never to be taken out, used where they lie; the database keeps
their name alone. Customers' keys would be too many for it: an AES key that never leaves it wraps them for the database, and
they come back as objects of one session, which cannot be read either.

The three master keys are made in the ceremony and nowhere else. Were they made where one is first needed, several processes
would make several of a name, and nothing would open ever after."""

import ctypes
import hashlib
import hmac
import os
import struct
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from pkcs11 import KDF, MGF, Attribute, GCMParams, KeyType, Mechanism, NoSuchKey, ObjectClass, PKCS11Error
from pkcs11.attributes import AttributeMapper
from pkcs11.constants import DEFAULT
from pkcs11.util.ec import encode_ec_public_key, encode_ecdsa_signature, encode_named_curve_parameters

from portal.gateways.token import Away, Line
from signing.authority import der
from signing.authority.gateways.vault import CUSTOMER, RSA_BITS, Broken, KeyPair, Unreachable, bond
from signing.authority.models import Authority, algorithm
from signing.authority.profile import public_of

Answer = TypeVar("Answer")
HIDDEN = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
# SoftHSM refuses a template that names what a key may not do: left out, these fall to its own default.
UNSAID = dict.fromkeys((Attribute.ENCRYPT, Attribute.WRAP, Attribute.VERIFY), DEFAULT)
SIGNS_ONLY = {**HIDDEN, Attribute.SIGN: True, Attribute.DECRYPT: DEFAULT, Attribute.UNWRAP: DEFAULT, **UNSAID}
MAC = 32  # bytes
# PKCS#11 wants each to know its business: one wraps keys, one encrypts, one makes MACs.
MASTERS: dict[str, tuple[KeyType, Mechanism, dict[Attribute, Any]]] = {
    "wrap": (
        KeyType.AES,
        Mechanism.AES_KEY_GEN,
        {Attribute.WRAP: True, Attribute.UNWRAP: True, Attribute.ENCRYPT: False, Attribute.DECRYPT: False},
    ),
    "encrypt": (
        KeyType.AES,
        Mechanism.AES_KEY_GEN,
        {Attribute.WRAP: False, Attribute.UNWRAP: False, Attribute.ENCRYPT: True, Attribute.DECRYPT: True},
    ),
    "mac": (KeyType.GENERIC_SECRET, Mechanism.GENERIC_SECRET_KEY_GEN, {Attribute.SIGN: True, Attribute.VERIFY: True}),
}


class Templates(AttributeMapper):
    """Teaches python-pkcs11 what the module itself holds whoever unwraps to: CKA_UNWRAP_TEMPLATE, attributes in one."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []  # what the packed pointers point to
        self.register_handler(Attribute.UNWRAP_TEMPLATE, self._packed, bytes)

    def _packed(self, template: dict[Attribute, Any]) -> bytes:
        packed = b""
        for name, value in template.items():
            raw = self.pack_attribute(name, value)
            self.kept.append(ctypes.create_string_buffer(raw, len(raw)))
            packed += struct.pack("LPL", int(name), ctypes.addressof(self.kept[-1]), len(raw))
        return packed


class Pkcs11Vault:
    LABEL = "vault"

    def __init__(self, library: str, token: str, pin: str) -> None:
        self.line = Line(library, token, pin, Templates())

    def _do(self, work: Callable[[Any], Answer]) -> Answer:
        try:
            return self.line.use(work)
        except Away as wrong:
            raise Unreachable(f"the token is away: {wrong}") from wrong
        except NoSuchKey as wrong:
            raise Unreachable(f"not in this token: {wrong}. Hold the ceremony (manage.py ceremony)") from wrong

    # ── Master keys ──

    def establish(self) -> None:
        for name in MASTERS:
            self._do(partial(self._founded, name=name))

    def _founded(self, session: Any, name: str) -> None:
        kind, mechanism, uses = MASTERS[name]
        label, template = self._label(name), {**HIDDEN, **uses}
        if list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label})):
            return
        if name == "wrap":
            try:
                bound = {**template, Attribute.UNWRAP_TEMPLATE: HIDDEN}
                session.generate_key(kind, 256, label=label, store=True, mechanism=mechanism, template=bound)
            except PKCS11Error:  # a module without it: asked for at each unwrapping, and looked at afterwards
                session.generate_key(kind, 256, label=label, store=True, mechanism=mechanism, template=template)
            return
        session.generate_key(kind, 256, label=label, store=True, mechanism=mechanism, template=template)

    def _label(self, purpose: str) -> str:
        return f"{self.LABEL} {purpose}"

    def _master(self, session: Any, name: str) -> Any:
        return session.get_key(label=self._label(name), key_type=MASTERS[name][0])

    # ── Key pairs ──

    def make(self, purpose: str, kind: str) -> KeyPair:
        return self._do(lambda session: self._made(session, purpose, kind))

    def _made(self, session: Any, purpose: str, kind: str) -> KeyPair:
        stays = purpose != CUSTOMER
        wraps: Any = None if stays else self._master(session, "wrap")  # first, lest a key is left that nothing wraps
        private = {**HIDDEN, Attribute.EXTRACTABLE: not stays}
        if purpose == Authority.Role.EXCHANGE:
            private |= {Attribute.SIGN: False, Attribute.DERIVE: True}
        how = {"store": stays, "label": self._label(purpose), "private_template": private}
        if kind == "p-256":
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
            public, secret = session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(**how)
            written = encode_ec_public_key(public)
        else:
            public, secret = session.generate_keypair(KeyType.RSA, RSA_BITS[kind], **how)
            names = (Attribute.PUBLIC_EXPONENT, Attribute.MODULUS)
            numbers = rsa.RSAPublicNumbers(*(int.from_bytes(public[name], "big") for name in names))
            written = public_of(numbers.public_key())
        public.destroy()
        if stays:
            name = name_of(bond(purpose, kind, written))
            secret[Attribute.ID] = name
            return KeyPair(purpose, kind, written, name)
        box = wraps.wrap_key(secret, mechanism=Mechanism.AES_KEY_WRAP_PAD)
        secret.destroy()
        return KeyPair(purpose, kind, written, self._mac(session, "wrapped", bond(purpose, kind, written) + box) + box)

    def sign(self, pair: KeyPair, message: bytes) -> bytes:
        return self._do(lambda session: self._signed(session, pair, message))

    def _signed(self, session: Any, pair: KeyPair, message: bytes) -> bytes:
        key = self._key(session, pair)
        try:
            if pair.kind == "p-256":
                digest = hashlib.sha256(message).digest()
                return encode_ecdsa_signature(key.sign(digest, mechanism=Mechanism.ECDSA))
            if algorithm(pair.kind) == "pss":
                how = (Mechanism.SHA256, MGF.SHA256, der.SALT)
                return bytes(key.sign(message, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=how))
            return bytes(key.sign(message, mechanism=Mechanism.SHA256_RSA_PKCS))
        finally:
            if pair.purpose == CUSTOMER:
                key.destroy()

    def _key(self, session: Any, pair: KeyPair) -> Any:
        key = self._unwrapped(session, pair) if pair.purpose == CUSTOMER else self._stored(session, pair)
        if not key[Attribute.SENSITIVE] or key[Attribute.EXTRACTABLE]:
            raise Broken("the token would give this key away")
        return key

    def _stored(self, session: Any, pair: KeyPair) -> Any:
        """By what the pair is tied to, whatever the row says of it."""
        if pair.wrapped != name_of(pair.bond):
            raise Broken("altered, of another purpose or of another vault")
        return session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=self._label(pair.purpose), id=pair.wrapped)

    def _unwrapped(self, session: Any, pair: KeyPair) -> Any:
        said, box = pair.wrapped[:MAC], pair.wrapped[MAC:]
        if not hmac.compare_digest(said, self._mac(session, "wrapped", pair.bond + box)):
            raise Broken("altered, of another purpose or of another vault")
        return self._master(session, "wrap").unwrap_key(
            ObjectClass.PRIVATE_KEY,
            KeyType.EC if pair.kind == "p-256" else KeyType.RSA,
            box,
            mechanism=Mechanism.AES_KEY_WRAP_PAD,
            store=False,
            template=SIGNS_ONLY,
        )

    def agree(self, pair: KeyPair, point: bytes) -> bytes:
        return self._do(lambda session: self._agreed(session, pair, point))

    def _agreed(self, session: Any, pair: KeyPair, point: bytes) -> bytes:
        """The shared secret comes out, once for one envelope; the key does not."""
        readable = {Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
        shared = self._key(session, pair).derive_key(
            KeyType.GENERIC_SECRET,
            256,
            mechanism=Mechanism.ECDH1_DERIVE,
            mechanism_param=(KDF.NULL, None, point),
            template=readable,
        )
        try:
            return bytes(shared[Attribute.VALUE])
        finally:
            shared.destroy()

    def forget(self, pair: KeyPair) -> None:
        self._do(lambda session: self._stored(session, pair).destroy())

    # ── MACs, and what is encrypted ──

    def mac(self, purpose: str, message: bytes) -> bytes:
        return self._do(lambda session: self._mac(session, purpose, message))

    def _mac(self, session: Any, purpose: str, message: bytes) -> bytes:
        key = self._master(session, "mac")
        return bytes(key.sign(purpose.encode() + b"\0" + message, mechanism=Mechanism.SHA256_HMAC))

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        nonce = os.urandom(12)
        params = GCMParams(nonce, context)
        return nonce + self._do(
            lambda session: bytes(
                self._master(session, "encrypt").encrypt(plain, mechanism=Mechanism.AES_GCM, mechanism_param=params)
            )
        )

    def decrypt(self, encrypted: bytes, context: bytes) -> bytes:
        params = GCMParams(encrypted[:12], context)
        try:
            return self._do(
                lambda session: bytes(
                    self._master(session, "encrypt").decrypt(
                        encrypted[12:], mechanism=Mechanism.AES_GCM, mechanism_param=params
                    )
                )
            )
        except PKCS11Error as wrong:
            raise Broken("altered, or of another token") from wrong


def name_of(bond: bytes) -> bytes:
    """By which the token finds one of the provider's own keys."""
    return hashlib.sha256(bond).digest()


def vault_from(url: str) -> Pkcs11Vault:
    parts = urlsplit(url)
    choices = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Pkcs11Vault(parts.path, choices["token"], settings.VAULT_PIN)
