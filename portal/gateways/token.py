"""A PKCS#11 token (extra: pkcs11): a session that mends itself, and an AES key that wraps others and never leaves it."""

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

try:  # who keeps no keys on a token does without
    import pkcs11

    IS_INSTALLED = True
    # What a token says where nothing is wrong with the question: its process was started anew, it was pulled out and put
    # back, somebody else in this process closed the library.
    GONE: tuple[type[Exception], ...] = (
        pkcs11.SessionHandleInvalid,
        pkcs11.SessionClosed,
        pkcs11.DeviceRemoved,
        pkcs11.DeviceError,
        pkcs11.TokenNotPresent,
        pkcs11.TokenNotRecognised,
        pkcs11.SlotIDInvalid,
        pkcs11.NoSuchToken,
        pkcs11.NoSuchKey,  # as one says who is not signed in any more
        pkcs11.UserNotLoggedIn,
        pkcs11.KeyHandleInvalid,
        pkcs11.ObjectHandleInvalid,
        pkcs11.UnwrappingKeyHandleInvalid,
        pkcs11.WrappingKeyHandleInvalid,
        pkcs11.OperationActive,
        pkcs11.GeneralError,
        pkcs11.FunctionFailed,
    )
    TokenError: type[Exception] = pkcs11.PKCS11Error
except ImportError:
    IS_INSTALLED, GONE, TokenError = False, (), Exception

Answer = TypeVar("Answer")
PAUSES = (0, 0.1, 0.4)  # seconds
AT_ONCE = threading.RLock()  # the library is the whole process's: it is not closed under another's hands


class Away(Exception):
    """The token does not answer, also not to a session that was opened anew."""


def is_gone(wrong: Exception) -> bool:
    """The library's own word for “not initialised” has no class of its own."""
    return isinstance(wrong, GONE) or type(wrong) is TokenError


class Line:
    """A session: opened where it is first needed, anew in a forked process and after it broke. It serves one caller at a
    time."""

    def __init__(self, library: str, token: str, pin: str, mapper: Any = None) -> None:
        self.library, self.token, self.pin, self.mapper = library, token, pin, mapper
        self.session: Any = None
        self.owner = 0

    def use(self, work: Callable[[Any], Answer]) -> Answer:
        """Done twice where the session broke, so it must be something that may be done twice."""
        with AT_ONCE:
            try:
                return work(self._opened())
            except TokenError as wrong:
                if not is_gone(wrong):
                    raise
            self.session = None
            return work(self._opened())

    def close(self) -> None:
        if self.session:
            self.session.close()
            self.session = None

    def _opened(self) -> Any:
        if not IS_INSTALLED:
            raise ImproperlyConfigured("A token is named in the settings, and the extra “pkcs11” is not installed.")
        if self.session is None or self.owner != os.getpid():  # PKCS#11 libraries do not survive a fork
            try:
                self.session, self.owner = self._open(), os.getpid()
            except TokenError as wrong:
                self.session = None
                raise Away(f"{type(wrong).__name__} {wrong}".strip()) from wrong
        return self.session

    def _open(self) -> Any:
        """A token that another process is just writing to may not be seen for a moment, also by a library opened anew."""
        library = pkcs11.lib(self.library)
        for pause in PAUSES:
            try:
                return self._signed_in(library)
            except TokenError as wrong:
                if not is_gone(wrong):
                    raise
            closed(library)
            time.sleep(pause)
            library = pkcs11.lib(self.library)
        return self._signed_in(library)

    def _signed_in(self, library: Any) -> Any:
        """Signing in holds for the whole process, so whoever comes second finds it done."""
        slot = library.get_token(token_label=self.token)
        try:
            return slot.open(user_pin=self.pin, rw=True, attribute_mapper=self.mapper)
        except pkcs11.UserAlreadyLoggedIn:
            return slot.open(rw=True, attribute_mapper=self.mapper)


def closed(library: Any) -> None:
    """So that it is initialised again when it is next asked for; somebody may have closed it already."""
    try:
        library.finalize()
    except TokenError:
        return


@dataclass(frozen=True)
class WrappingKey:
    library: str
    token: str
    label: str
    pin: str = field(repr=False)

    def wrap(self, key: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        params = pkcs11.GCMParams(nonce)
        return nonce + self._do(
            lambda handle: handle.encrypt(key, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=params)
        )

    def unwrap(self, wrapped: bytes) -> bytes:
        params = pkcs11.GCMParams(wrapped[:12])
        return self._do(
            lambda handle: handle.decrypt(wrapped[12:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=params)
        )

    def make(self) -> None:
        """Where there is none: with the first ring, by one process at a time. Two of a name would open nothing."""

        def missing(session: Any) -> None:
            try:
                session.get_key(label=self.label, key_type=pkcs11.KeyType.AES)
            except pkcs11.NoSuchKey:
                hidden = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
                session.generate_key(pkcs11.KeyType.AES, 256, label=self.label, store=True, template=hidden)

        self._use(missing)

    def _do(self, work: Callable[[Any], Any]) -> bytes:
        return self._use(lambda session: bytes(work(session.get_key(label=self.label, key_type=pkcs11.KeyType.AES))))

    def _use(self, work: Callable[[Any], Answer]) -> Answer:
        """Keys are read once per change, so the session is not kept."""
        line = Line(self.library, self.token, self.pin)
        try:
            return line.use(work)
        finally:
            line.close()
