"""The API's side of saying no. Django REST framework loads this by name while it loads itself, so it imports little of it."""

import io
import json
import re
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, parsers

from portal import errors
from portal.refusals import Refusal

MAX_DEPTH = 32
SURROGATES = re.compile("[\ud800-\udfff]")


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = errors.PAGES[413][2]
    default_code = "too-large"


class GuardedJSONParser(parsers.JSONParser):
    """JSON nested a thousand deep is nobody's form: refuse it before Python's stack does."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            body = stream.read()
        except RequestDataTooBig as wrong:
            raise TooLarge from wrong
        # One pass: a text that never closes runs to the end, else each of its quotes would be a new beginning.
        bare = re.sub(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', b"", body, flags=re.S)
        depth = 0
        for bracket in re.findall(rb"[\[\]{}]", bare):
            depth += 1 if bracket in b"[{" else -1
            if depth > MAX_DEPTH:
                raise exceptions.ParseError(_("JSON lồng quá sâu."))
        content = super().parse(io.BytesIO(body), media_type, parser_context)
        if not is_storable(content):
            raise exceptions.ParseError
        return content


def is_storable(content: Any) -> bool:
    """No NUL and no half of a letter, which JSON can write and no database takes."""
    text = json.dumps(content, ensure_ascii=False)
    return "\\u0000" not in text and not SURROGATES.search(text)


def answer(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    request: HttpRequest = context["request"]._request
    match error:
        case Refusal():
            return errors.refused(request, error)
        case exceptions.APIException():
            detail = error.detail if isinstance(error.detail, str) else ""
            wait = getattr(error, "wait", None)
            problem = errors.answer(request, error.status_code, error.default_code, detail, title=detail, wait=wait)
            if header := getattr(error, "auth_header", None):
                problem["WWW-Authenticate"] = header
            return problem
        case Http404():
            return errors.answer(request, 404)
        case PermissionDenied():
            return errors.answer(request, 403)
    return None
