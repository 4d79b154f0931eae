"""Sessions in the database, their content sealed: what passes through one (a new TOTP secret) is not for a thief to read.

Nor does a row let its reader in: its name is a keyed hash of the cookie, and what lies in it opens under that name alone."""

import json
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError
from django.utils.crypto import get_random_string

from portal import sealing

PLACE = "django_session.session_data"
COOKIE, NAME = 32, 40  # characters of either


def name_of(secret: str) -> str:
    return sealing.blind_index("session", secret)[:NAME]


class SessionStore(db.SessionStore):
    """By the cookie's secret, or by the name of a row, by which one's other sessions are ended."""

    def __init__(self, session_key: str | None = None) -> None:
        self.secret = session_key or ""
        super().__init__(session_key if not session_key or len(session_key) == NAME else name_of(session_key))

    def _get_new_session_key(self) -> str:
        self.secret = get_random_string(COOKIE)
        return name_of(self.secret)

    def encode(self, session_dict: dict[str, Any]) -> str:
        return sealing.seal(json.dumps([self.session_key, session_dict]).encode(), PLACE)

    def save(self, must_create: bool = False) -> None:
        """Django takes a database that is away for a session that is gone, and blames the request."""
        try:
            super().save(must_create)
        except UpdateError as gone:
            if isinstance(gone.__context__, OperationalError):
                raise gone.__context__ from None
            raise

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            name, content = json.loads(sealing.unseal(str(session_data), PLACE))
        except (sealing.Broken, ValueError):
            return {}  # as Django does: whoever holds it signs in again
        return content if name == self.session_key else {}
