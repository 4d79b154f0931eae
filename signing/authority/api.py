"""What PKI clients call, over plain HTTP as they expect: lists, answers, certificates, timestamps. All of it is signed."""

import base64
import binascii

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from signing.authority import lists, ocsp, questions, timestamps
from signing.authority.models import Authority

MOST = 4096  # bytes of a question
OCSP_ANSWER, TIMESTAMP_ANSWER = "application/ocsp-response", "application/timestamp-reply"


def authority(serial: str) -> Authority:
    kinds = (Authority.Role.ROOT, Authority.Role.ISSUING)
    return get_object_or_404(Authority, serial=serial, role__in=kinds)


@require_GET
def certificate(request: HttpRequest, serial: str) -> HttpResponse:
    return HttpResponse(bytes(authority(serial).certificate or b""), content_type="application/pkix-cert")


@require_GET
def revocation_list(request: HttpRequest, serial: str, shard: int = 0) -> HttpResponse:
    newest = lists.newest(authority(serial), shard)
    if newest is None:
        raise Http404
    answer = HttpResponse(bytes(newest.der), content_type="application/pkix-crl")
    answer["Cache-Control"] = "public, max-age=60"  # a revocation is to be seen within minutes
    return answer


@csrf_exempt
@require_http_methods(["GET", "POST"])
def status(request: HttpRequest, serial: str, question: str = "") -> HttpResponse:
    """OCSP: ready where it was signed ahead; else the signer is asked."""
    authority(serial)
    content = decoded(question) if request.method == "GET" else request.body
    if not 0 < len(content) <= MOST:
        return HttpResponse(ocsp.failed(ocsp.MALFORMED), content_type=OCSP_ANSWER)
    signed = ocsp.signed_ahead(content) or questions.ask("ocsp", content) or ocsp.failed(ocsp.TRY_LATER)
    answer = HttpResponse(signed, content_type=OCSP_ANSWER)
    answer["Cache-Control"] = "no-store" if request.method == "POST" else "public, max-age=30"
    return answer


def decoded(question: str) -> bytes:
    try:
        return base64.b64decode(question.encode(), validate=True)
    except (binascii.Error, ValueError):
        return b""


@csrf_exempt
@require_POST
def timestamp(request: HttpRequest) -> HttpResponse:
    content = request.body
    if not 0 < len(content) <= MOST:
        return HttpResponse(timestamps.refusal(2), content_type=TIMESTAMP_ANSWER)
    signed = questions.ask("timestamp", content) or timestamps.refusal(25)
    return HttpResponse(signed, content_type=TIMESTAMP_ANSWER)
