"""What VNeID asks of us and tells us: the state of somebody who agreed to that, and what its hub says of a transaction."""

import hmac
from datetime import timedelta

from django.core import signing
from django.http import QueryDict
from django.http.request import RawPostDataException
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.gateways.vneid import Forged, VNeID
from enrollment.gateways.vneid_dialects import vneid
from enrollment.gateways.vneid_hub import read_notice
from enrollment.pages import network
from enrollment.steps import introducing, linking
from portal import audit
from portal.allowances import Limit

SIGNER = signing.TimestampSigner(salt="vneid state")
SCOPE, LIVES = "state", timedelta(minutes=30)
REFUSED = Limit(
    "vneid partner refused", 60, timedelta(minutes=10)
)  # of one network: then it waits, and is not written down
MOST = 64_000


def error(status: int, code: str, words: str) -> Response:
    return Response({"error": code, "error_description": words}, status=status)


@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def token(request: Request) -> Response:
    """Client credentials (RFC 6749 §4.4): who VNeID is, and for nothing but the state."""
    if REFUSED.is_spent(network()):
        return error(429, "temporarily_unavailable", "Too many refused requests; wait ten minutes.")
    form, partner = QueryDict(body_of(request)[:MOST].decode(errors="replace")), vneid()
    if form.get("grant_type") != "client_credentials" or form.get("scope", SCOPE) != SCOPE:
        return error(400, "invalid_request", "grant_type is client_credentials, scope is state.")
    given = [form.get(name, "").encode(errors="replace") for name in ("client_id", "client_secret")]
    if partner is None or not is_client(partner, *given):
        refuse("client")
        return error(401, "invalid_client", "Unknown client or secret.")
    bearer = {"token_type": "Bearer", "expires_in": int(LIVES.total_seconds()), "scope": SCOPE}
    return Response({"access_token": SIGNER.sign(partner.partner), **bearer})


def body_of(request: Request) -> bytes:
    """A form in parts, which nobody sends here, has been read by now."""
    try:
        return bytes(request.body)
    except RawPostDataException:
        return b""


def refuse(reason: str) -> None:
    """Written down, but not without end."""
    if REFUSED.spend(network()) is not None:
        audit.record("vneid notice refused", result="refused", reason=reason)


def is_client(partner: VNeID, name: bytes, secret: bytes) -> bool:
    """By any key that counts now; each is compared, whichever fits."""
    same_name = hmac.compare_digest(name, partner.partner.encode())
    fits = [hmac.compare_digest(secret, known.encode()) for known in partner.keys.secrets if known]
    return same_name and any(fits)


def is_bearer(request: Request) -> bool:
    scheme, _space, bearer = request.headers.get("Authorization", "").partition(" ")
    partner = vneid()
    try:
        named = SIGNER.unsign(bearer, max_age=LIVES)
    except signing.BadSignature:
        return False
    return scheme == "Bearer" and partner is not None and named == partner.partner


@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def state(request: Request, transaction: str) -> Response:
    """Of this transaction, where its person agreed and has not withdrawn; else there is nothing to be known of it."""
    if not is_bearer(request):
        refuse("token")
        return error(401, "invalid_token", "Ask for a token first.")
    known = linking.state_of(transaction)
    return Response(known) if known else error(404, "not_found", "Nothing is known of this transaction.")


@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def notice(request: Request) -> Response:
    """The hub tells; HMAC over the raw body says that it is the hub."""
    partner, body = vneid(), body_of(request)
    if partner is None:
        return Response({"error": "03", "errorDescription": "not here"}, status=400)
    try:
        if len(body) > MOST:
            raise Forged("too long")
        sent = read_notice(partner.keys.secrets, body, request.headers.get("X-Webhook-Signature", ""))
    except Forged as wrong:
        refuse(str(wrong))
        return Response({"error": "25", "errorDescription": "signature or body"}, status=400)
    introducing.notice(sent.name, sent.transaction, sent.state)
    return Response({})
