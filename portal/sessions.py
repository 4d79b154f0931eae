"""Sessions in the database, their content sealed: what passes through one (a new TOTP secret) is not for a thief to read."""

import json
from typing import Any

from django.contrib.sessions.backends import db

from portal import sealing

PLACE = "django_session.session_data"


class SessionStore(db.SessionStore):
    def encode(self, session_dict: dict[str, Any]) -> str:
        return sealing.seal(json.dumps(session_dict).encode(), PLACE)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(sealing.unseal(str(session_data), PLACE))
        except sealing.Broken:
            return {}  # as Django does: whoever holds it signs in again
        return content
