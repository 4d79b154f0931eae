"""A stranger's PDF, examined in a process of its own: whatever it does to a reader it does to that process."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from portal import isolation

EXAMINING = isolation.Program("signing.papers.examining", seconds=10, memory=600_000_000, files=32)
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
        try:
            facts, _files = EXAMINING.ask("examined", pdf, *roots, known=known)
        except isolation.Failed as wrong:
            return {"problem": "busy" if wrong.args == ("late",) else "too-much"}
        return facts
