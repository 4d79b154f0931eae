"""The second coat of a customer's key: a secret that only the customer has, beside the vault's own.

A random key wraps the private key once more; that key is wrapped by the PIN (through Argon2id) and, where there is one,
by the passkey's secret. The vault's master key encrypts the whole, so that a stolen database offers nothing to guess a PIN
against; and it says whose key it is, so that rows cannot be swapped."""

import base64
import hashlib
import json
import os
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.sealing import derived
from signing.authority.gateways.vault import Broken, vault

PIN, PASSKEY = "pin", "passkey"


class WrongSecret(Exception):
    """The PIN or the passkey does not open this key."""


def stretched(way: str, secret: bytes, salt: bytes) -> bytes:
    """A PIN is short, so each guess is made to cost; a passkey's secret is long already."""
    if way == PASSKEY:
        return derived(secret, "custody passkey")
    return hash_secret_raw(secret, salt, time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, type=Type.ID)


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def box(key: bytes, plain: bytes) -> str:
    nonce = os.urandom(12)
    return text(nonce + AESGCM(key).encrypt(nonce, plain, b"custody"))


def unboxed(key: bytes, boxed: str) -> bytes:
    content = raw(boxed)
    try:
        return AESGCM(key).decrypt(content[:12], content[12:], b"custody")
    except InvalidTag as wrong:
        raise WrongSecret from wrong


def locked(wrapped: bytes, owner: str, public: bytes, secrets: dict[str, bytes]) -> bytes:
    """What the vault wrapped, under these secrets too; each of them opens it alone."""
    key, ways = os.urandom(32), {}
    for way, secret in secrets.items():
        salt = os.urandom(16)
        ways[way] = {"salt": text(salt), "box": box(stretched(way, secret, salt), key)}
    content = {"owner": owner, "public": hashlib.sha256(public).hexdigest(), "ways": ways, "core": box(key, wrapped)}
    return vault().encrypt(json.dumps(content).encode())


def opened(custody: bytes, owner: str, public: bytes, way: str, secret: bytes) -> bytes:
    """What the vault wrapped, to be signed with at once."""
    content = checked(custody, owner, public)
    if way not in content["ways"]:
        raise WrongSecret
    lock = content["ways"][way]
    return unboxed(unboxed(stretched(way, secret, raw(lock["salt"])), lock["box"]), content["core"])


def checked(custody: bytes, owner: str, public: bytes) -> dict[str, Any]:
    """The vault's word that this key is this owner's; raises Broken."""
    content: dict[str, Any] = json.loads(vault().decrypt(custody))
    if content["owner"] != owner or content["public"] != hashlib.sha256(public).hexdigest():
        raise Broken("another's key")
    return content
