"""Sign-in, as brokers use it (DOORS §1b): the code flow of OAuth 2 with deviations. No nonce, no id_token; the code may come
wrapped; token and person come as {"data", "key"} under our RSA key. A "+" in the raw query must survive."""

import json
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from enrollment.gateways import vneid_legacy
from enrollment.gateways.vneid import Asked, Away, Declined, Forged, Over, Returned, Shared, Started
from enrollment.gateways.vneid_claims import shared
from enrollment.gateways.vneid_hub import Dialect
from enrollment.gateways.vneid_line import Answer, Partner, asked_once, mark, text


class SignIn(Dialect):
    code = "signin"

    def __init__(self, partner: Partner) -> None:
        super().__init__(partner)
        self.private = vneid_legacy.private_keys(settings.VNEID_RSA)

    def start(self, asked: Asked) -> Started:
        question = {
            "response_type": "code",
            "client_id": self.partner,
            "redirect_uri": asked.back,
            "scope": "openid",
            "state": asked.state,
            "lang": asked.language,
            "txn": asked.hint,
        }
        return Started(f"{self.keys.base}/oauth2/authorize?{urlencode(question)}")

    def returned(self, query: str, transaction: str, asked: Asked) -> Returned:
        fields = asked_once(query, raw=True)  # base64 has a "+" that a form's reader takes for a space
        if fields.get("error"):
            raise Declined
        code = fields.get("code", "")
        if key := fields.get("key", ""):
            code = self.unwrapped(code, key)
        if not code or len(code) > 200:
            raise Forged("nothing brought")
        return Returned("", {"code": code})

    def fetch(self, returned: Returned, asked: Asked) -> Shared:
        """A code lives seconds: one that VNeID knows no longer is asked for anew."""
        form = {
            "grant_type": "authorization_code",
            "code": returned.ticket["code"],
            "client_id": self.partner,
            "client_secret": self.keys.secret,
            "redirect_uri": asked.back,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        token = self.opened(self.line.post("/oauth2/token", sent=urlencode(form).encode(), headers=headers))
        bearer = mark(token, "access_token", most=4000)
        if not bearer:
            raise Away("no answer as documented")
        claims = self.opened(self.line.get("/oauth2/userinfo", {"Authorization": f"Bearer {bearer}"}))
        transaction = mark(claims, "transactionCode")
        return shared(claims, transaction, subject=text(claims, "sub", "accountId", most=64))

    def opened(self, answer: Answer) -> dict[str, Any]:
        if answer.status in (400, 401, 404, 410):
            raise Over
        fields = answer.fields
        sealed, key = fields.get("data"), fields.get("key")
        if answer.status != 200 or not isinstance(sealed, str) or not isinstance(key, str):
            raise Away("no answer as documented")
        try:
            opened = json.loads(self.unwrapped(sealed, key))
        except (ValueError, RecursionError) as wrong:
            raise Forged("not for us") from wrong
        if not isinstance(opened, dict):
            raise Forged("not for us")
        return opened

    def unwrapped(self, sealed: str, key: str) -> str:
        return vneid_legacy.opened(sealed, key, self.private)
