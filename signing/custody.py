"""The second coat of a customer's key: a secret that only the customer has, beside the vault's own; and the vault's word for
the row in which it lies.

A random key wraps the private key once more; that key is wrapped by the PIN (through Argon2id, and then through MACs that only
the vault can make) and, where there is one, by the passkey's secret. The vault's master key encrypts the whole, so that a
stolen database offers nothing to guess a PIN against; and it says whose key it is, so that rows cannot be swapped. Where the
master keys lie in a token, each guess needs the token itself, also of somebody who once saw the whole opened."""

import base64
import hmac
import json
import os
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.sealing import derived
from signing.authority.gateways.vault import CUSTOMER, Broken, KeyPair, bond, vault
from signing.models import Key

PIN, PASSKEY = "pin", "passkey"
ROUNDS = 64  # MACs a guess, one after another: a token's pace bounds who has come so far as to ask it


class WrongSecret(Exception):
    """The PIN or the passkey does not open this key."""


# ── The row ──


def vouched(key: Key) -> bytes:
    """The vault's MAC over the whole row, but for the tries, which others count."""
    facts = (
        key.pk, key.subscription_id, key.application_id, key.kind, text(key.public), text(key.wrapped), text(key.custody),
        text(key.request), key.passkey, key.made_at.isoformat(), key.bound_at and key.bound_at.isoformat(),
    )  # fmt: skip
    return vault().mac("key", json.dumps(facts, sort_keys=True).encode())


def check(key: Key) -> None:
    """That the row is as the signer left it: whatever else was written there is nobody's key."""
    if not hmac.compare_digest(bytes(key.mac or b""), vouched(key)):
        raise Broken(f"the row of key {key.pk} was altered")


# ── The coat ──


def context_of(key: Key) -> bytes:
    return b"custody " + key.owner.encode() + b"\0" + bond(CUSTOMER, key.kind, bytes(key.public))


def stretched(way: str, secret: bytes, salt: bytes, context: bytes) -> bytes:
    """A PIN is short, so each guess is made to cost, here and in the vault; a passkey's secret is long already."""
    if way == PASSKEY:
        return derived(secret, "custody passkey")
    guess = hash_secret_raw(secret, salt, time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, type=Type.ID)
    share = guess
    for _round in range(ROUNDS):
        share = vault().mac("custody pin", context + share)
    return derived(guess + share, "custody pin")


def text(raw: bytes | memoryview | None) -> str:
    return base64.b64encode(bytes(raw or b"")).decode()


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


def locked(key: Key, secrets: dict[str, bytes]) -> bytes:
    """What the vault wrapped, under these secrets too; each of them opens it alone."""
    core, ways, context = os.urandom(32), {}, context_of(key)
    for way, secret in secrets.items():
        salt = os.urandom(16)
        ways[way] = {"salt": text(salt), "box": box(stretched(way, secret, salt, context), core)}
    content = {"ways": ways, "core": box(core, bytes(key.wrapped or b""))}
    return vault().encrypt(json.dumps(content).encode(), context)


def opened(key: Key, way: str, secret: bytes) -> KeyPair:
    """To be signed with at once."""
    content = ways_of(key)
    if way not in content["ways"]:
        raise WrongSecret
    lock = content["ways"][way]
    core = unboxed(stretched(way, secret, raw(lock["salt"]), context_of(key)), lock["box"])
    return pair_of(key, unboxed(core, content["core"]))


def ways_of(key: Key) -> dict[str, Any]:
    """The vault's word that this key is this owner's; raises Broken."""
    content: dict[str, Any] = json.loads(vault().decrypt(bytes(key.custody or b""), context_of(key)))
    return content


def pair_of(key: Key, wrapped: bytes) -> KeyPair:
    return KeyPair(CUSTOMER, key.kind, bytes(key.public), wrapped)
