"""Sessions in the database, their content sealed: what passes through one (a new TOTP secret) is not for a thief to read."""

import json
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError

from portal import sealing

PLACE = "django_session.session_data"


class SessionStore(db.SessionStore):
    def encode(self, session_dict: dict[str, Any]) -> str:
        return sealing.seal(json.dumps(session_dict).encode(), PLACE)

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
            content: dict[str, Any] = json.loads(sealing.unseal(str(session_data), PLACE))
        except sealing.Broken:
            return {}  # as Django does: whoever holds it signs in again
        return content
