"""Personal data at rest: sealed fields and files, blind indexes, and keys whose erasure erases a person.

A sealed value is a token `<key id>.<base64url(nonce, ciphertext, tag)>`, bound by AES-256-GCM to its table and column.
A field that names a data key (`key="data_key"`) is sealed by that key alone, itself sealed by the master key."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import struct
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from typing import IO, Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from portal.gateways import keys

CHUNK = 64 * 1024
DATA_KEY = "d"  # the key id of whatever a data key sealed: the row says which


class Broken(Exception):
    """A sealed value was altered, moved, cut, or sealed by a key that is gone from the ring."""


class Erased(Exception):
    """The data key was erased, and with it everything that it sealed."""


class Token(str):
    """A sealed value as it lies in the database; fields unseal it when it is looked at."""

    __slots__ = ()


@lru_cache(maxsize=64)
def derived(root: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(root)


@lru_cache(maxsize=1024)
def cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal(plain: bytes, place: str, data_key: bytes | None = None) -> Token:
    if data_key is None:
        ring = keys.provider().keyring()
        name, key = ring.active, derived(ring.keys[ring.active], "seal")
    else:
        name, key = DATA_KEY, data_key
    nonce = os.urandom(12)
    sealed = nonce + cipher(key).encrypt(nonce, plain, place.encode())
    return Token(f"{name}.{base64.urlsafe_b64encode(sealed).decode()}")


def unseal(token: str, place: str, data_key: bytes | None = None) -> bytes:
    name, _, text = token.partition(".")
    if name == DATA_KEY:
        key = data_key
    else:
        root = keys.provider().keyring().keys.get(name)
        key = root and derived(root, "seal")
    if not key:
        raise Broken(f"{place}: no key {name}")
    try:
        sealed = base64.urlsafe_b64decode(text)
        return cipher(key).decrypt(sealed[:12], sealed[12:], place.encode())
    except (InvalidTag, ValueError) as wrong:
        raise Broken(place) from wrong


@cache
def _index_key(root: bytes, purpose: str) -> bytes:
    return derived(root, f"index {purpose}")


def blind_index(purpose: str, value: str) -> str:
    """The same value gives the same 64 letters, which tell nothing without the key: for exact look-up and uniqueness."""
    root = keys.provider().keyring().index
    return hmac.new(_index_key(root, purpose), value.encode(), hashlib.sha256).hexdigest()


# ── Fields ──


class Unsealing(DeferredAttribute):
    """Opens the token when the value is looked at, not when the row is read: a list pays only for what it shows."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        value = super().__get__(instance, owner)
        if isinstance(value, Token):
            value = instance.__dict__[self.field.attname] = cast("SealedField", self.field).unsealed(value, instance)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.TextField[Any, Any]):
    descriptor_class = Unsealing
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def __init__(self, *args: Any, key: str | None = None, **kwargs: Any) -> None:
        self.key = key
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "key": self.key} if self.key else kwargs

    @property
    def place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def data_key_of(self, instance: models.Model) -> bytes | None:
        return getattr(instance, self.key).opened() if self.key else None

    def sealed(self, value: Any, instance: models.Model | None = None) -> Token:
        data_key = self.data_key_of(instance) if instance else None
        return seal(self.to_text(value).encode(), self.place, data_key)

    def unsealed(self, token: Token, instance: models.Model) -> Any:
        return self.from_text(unseal(token, self.place, self.data_key_of(instance)).decode())

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, Token) and not self.key and not value.startswith(f"{keys.provider().keyring().active}."):
            # Read before the keys turned: it is not written back under the old one.
            value = self.unsealed(value, model_instance)
        if value is None or isinstance(value, Token):
            return value
        return self.sealed(value, model_instance)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Token):
            return value
        raise TypeError(f"{self.place} is sealed: look it up by its blind index, update it by save().")

    def from_db_value(self, value: str | None, *_: Any) -> Token | None:
        return None if value is None else Token(value)

    def to_text(self, value: Any) -> str:
        return str(value)

    def from_text(self, text: str) -> Any:
        return text

    def to_python(self, value: Any) -> Any:
        return value


class SealedTextField(SealedField):
    pass


class SealedDateField(SealedField):
    def to_text(self, value: date) -> str:
        return value.isoformat()

    def from_text(self, text: str) -> date:
        return date.fromisoformat(text)


class SealedJSONField(SealedField):
    def to_text(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def from_text(self, text: str) -> Any:
        return json.loads(text)


# ── Files: chunks of 64 KiB, each with its place and whether it is the last, so cutting and swapping are found ──


def sealed_chunks(file: IO[bytes], key: bytes, place: str) -> Iterator[bytes]:
    number, chunk = 0, file.read(CHUNK)
    while True:
        following = file.read(CHUNK)
        nonce = struct.pack(">QI", number, not following)
        yield cipher(key).encrypt(nonce, chunk, place.encode())
        if not following:
            return
        number, chunk = number + 1, following


def unsealed_chunks(file: IO[bytes], key: bytes, place: str) -> Iterator[bytes]:
    number, chunk = 0, file.read(CHUNK + 16)
    while True:
        following = file.read(CHUNK + 16)
        try:
            yield cipher(key).decrypt(struct.pack(">QI", number, not following), chunk, place.encode())
        except InvalidTag as wrong:
            raise Broken(place) from wrong
        if not following:
            return
        number, chunk = number + 1, following


def new_key() -> bytes:
    return secrets.token_bytes(32)
