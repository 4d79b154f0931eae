"""Every no is a page with a way on, or a problem that a program can read."""

import io
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation
from rest_framework import exceptions

from portal import errors, middleware, outbox, problems
from portal.refusals import Refusal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_names_hotline_request_and_a_way_on(status: int, language: str) -> None:
    with translation.override(language):
        page = errors.answer(RequestFactory().get("/x/"), status).content.decode()
    assert f'lang="{language}"' in page
    assert "1800 1260" in page
    assert f"{status} {errors.PAGES[status][0]}" in page
    assert 'class="button"' in page


def test_an_unknown_address_is_a_page_of_ours(client: Client) -> None:
    answer = client.get("/khong-co/")
    assert answer.status_code == 404
    assert "Không tìm thấy trang" in answer.content.decode()


def test_a_page_without_its_token_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {})
    assert answer.status_code == 403
    assert "tải lại trang" in answer.content.decode()


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PROPFIND"])
def test_a_method_that_no_page_knows_is_refused(client: Client, method: str) -> None:
    answer = client.generic(method, "/sign-in/")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_page_that_is_only_posted_to_is_no_empty_page(client: Client) -> None:
    answer = client.get("/language/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Về trang chủ" in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in/?next=%00",
        "/?q=a%00b",
        *(f"/admin/{table}/?q=%00" for table in ("portal/user", "portal/event", "enrollment/application", "kyc/case")),
    ],
)
def test_a_nul_in_an_address_is_no_question(client: Client, path: str) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("typed", [{"lo\0gin": "0011\x0090"}, "login=0011%0090&password=%00"])
def test_a_nul_in_a_form_is_left_out(client: Client, typed: Any) -> None:
    kind: Any = {"content_type": "application/x-www-form-urlencoded"} if isinstance(typed, str) else {}
    page = client.post("/sign-in/", typed, **kind)
    assert page.status_code == 200
    assert 'value="001190"' in page.content.decode()
    assert "\0" not in page.content.decode()


@pytest.mark.parametrize("body", [b'{"status": "a\\u0000"}', b'{"\\u0000": 1}', b'{"status": ["\\ud800"]}'])
def test_json_that_no_database_takes_is_refused(client: Client, body: bytes) -> None:
    assert client.post(report_url(), body, content_type="application/json").status_code == 400


def test_whole_letters_of_two_halves_are_taken(client: Client) -> None:
    body = b'{"status": "\\ud83d\\ude00"}'
    assert client.post(report_url(), body, content_type="application/json").status_code == 200


def test_the_api_answers_problems(client: Client) -> None:
    answer = client.get("/api/sms/11111111-2222-3333-4444-555555555555/none/")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/not-found")


def report_url() -> str:
    message = uuid4()
    return f"/api/sms/{message}/{outbox.report_token(message)}/"


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"[" * 40 + b"]" * 40, b"{", b"\xff\xfe", b"NaN"]
)
def test_strange_json_is_a_400_and_nothing_worse(body: bytes, client: Client) -> None:
    answer = client.post(report_url(), body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_text_that_never_closes_costs_no_time() -> None:
    """Quadratic once: 40 kB took three seconds."""
    began = time.process_time()
    with pytest.raises(exceptions.ParseError):
        problems.GuardedJSONParser().parse(io.BytesIO(b'"' + b'\\"' * 500_000))
    assert time.process_time() - began < 2


def test_a_report_token_of_any_letters_is_a_404(client: Client) -> None:
    assert client.get("/api/sms/11111111-2222-3333-4444-555555555555/é/").status_code == 404


def test_brackets_inside_text_are_no_nesting(client: Client) -> None:
    body = json.dumps({"status": '[{"' * 500 + '\\"'})
    assert client.post(report_url(), body, content_type="application/json").status_code == 200


def test_a_huge_body_is_refused_unread(client: Client) -> None:
    answer = client.post("/sign-in/", b"", content_type="text/plain", CONTENT_LENGTH=str(settings.BODY_LIMIT + 1))
    assert answer.status_code == 413
    chunked = client.post("/sign-in/", headers={"Transfer-Encoding": "chunked"}, CONTENT_LENGTH="")
    assert chunked.status_code == 413


def test_a_form_too_large_for_memory_is_a_413(client: Client) -> None:
    body = b"login=" + b"1" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    answer = client.post("/sign-in/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413


def test_too_many_fields_are_a_400(client: Client) -> None:
    answer = client.post("/password/forgotten/", {f"field{place}": "x" for place in range(600)})
    assert answer.status_code == 400


def test_a_refusal_anywhere_becomes_a_page(rf: RequestFactory) -> None:
    layer = middleware.Refusals(lambda _request: HttpResponse())
    answer = layer.process_exception(rf.get("/"), Refusal("out-of-step", "Hồ sơ đã chuyển sang bước khác.", status=409))
    assert answer is not None
    assert answer.status_code == 409
    assert "Hồ sơ đã chuyển sang bước khác." in answer.content.decode()
    assert layer.process_exception(rf.get("/"), ZeroDivisionError()) is None


@pytest.mark.parametrize("page", ["/", "/sign-in/", "/password/forgotten/"])
def test_without_its_database_the_portal_rests_and_says_when_to_come_back(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(type(connections["default"]), "cursor", gone)
    client = Client(raise_request_exception=False)
    answer = client.get(page) if page != "/password/forgotten/" else client.post(page, {"number": "001190000001"})
    if page == "/sign-in/":
        assert answer.status_code == 200  # the form itself needs no database
        return
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "15"
    assert "tạm nghỉ" in answer.content.decode()


def test_a_session_that_could_not_be_saved_is_no_fault_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database too busy to take it is away for a moment; a session that was ended meanwhile is gone."""
    client = Client(raise_request_exception=False)
    client.post("/password/forgotten/", {"number": "001190000001"})

    def busy(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "save", busy)
        assert client.post("/password/forgotten/", {"number": "001190000002"}).status_code == 503
    assert client.get("/password/new/").status_code == 200


def test_a_fault_of_ours_shows_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError("secret inner words")

    monkeypatch.setattr("portal.views.health.report", fault)
    answer = Client(raise_request_exception=False).get("/readyz")
    assert answer.status_code == 500
    assert b"secret inner words" not in answer.content
    assert "Hệ thống gặp sự cố" in answer.content.decode()


# ── Headers ──

Check = Callable[[str], bool]


def test_every_answer_carries_the_protecting_headers(client: Client) -> None:
    for page in ("/", "/khong-co/", "/sign-in/", "/demo/"):
        headers = client.get(page).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "camera=(self)" in headers["Permissions-Policy"]
        assert "geolocation=()" in headers["Permissions-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] in ("no-store", "max-age=0, no-cache, no-store, must-revalidate, private")


def test_a_foreign_host_is_not_answered() -> None:
    assert Client(headers={"host": "evil.example"}).get("/").status_code == 400


def test_the_language_is_vietnamese_until_the_switch_is_pressed(client: Client) -> None:
    assert 'lang="vi"' in client.get("/", headers={"Accept-Language": "en"}).content.decode()
    answer = client.post("/language/", {"language": "en", "next": "/sign-in/"})
    assert answer.headers["Location"] == "/sign-in/"
    page = client.get("/sign-in/").content.decode()
    assert 'lang="en"' in page
    assert "ID number" in page


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_language_switch_leads_nowhere_else(back: str, client: Client) -> None:
    assert client.post("/language/", {"language": "en", "next": back}).headers["Location"] == "/"
