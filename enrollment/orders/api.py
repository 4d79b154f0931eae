"""What payment gateways call. Each is answered in its own words."""

from typing import Any

from django.http import Http404
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from enrollment.orders.gateways.payment import gateways
from enrollment.orders.gateways.port import Sent
from enrollment.orders.steps import paying


@api_view(["GET", "POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def payment_notice(request: Request, gateway: str) -> Response:
    """A gateway tells what became of a payment; the signature says that it is the gateway."""
    if gateway not in gateways():
        raise Http404
    raw = request.body  # as it was signed, before anything reads it
    fields: Any = request.query_params.dict() if request.method == "GET" else request.data
    sent = Sent(fields if isinstance(fields, dict) else {}, raw, request.headers)
    port, verdict = paying.receive(gateway, sent)
    status, body = port.answer(verdict)
    return Response(body, status=status)
