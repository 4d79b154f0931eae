"""What the operator sees at 3 a.m.: health, metrics, logs without personal data."""

import json
import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client
from django.utils import timezone
from psycopg import OperationalError
from psycopg_pool import ConnectionPool

from portal import health, logs, tasks
from portal.management.commands.prepare import gather_static
from portal.models import Allowance, Code, Heartbeat
from tests.postgresql import PostgreSQL

pytestmark = pytest.mark.django_db


def test_healthz_says_that_the_process_lives(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


def test_readyz_names_each_part(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.PARTS, "broker", lambda: "ok")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "silent")
    tasks.beat()
    answer = client.get("/readyz")
    assert answer.json() == dict.fromkeys(("database", "broker", "worker", "storage"), "ok")
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert client.get("/readyz").json()["worker"] == "silent"


@pytest.mark.postgresql
def test_when_the_database_is_back_the_first_who_asks_is_served(cluster: PostgreSQL) -> None:
    """Promise P17. Left to its own pauses the pool would now refuse for seconds, after a long outage for minutes."""
    settled = settings.DATABASES["default"]["OPTIONS"]["pool"]
    with ConnectionPool(cluster.url.replace("postgres:", "postgresql:"), **settled) as pool:
        with pool.connection() as open_before:
            open_before.execute("SELECT 1")
        cluster.stop()
        for _request in range(6):
            with pytest.raises(OperationalError), pool.connection() as broken:
                broken.execute("SELECT 1")
        cluster.resume()
        with pool.connection() as healed:
            assert healed.execute("SELECT 1").fetchone() == (1,)


def test_static_files_are_gathered_when_one_changed_and_only_then(tmp_path: Path, settings: Any) -> None:
    source, kept = tmp_path / "from" / "page.css", tmp_path / "to" / "page.css"
    source.parent.mkdir()
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [source.parent], kept.parent
    source.write_text("a {}")
    gather_static()
    kept.write_text("left alone")
    gather_static()
    assert kept.read_text() == "left alone"
    source.write_text("b {}")
    os.utime(source, (2_000_000_000, 2_000_000_000))
    gather_static()
    assert kept.read_text() == "b {}"


def test_metrics_are_for_who_has_the_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 404
    client.get("/healthz")
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    assert answer.status_code == 200
    for name in (b"portal_requests_total", b"portal_audit_unsealed", b"portal_message_overdue_seconds"):
        assert name in answer.content


@pytest.mark.parametrize(
    "line",
    [
        {"event": "sent to 0912345678"},
        {"event": "x", "number": "051190000011"},
        {"event": "x", "text": "051 190 000 011"},
        {"event": "x", "who": "tran.mau@example.vn"},
        {"event": "x", "password": "Hoa-sen#2026"},
        {"event": "x", "deep": {"list": ["0912345678", {"otp_code": "135790"}]}},
        {"event": "x", "pin": "246801"},
        {"event": "request_finished", "request": "GET /admin/portal/user/?q=C12345678&e=mau%40example.vn"},
        {"event": "passport C12345678"},
        {"event": "x", "error": ValueError("bad 051190000011")},
    ],
)
def test_personal_data_is_struck_out_of_every_line(line: dict[str, object]) -> None:
    text = json.dumps(logs.redact(None, "", dict(line)), default=str)
    for secret in ("0912345678", "051190000011", "051 190", "example.vn", "Hoa-sen", "135790", "246801", "12345678"):
        assert secret not in text


def test_what_helps_the_operator_stays() -> None:
    line = {"event": "GET /account/ 200", "request_id": "15f878d3-14b8-4684-9802-d1c942094c37", "code": 200}
    assert logs.redact(None, "", dict(line)) == line


def test_traces_are_struck_too(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=logs.SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logger = logging.getLogger("trial")
    logger.addHandler(handler)
    try:
        int("051190000011x")
    except ValueError:
        logger.exception("could not read")
    logger.removeHandler(handler)
    text = capsys.readouterr().err
    assert "could not read" in text
    assert "051190000011" not in text


def test_probes_leave_no_lines() -> None:
    with pytest.raises(structlog.DropEvent):
        logs.quiet(None, "", {"event": "request_finished", "request": "GET /readyz"})


def test_what_has_had_its_time_is_tidied_away() -> None:
    old, now = timezone.now() - timedelta(days=2), timezone.now()
    for expires in (old, now):
        Code.objects.create(purpose="p", target=str(expires), digest="", tries_left=0, expires_at=expires)
        Allowance.objects.create(purpose="p", holder=str(expires), spent=1, renews_at=expires + timedelta(hours=1))
    tasks.tidy()
    assert Code.objects.count() == 1
    assert Allowance.objects.count() == 1
