"""A stranger's PDF, examined in a process of its own: whatever it does to a reader it does to that process."""

from collections.abc import Sequence
from typing import Any

from portal import isolation

EXAMINING = isolation.Program("signing.papers.examining", seconds=10, memory=600_000_000, files=32)


def examined(pdf: bytes, roots: Sequence[bytes], *, known: bool) -> dict[str, Any]:
    """What examining.py says of it, or the problem that kept it from saying anything."""
    if not pdf[:1024].lstrip().startswith(b"%PDF"):
        return {"problem": "not-a-pdf"}
    try:
        facts, _files = EXAMINING.ask("examined", pdf, *roots, known=known)
    except isolation.Failed:
        return {"problem": "too-much"}
    return facts
