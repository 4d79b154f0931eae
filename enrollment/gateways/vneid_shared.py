"""Sharing data with a biometric check: we ask for a transaction, the person shows their face to VNeID and agrees, a consent
comes back, and for both we are given the data in a signed token (DOORS §1c; the token's shape is our reading of it)."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from enrollment.gateways.vneid import Asked, Away, Declined, Forged, Over, Returned, Shared, Started
from enrollment.gateways.vneid_claims import check, shared
from enrollment.gateways.vneid_hub import Dialect
from enrollment.gateways.vneid_line import Answer, Partner, asked_once, mark, signed, text

AGAIN = 60  # seconds between two looks for a key that is not known
ANEW = 3600  # after which one that is known is looked for anew: VNeID may have taken it back
MOST_KEYS = 10


class SharedData(Dialect):
    code = "shared"

    def __init__(self, partner: Partner) -> None:
        super().__init__(partner)
        self.public: dict[str, ec.EllipticCurvePublicKey] = {}
        self.looked: float | None = None

    def call(self, path: str, question: Mapping[str, Any]) -> Answer:
        body = json.dumps(question).encode()
        return self.line.post(path, sent=body, headers=signed(self.partner, self.keys.secret, body))

    def start(self, asked: Asked) -> Started:
        question = {"redirectUri": asked.back, "state": asked.state, "nonce": asked.nonce, "lang": asked.language}
        answer = self.call("/api/v1/share/init", {**question, "transactionCode": asked.hint})
        fields = answer.fields if answer.status == 200 else {}
        address, transaction = text(fields, "link", most=1000), mark(fields, "transactionCode")
        if not transaction or not address.isascii() or origin_of(address) != self.keys.origin:
            raise Away("no answer as documented")
        return Started(address, transaction)

    def returned(self, query: str, transaction: str, asked: Asked) -> Returned:
        fields = asked_once(query)
        if fields.get("error"):
            raise Declined
        consent, brought = (fields.get(name, "") for name in ("consent", "txn"))
        if not consent or not brought or max(len(consent), len(brought)) > 64:
            raise Forged("nothing brought")
        return Returned(brought, {"consent": consent})

    def fetch(self, returned: Returned, asked: Asked) -> Shared:
        self.look(ANEW)  # before: a consent is given for once
        question = {"transactionCode": returned.transaction, "consentId": returned.ticket.get("consent", "")}
        answer = self.call("/api/v1/share/fetch", question)
        if answer.status in (404, 410):
            raise Over
        token = answer.fields.get("token")
        if answer.status != 200 or not isinstance(token, str):
            raise Away(f"status {answer.status}")
        claims = self.opened(token)
        check(claims, asked, issuer=self.keys.base, audience=self.partner)
        if text(claims, "txn", most=64) != returned.transaction:
            raise Forged("another transaction")
        return shared(claims, returned.transaction, subject=text(claims, "sub", most=64))

    # ── The token: ES256 and nothing else, by a key that VNeID publishes ──

    def opened(self, token: str) -> dict[str, Any]:
        parts = token.split(".")
        if len(parts) != 3 or len(token) > 100_000:
            raise Forged("no token")
        head, claims = fields_of(parts[0]), fields_of(parts[1])
        if head.get("alg") != "ES256" or "crit" in head:
            raise Forged("another algorithm")
        key, signature = self.key(str(head.get("kid", ""))[:64]), decoded(parts[2])
        if key is None or len(signature) != 64:
            raise Forged("no key of VNeID's")
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        try:
            key.verify(encode_dss_signature(r, s), f"{parts[0]}.{parts[1]}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature as wrong:
            raise Forged("signature") from wrong
        return claims

    def key(self, name: str) -> ec.EllipticCurvePublicKey | None:
        """Keys turn: one that is not known is looked for, though not at every asking."""
        if name not in self.public:
            self.look(AGAIN)
        return self.public.get(name)

    def look(self, after: float) -> None:
        """For VNeID's keys, so many seconds after the last look that was answered."""
        if self.looked is not None and time.monotonic() - self.looked < after:
            return
        answer = self.line.get("/.well-known/jwks.json", {})
        listed = answer.fields.get("keys")
        if answer.status != 200 or not isinstance(listed, list):
            raise Away("no keys as documented")
        self.public = dict(filter(None, map(read_key, listed[:MOST_KEYS])))
        self.looked = time.monotonic()


def origin_of(address: str) -> str:
    try:
        url = urlsplit(address)
    except ValueError:
        return ""
    return f"{url.scheme}://{url.netloc}"


def read_key(row: Any) -> tuple[str, ec.EllipticCurvePublicKey] | None:
    """One that signs, as the token wants it; others are let by."""
    if not isinstance(row, dict) or (row.get("kty"), row.get("crv")) != ("EC", "P-256"):
        return None
    if row.get("use", "sig") != "sig" or row.get("alg", "ES256") != "ES256":
        return None
    try:
        x, y = (int.from_bytes(decoded(str(row.get(name, "")))) for name in "xy")
        return str(row.get("kid", ""))[:64], ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (ValueError, Forged):
        return None


def decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as wrong:
        raise Forged("no token") from wrong


def fields_of(part: str) -> dict[str, Any]:
    try:
        fields = json.loads(decoded(part))
    except (ValueError, RecursionError) as wrong:
        raise Forged("no token") from wrong
    if not isinstance(fields, dict):
        raise Forged("no token")
    return fields
