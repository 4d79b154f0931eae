"""The central signing hub (DOORS §1a): a request is registered under a transaction code, its state is asked for, and the hub
tells of it too. Calls both ways bear an HMAC over partner, time, nonce and body."""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from enrollment.gateways.vneid import Asked, Away, Declined, Forged, Over, Returned, Shared, Started, Telling
from enrollment.gateways.vneid_claims import check, shared
from enrollment.gateways.vneid_line import Answer, Line, Partner, asked_once, is_signed, mark, number, signed, text

DONE, FAILED, WORKING, MADE = range(4)
OK, NOT_FOUND = "01", "03"


class Dialect:
    """What each dialect has: who we are, a line, and the hub's way of being told."""

    def __init__(self, partner: Partner) -> None:
        self.keys, self.line, self.partner = partner, Line(partner), partner.name

    def tell(self, telling: Telling) -> None:
        """As the hub's webhooks are written: whoever hears a name twice hears it once."""
        data = {"transactionCode": telling.transaction, "statusCode": telling.state, "serialNumber": telling.serial}
        event = {"id": telling.name, "type": "certificate.status", "at": int(telling.at.timestamp()), "data": data}
        body, secret = json.dumps(event).encode(), self.keys.secret
        headers = {**signed(self.partner, secret, body), "X-Webhook-Signature": f"sha256={raw_mac(secret, body)}"}
        answer = self.line.post("/api/v1/partners/events", sent=body, headers=headers)
        if answer.status in (404, 410):
            raise Over
        if answer.status != 200:
            raise Away(f"status {answer.status}")


class Hub(Dialect):
    code = "hub"

    def call(self, path: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """Its answer is signed as our question was; both bear the same nonce, so no answer of before serves."""
        body, nonce = json.dumps(question).encode(), secrets.token_hex(16)
        answer = self.line.post(path, sent=body, headers=signed(self.partner, self.keys.secret, body, nonce=nonce))
        fields = answer.fields
        status = text(fields, "status", most=4)
        if answer.status != 200 or status not in (OK, NOT_FOUND):
            raise Away(f"status {answer.status} {status}")
        if answer.header("X-Nonce") != nonce or not self.is_theirs(answer):
            raise Forged("signature")
        if status == NOT_FOUND:
            raise Over
        data = fields.get("data")
        return data if isinstance(data, dict) else {}

    def is_theirs(self, answer: Answer) -> bool:
        return is_signed(self.keys.secrets, self.partner, answer.headers, answer.body)

    def start(self, asked: Asked) -> Started:
        """The state goes along in the address to which the person returns, for that is all that their browser brings: whoever
        began the asking, and knows its transaction, does not know it."""
        home = f"{asked.back}?{urlencode({'state': asked.state})}"
        question = {"returnUrl": home, "nonce": asked.nonce, "originatorCode": self.partner}
        fields = self.call("/api/v1/certificates/register", {**question, "transactionCode": asked.hint})
        transaction = mark(fields, "transactionCode")
        if not transaction:
            raise Away("no answer as documented")
        return Started(f"{self.keys.base}/share/{quote(transaction, safe='')}", transaction)

    def returned(self, query: str, transaction: str, asked: Asked) -> Returned:
        fields = asked_once(query)
        brought = transaction or fields.get("txn", "")
        if fields.get("error"):
            raise Declined
        if not brought or len(brought) > 64:
            raise Forged("nothing brought")
        return Returned(brought, {})

    def fetch(self, returned: Returned, asked: Asked) -> Shared:
        fields = self.call("/api/v1/certificates/get-status", {"transactionCode": returned.transaction})
        state, person = number(fields, "statusCode"), fields.get("userInfo")
        if text(fields, "transactionCode", most=64) != returned.transaction:
            raise Forged("another transaction")
        if state == FAILED:
            raise Declined
        if state != DONE or not isinstance(person, dict):
            raise Away("not agreed to yet")
        check({**fields, "iss": self.keys.base}, asked, issuer=self.keys.base, audience=self.partner)
        return shared(person, returned.transaction, subject=text(person, "subject", most=64))


# ── What the hub tells us ──


def raw_mac(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()


@dataclass(frozen=True)
class Sent:
    """Of one registration; `name` is its own, the same when it is sent again."""

    name: str
    transaction: str
    state: int


def read_notice(known: Sequence[str], body: bytes, signature: str) -> Sent:
    """Over the raw body, by any key that counts. Unknown fields are let by. Raises Forged."""
    wanted = [f"sha256={raw_mac(secret, body)}" for secret in known]
    fits = [hmac.compare_digest(each.encode(), signature.encode(errors="replace")) for each in wanted]
    if not any(fits):
        raise Forged("signature")
    try:
        fields = json.loads(body)
        data = fields["data"]
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise Forged("no notice") from wrong
    if not isinstance(fields, dict) or not isinstance(data, dict):
        raise Forged("no notice")
    notice = Sent(
        name=mark(fields, "id"),
        transaction=mark(data, "transactionCode"),
        state=number(data, "statusCode"),
    )
    if not notice.name or not notice.transaction or notice.state not in (DONE, FAILED, WORKING, MADE):
        raise Forged("no notice")
    return notice
