"""What PKI clients call, over plain HTTP as they expect: lists, answers, certificates, timestamps. All of it is signed."""

import base64
import binascii

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from signing.models import Authority
from signing.steps import asking, publishing, timestamping

MOST = 4096  # bytes of a question
OCSP, TIMESTAMP = "application/ocsp-response", "application/timestamp-reply"


def authority(serial: str) -> Authority:
    kinds = (Authority.Role.ROOT, Authority.Role.ISSUING)
    return get_object_or_404(Authority, serial=serial, role__in=kinds)


@require_GET
def certificate(request: HttpRequest, serial: str) -> HttpResponse:
    return HttpResponse(bytes(authority(serial).certificate or b""), content_type="application/pkix-cert")


@require_GET
def revocation_list(request: HttpRequest, serial: str) -> HttpResponse:
    found = publishing.current_list(authority(serial))
    if found is None:
        raise Http404
    answer = HttpResponse(bytes(found.der), content_type="application/pkix-crl")
    answer["Cache-Control"] = "public, max-age=60"  # a revocation is to be seen within minutes
    return answer


@csrf_exempt
@require_http_methods(["GET", "POST"])
def ocsp(request: HttpRequest, serial: str, question: str = "") -> HttpResponse:
    """Ready where it was signed ahead; else the signer is asked."""
    authority(serial)
    content = asked(question) if request.method == "GET" else request.body
    if not 0 < len(content) <= MOST:
        return HttpResponse(publishing.failed(publishing.MALFORMED), content_type=OCSP)
    told = publishing.signed_ahead(content) or asking.ask("ocsp", content) or publishing.failed(publishing.TRY_LATER)
    answer = HttpResponse(told, content_type=OCSP)
    answer["Cache-Control"] = "no-store" if request.method == "POST" else "public, max-age=30"
    return answer


def asked(question: str) -> bytes:
    try:
        return base64.b64decode(question.encode(), validate=True)
    except (binascii.Error, ValueError):
        return b""


@csrf_exempt
@require_POST
def timestamp(request: HttpRequest) -> HttpResponse:
    content = request.body
    if not 0 < len(content) <= MOST:
        return HttpResponse(timestamping.refusal(2), content_type=TIMESTAMP)
    told = asking.ask("timestamp", content) or timestamping.refusal(25)
    return HttpResponse(told, content_type=TIMESTAMP)
