"""Master keys in a file, each wrapped by an AES key that never leaves a PKCS#11 token (extra: pkcs11)."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pkcs11

from portal.gateways.keys import LocalKeys


def opened(library: str, token: str, pin: str) -> Any:
    """A session. Signing in holds for the whole process, so whoever comes second finds it done."""
    found = pkcs11.lib(library).get_token(token_label=token)
    try:
        return found.open(user_pin=pin, rw=True)
    except pkcs11.UserAlreadyLoggedIn:
        return found.open(rw=True)


class Pkcs11Keys(LocalKeys):
    def __init__(self, library: str, token: str, label: str, pin: str, path: Path) -> None:
        super().__init__(path)
        self.library, self.token, self.label, self.pin = library, token, label, pin

    def _wrap(self, key: bytes) -> str:
        nonce = secrets.token_bytes(12)
        with self._wrapping_key() as wrapping:
            sealed = wrapping.encrypt(key, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=pkcs11.GCMParams(nonce))
        return base64.b64encode(nonce + sealed).decode()

    def _unwrap(self, text: str) -> bytes:
        sealed = base64.b64decode(text, validate=True)
        params = pkcs11.GCMParams(sealed[:12])
        with self._wrapping_key() as wrapping:
            return bytes(wrapping.decrypt(sealed[12:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=params))

    @contextmanager
    def _wrapping_key(self) -> Iterator[Any]:
        """Opened per use, so per process: PKCS#11 libraries do not survive a fork. Keys are read once per change."""
        with opened(self.library, self.token, self.pin) as session:
            try:
                yield session.get_key(label=self.label, key_type=pkcs11.KeyType.AES)
            except pkcs11.NoSuchKey:
                yield session.generate_key(pkcs11.KeyType.AES, 256, label=self.label, store=True)
