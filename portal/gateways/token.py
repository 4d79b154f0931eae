"""A PKCS#11 token (extra: pkcs11): sessions on it, and an AES key that wraps others and never leaves it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured

try:  # who keeps no keys on a token does without
    import pkcs11

    IS_INSTALLED = True
except ImportError:
    IS_INSTALLED = False


def opened(library: str, token: str, pin: str) -> Any:
    """A session. Signing in holds for the whole process, so whoever comes second finds it done."""
    if not IS_INSTALLED:
        raise ImproperlyConfigured("A token is named in the settings, and the extra “pkcs11” is not installed.")
    slot = pkcs11.lib(library).get_token(token_label=token)
    try:
        return slot.open(user_pin=pin, rw=True)
    except pkcs11.UserAlreadyLoggedIn:
        return slot.open(rw=True)


@dataclass(frozen=True)
class WrappingKey:
    library: str
    token: str
    label: str
    pin: str = field(repr=False)

    def wrap(self, key: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        with self._handle() as handle:
            sealed = handle.encrypt(key, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=pkcs11.GCMParams(nonce))
        return nonce + bytes(sealed)

    def unwrap(self, wrapped: bytes) -> bytes:
        params = pkcs11.GCMParams(wrapped[:12])
        with self._handle() as handle:
            return bytes(handle.decrypt(wrapped[12:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=params))

    @contextmanager
    def _handle(self) -> Iterator[Any]:
        """Opened per use, so per process: PKCS#11 libraries do not survive a fork. Keys are read once per change."""
        with opened(self.library, self.token, self.pin) as session:
            try:
                yield session.get_key(label=self.label, key_type=pkcs11.KeyType.AES)
            except pkcs11.NoSuchKey:
                yield session.generate_key(pkcs11.KeyType.AES, 256, label=self.label, store=True)
