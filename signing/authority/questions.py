"""Questions that only the signer can answer while somebody waits: an OCSP answer with a nonce, a timestamp.

They go by the signer's queue and come back by a list of Redis, for a lost one is asked again by whoever wants to know."""

import base64
import threading
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from portal.celery import app as celery
from signing.authority import ocsp, timestamps

ANSWERS: dict[str, Callable[[bytes], bytes]] = {"ocsp": ocsp.answer, "timestamp": timestamps.answer}
PATIENCE = 4  # seconds
WAITING = threading.BoundedSemaphore(2)  # of a process's few threads, so that pages go on whatever is asked here


def ask(what: str, question: bytes) -> bytes | None:
    """The answer, or nothing if none came in time."""
    if settings.SIGNER:
        return ANSWERS[what](question)
    broker: Any = celery.pool
    if not WAITING.acquire(blocking=False):
        return None  # enough of this process's threads wait already
    place = f"signer-answer-{uuid.uuid4().hex}"
    try:
        celery.send_task(
            "signing.authority.tasks.answer",
            [what, base64.b64encode(question).decode(), place],
            retry=False,
            expires=PATIENCE,
        )
        with broker.acquire(block=True, timeout=PATIENCE) as line:
            popped: Any = line.default_channel.client.brpop([place], timeout=PATIENCE)
    except (OperationalError, RedisError, OSError):
        return None
    finally:
        WAITING.release()
    return base64.b64decode(popped[1]) or None if popped else None


def reply(what: str, question: str, place: str) -> None:
    answer = b""
    try:
        answer = base64.b64encode(ANSWERS[what](base64.b64decode(question)))
    finally:  # who waits is told, also if there is nothing to tell
        put(place, answer)


def put(place: str, answer: bytes) -> None:
    broker: Any = celery.pool
    with broker.acquire(block=True) as line:
        client: Any = line.default_channel.client
        client.lpush(place, answer)
        client.expire(place, 2 * PATIENCE)
