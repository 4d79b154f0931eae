"""Where the master keys come from: a local file, the environment, or a PKCS#11 token that unwraps them."""

import base64
import fcntl
import json
import os
import secrets
import time
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlparse

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.gateways.token import WrappingKey


@dataclass(frozen=True)
class Keyring:
    active: str  # the id of the key that seals from now on
    keys: dict[str, bytes] = field(repr=False)  # every key that may still unseal
    index: bytes = field(repr=False)  # blind indexes and code digests; it stays when the others turn
    since: float = 0  # when the active key became so

    def with_new_key(self) -> "Keyring":
        name = f"k{max(int(key[1:]) for key in self.keys) + 1}"
        return replace(self, active=name, keys={**self.keys, name: secrets.token_bytes(32)}, since=time.time())

    def without(self, name: str) -> "Keyring":
        return replace(self, keys={key: value for key, value in self.keys.items() if key != name})


def new_keyring() -> Keyring:
    return Keyring("k1", {"k1": secrets.token_bytes(32)}, secrets.token_bytes(32))


class KeyProvider(Protocol):
    def keyring(self) -> Keyring:
        """The keys as they stand now; called for every sealing, so it must be cheap when nothing changed."""

    def replace(self, keyring: Keyring) -> None:
        """Keep a changed ring, or say that this provider's ring is changed elsewhere."""


class LocalKeys:
    """A file that only its owner may read. Other processes see a change at their next sealing. With a wrapping key on a
    token, the file alone opens nothing."""

    def __init__(self, path: Path, wrapping: WrappingKey | None = None) -> None:
        self.path, self.wrapping = path, wrapping
        self.seen: tuple[int, Keyring] | None = None

    def keyring(self) -> Keyring:
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return self._first()
        if self.seen is None or self.seen[0] != changed:
            self.seen = (changed, self._decode(json.loads(self.path.read_text())))
        return self.seen[1]

    def replace(self, keyring: Keyring) -> None:
        aside = self._written(keyring)
        aside.replace(self.path)

    def _first(self) -> Keyring:
        """The first of several processes that start at once makes the ring, and the token's key that wraps it."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        turn = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not self.path.exists():
                if self.wrapping:
                    self.wrapping.make()
                self.replace(new_keyring())
        finally:
            os.close(turn)  # and with it the lock
        return self.keyring()

    def _written(self, keyring: Keyring) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self._encode(keyring), file)
            file.flush()
            os.fsync(file.fileno())
        return aside

    def _encode(self, keyring: Keyring) -> dict[str, Any]:
        keys = {name: self._wrap(key) for name, key in keyring.keys.items()}
        return {"active": keyring.active, "since": keyring.since, "keys": keys, "index": self._wrap(keyring.index)}

    def _decode(self, stored: dict[str, Any]) -> Keyring:
        keys = {name: self._unwrap(key) for name, key in stored["keys"].items()}
        return Keyring(stored["active"], keys, self._unwrap(stored["index"]), stored.get("since", 0))

    def _wrap(self, key: bytes) -> str:
        return base64.b64encode(self.wrapping.wrap(key) if self.wrapping else key).decode()

    def _unwrap(self, text: str) -> bytes:
        kept = base64.b64decode(text, validate=True)
        return self.wrapping.unwrap(kept) if self.wrapping else kept


class EnvironmentKeys:
    """MASTER_KEYS="k2:…,k1:…,index:…" (base64 of 32 bytes each); the first seals. Processes restart to see a change."""

    def __init__(self, text: str) -> None:
        pairs = dict(pair.strip().split(":", 1) for pair in text.split(",") if ":" in pair)
        try:
            keys = {name: base64.b64decode(value, validate=True) for name, value in pairs.items()}
            index = keys.pop("index")
            self.ring = Keyring(next(iter(keys)), keys, index)
        except (KeyError, StopIteration, ValueError) as wrong:
            raise ImproperlyConfigured("MASTER_KEYS must read k1:<base64>,index:<base64>.") from wrong
        if any(len(key) != 32 for key in (index, *keys.values())):
            raise ImproperlyConfigured("MASTER_KEYS: every key must be 32 bytes (base64 of 44 characters).")

    def keyring(self) -> Keyring:
        return self.ring

    def replace(self, keyring: Keyring) -> None:
        raise ImproperlyConfigured("Keys in the environment are changed there: put the new key first in MASTER_KEYS.")


def provider_for(url: str, *, keys: str = "", pin: str = "") -> KeyProvider:
    """`keys` for env:, `pin` for pkcs11:."""
    parts = urlparse(url)
    match parts.scheme:
        case "file":
            return LocalKeys(Path(parts.path))
        case "env":
            return EnvironmentKeys(keys)
        case "pkcs11":  # pkcs11:///usr/lib/…/libsofthsm2.so?token=portal&label=master&file=/etc/portal/keys.json
            choices = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return LocalKeys(Path(choices["file"]), WrappingKey(parts.path, choices["token"], choices["label"], pin))
    raise ImproperlyConfigured(f"Keys come from file:, env: or pkcs11:, not {parts.scheme}:.")


@cache
def provider() -> KeyProvider:
    return provider_for(settings.KEYS_URL, keys=settings.MASTER_KEYS, pin=settings.KEYS_PIN)
