"""A stranger's file, examined in a process of its own: whatever it does to a reader it does to that process."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)
PATIENCE = 15  # seconds
# Of this process: one file is looked at and one waits a moment. The others are told, and its threads go on serving pages.
WAITING, TURNS = threading.BoundedSemaphore(2), threading.BoundedSemaphore(1)


def examined(pdf: bytes, roots: Sequence[bytes], *, known: bool) -> dict[str, Any]:
    """What examining.py says of it, or the problem that kept it from saying anything."""
    if not pdf[:1024].lstrip().startswith(b"%PDF"):
        return {"problem": "not-a-pdf"}
    with ExitStack() as taken:
        for semaphore, patience in ((WAITING, 0), (TURNS, 3)):
            if not semaphore.acquire(timeout=patience):
                return {"problem": "busy"}
            taken.callback(semaphore.release)
        return apart(pdf, roots, known=known)


def apart(pdf: bytes, roots: Sequence[bytes], *, known: bool) -> dict[str, Any]:
    question = {"roots": [base64.b64encode(root).decode() for root in roots], "known": known}
    command = [sys.executable, "-m", "signing.papers.examining"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(question).encode() + b"\n" + pdf,
            capture_output=True,
            timeout=PATIENCE,
            cwd=settings.BASE_DIR,
            check=False,
            env={},
        )
        facts: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        log.warning("file not examined in time", size=len(pdf))
        return {"problem": "busy"}
    except ValueError:
        log.warning("file not examined", size=len(pdf))
        return {"problem": "too-much"}
    return facts
