"""What partners call: three dialects over the same world."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from enrollment.gateways import vneid_legacy
from enrollment.gateways.vneid import Forged
from enrollment.gateways.vneid_hub import DONE, FAILED, NOT_FOUND, OK, WORKING, Hub, read_notice
from enrollment.gateways.vneid_line import Partner, is_signed, signed
from enrollment.standins.vneid.world import Asking, World, claims

LIVES = 300  # seconds, of what was handed out
CODE_LIVES = 30
Fields = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str]


def plain(fields: Fields, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(fields).encode(), {"Content-Type": "application/json", **(headers or {})})


class Services:
    def __init__(self, world: World, partner: Partner, rsa: str = "") -> None:
        self.world, self.partner = world, partner
        self.key, self.kid = ec.generate_private_key(ec.SECP256R1()), secrets.token_hex(4)
        self.wraps_for = [key.public_key() for key in vneid_legacy.private_keys(rsa)]
        self.sleep: Callable[[float], None] = time.sleep
        self.nonces: set[str] = set()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        known: dict[str, Callable[[Fields], Reply]] = {
            "/api/v1/share/init": self.share_init,
            "/api/v1/share/fetch": self.share_fetch,
            "/api/v1/certificates/register": self.hub_register,
            "/api/v1/certificates/get-status": self.hub_status,
        }
        if method == "GET" and path == "/.well-known/jwks.json":
            return plain({"keys": [self.jwk()]})
        if path == "/oauth2/token":
            return self.token(dict(parse_qsl(body.decode(errors="replace"))))
        if path == "/oauth2/userinfo":
            return self.userinfo(headers.get("Authorization", ""))
        if path == "/api/v1/partners/events":
            return self.event(headers, body)
        if path not in known:
            return plain({"error": "not found"}, 404)
        if refused := self.refused(headers, body):
            return plain({"status": refused}, 401)
        try:
            fields = json.loads(body)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            return plain({"status": "02"}, 400)
        reply = known[path](fields)
        hub = path.startswith("/api/v1/certificates/")
        return self.signed(reply, headers.get("X-Nonce", "")) if hub else reply

    def refused(self, headers: Mapping[str, str], body: bytes) -> str:
        """The hub's words for what is wrong with a signature; empty where nothing is."""
        if headers.get("X-Nonce", "") in self.nonces:
            return "23"
        if not is_signed(self.partner.secrets, self.partner.name, dict(headers), body):
            return "25"
        self.nonces.add(headers["X-Nonce"])
        return ""

    def signed(self, reply: Reply, nonce: str) -> Reply:
        return Reply(reply.status, reply.body, signed(self.partner.name, self.partner.secret, reply.body, nonce=nonce))

    # ── Sharing data ──

    def share_init(self, fields: Fields) -> Reply:
        asking = self.asking(fields, "redirectUri")
        if asking is None:
            return plain({"status": "02"}, 400)
        link = f"{self.partner.base}/share/{asking.transaction}"
        return plain({"transactionCode": asking.transaction, "link": link})

    def asking(self, fields: Fields, back: str) -> Asking | None:
        back, state, nonce, hint = (str(fields.get(name) or "") for name in (back, "state", "nonce", "transactionCode"))
        return self.world.asks(back, state, nonce, hint)

    def share_fetch(self, fields: Fields) -> Reply:
        asking = self.world.askings.get(str(fields.get("transactionCode")))
        if asking is None or asking.registration is None or asking.used or asking.code != fields.get("consentId"):
            return plain({"status": NOT_FOUND}, 404)
        self.wait_for(asking)
        asking.used = True
        now = int(time.time())
        said = {
            **claims(asking),
            "iss": self.partner.base,
            "aud": self.partner.name,
            "nonce": asking.nonce,
            "txn": asking.transaction,
            "iat": now,
            "exp": now + LIVES,
        }
        return plain({"token": self.jws(said)})

    def wait_for(self, asking: Asking) -> None:
        if asking.registration and asking.registration.citizen.slow:
            self.sleep(asking.registration.citizen.slow)

    def jws(self, said: Mapping[str, Any], **head: str) -> str:
        parts = [b64(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": self.kid, **head}, said)]
        text = ".".join(parts)
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(SHA256())))
        return f"{text}.{b64(r.to_bytes(32) + s.to_bytes(32))}"

    def jwk(self) -> Fields:
        point = self.key.public_key().public_numbers()
        x, y = (b64(value.to_bytes(32)) for value in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "alg": "ES256", "x": x, "y": y}

    # ── The hub ──

    def hub_register(self, fields: Fields) -> Reply:
        asking = self.asking(fields, "returnUrl")
        if asking is None:
            return plain({"status": "02"})
        return plain({"status": OK, "data": {"transactionCode": asking.transaction}})

    def hub_status(self, fields: Fields) -> Reply:
        asking = self.world.askings.get(str(fields.get("transactionCode")))
        if asking is None:
            return plain({"status": NOT_FOUND})
        data: Fields = {"transactionCode": asking.transaction, "statusCode": WORKING}
        if asking.registration:
            self.wait_for(asking)
            now = int(time.time())
            data |= {
                "statusCode": FAILED if asking.registration.citizen.refuses else DONE,
                "userInfo": claims(asking),
                "aud": self.partner.name,
                "nonce": asking.nonce,
                "iat": now,
                "exp": now + LIVES,
            }
        return plain({"status": OK, "data": data})

    # ── Sign-in ──

    def authorize(self, fields: Fields) -> Asking | None:
        if fields.get("client_id") != self.partner.name or fields.get("response_type") != "code":
            return None
        back, state, hint = (str(fields.get(name) or "") for name in ("redirect_uri", "state", "txn"))
        return self.world.asks(back, state, "", hint)

    def token(self, form: Mapping[str, str]) -> Reply:
        asking = next((each for each in self.world.askings.values() if each.code == form.get("code")), None)
        right = form.get("client_secret") in self.partner.secrets and form.get("client_id") == self.partner.name
        if asking is None or asking.used or not right or form.get("redirect_uri") != asking.back:
            return plain({"error": "invalid_grant"}, 400)
        if asking.until < time.time():
            return plain({"error": "invalid_grant"}, 400)
        self.wait_for(asking)
        asking.used = True
        bearer = secrets.token_urlsafe(24)
        self.world.bearers[bearer] = asking
        return self.wrapped({"access_token": bearer, "token_type": "Bearer", "expires_in": LIVES})

    def userinfo(self, authorization: str) -> Reply:
        asking = self.world.bearers.get(authorization.removeprefix("Bearer "))
        if asking is None:
            return plain({"error": "invalid_token"}, 401)
        return self.wrapped({**claims(asking), "transactionCode": asking.transaction})

    def wrapped(self, fields: Mapping[str, Any]) -> Reply:
        data, key = vneid_legacy.sealed(json.dumps(fields).encode(), self.wraps_for[0])
        return plain({"data": data, "key": key})

    # ── What the portal tells ──

    def event(self, headers: Mapping[str, str], body: bytes) -> Reply:
        if self.refused(headers, body):
            return plain({"error": "signature"}, 401)
        try:
            notice = read_notice(self.partner.secrets, body, headers.get("X-Webhook-Signature", ""))
        except Forged:
            return plain({"error": "signature"}, 401)
        heard = self.world.hears(notice.name, notice.transaction, notice.state)
        return plain({}) if heard else plain({"error": "unknown transaction"}, 404)

    def back(self, asking: Asking, dialect: str) -> str:
        """Where the browser goes when its person has agreed, or not."""
        asking.until = time.time() + CODE_LIVES
        assert asking.registration
        if asking.registration.citizen.refuses and dialect != Hub.code:
            return f"{asking.back}?{urlencode({'state': asking.state, 'error': 'access_denied'})}"
        if dialect == Hub.code:
            address, _question, query = asking.back.partition("?")
            return f"{address}{asking.transaction}/?{query}"
        if dialect == "shared":
            brought = {"state": asking.state, "txn": asking.transaction, "consent": asking.code}
            return f"{asking.back}?{urlencode(brought)}"
        code, key = vneid_legacy.sealed(asking.code.encode(), self.wraps_for[0])
        return f"{asking.back}?state={asking.state}&code={code}&key={key}"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
