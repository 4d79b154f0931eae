"""What other machines call."""

from uuid import UUID

from django.http import Http404
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from portal import outbox

DELIVERED = {"1", "delivered"}  # Kannel's number, and the word of gateways that send JSON


@api_view(["GET", "POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def sms_report(request: Request, message: UUID, token: str) -> Response:
    """A gateway tells what became of an SMS. The token came with the message and fits no other."""
    if not outbox.is_report_token(message, token):  # before a byte of the body is read
        raise Http404
    report = request.data if request.method == "POST" else request.query_params
    status = str(report.get("status", "")) if hasattr(report, "get") else ""
    outbox.report(message, delivered=status.lower() in DELIVERED)
    return Response({"status": "noted"})
