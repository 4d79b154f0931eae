"""Is each part we stand on there? Every answer comes within its own short time."""

from collections.abc import Callable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from portal.celery import app
from portal.gateways.storage import AWAY
from portal.models import Heartbeat

SILENT = timedelta(seconds=60)


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as wrong:
        return type(wrong).__name__
    return "ok"


def broker() -> str:
    try:
        with app.connection_for_write() as line:
            line.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (OperationalError, OSError) as wrong:
        return type(wrong).__name__
    return "ok"


def worker() -> str:
    try:
        silence = Heartbeat.silence("worker")
    except DatabaseError as wrong:
        return type(wrong).__name__
    if silence is None or silence > SILENT:
        return "silent"
    return "ok"


def storage() -> str:
    try:
        name = default_storage.save("readiness", ContentFile(b"ready"))
        default_storage.delete(name)
    except AWAY as wrong:
        return type(wrong).__name__
    return "ok"


PARTS: dict[str, Callable[[], str]] = {"database": database, "broker": broker, "worker": worker, "storage": storage}


def report() -> dict[str, str]:
    return {name: look() for name, look in PARTS.items()}
