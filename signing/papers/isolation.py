"""A stranger's PDF, examined in a process of its own: whatever it does to a reader it does to that process."""

from collections.abc import Sequence
from typing import Any

from portal import isolation
from signing.papers.facts import Fact

EXAMINING = isolation.Program("signing.papers.examining", seconds=10, memory=600_000_000, files=32)


def examined(pdf: bytes, roots: Sequence[bytes], *, known: bool) -> dict[str, Any]:
    """What examining.py says of it, or the problem that kept it from saying anything."""
    if not pdf[:1024].lstrip().startswith(b"%PDF"):
        return {"problem": "not-a-pdf"}
    try:
        facts, _files = EXAMINING.ask("examined", pdf, *roots, known=known)
        with isolation.checked():
            return shaped(facts)
    except isolation.Failed:
        return {"problem": "too-much"}


def shaped(facts: dict[str, Any]) -> dict[str, Any]:
    """As it must be: a reader that a file has turned may say anything, but nothing that breaks whoever reads it."""
    if facts["problem"]:
        return {"problem": str(facts["problem"])}
    rows = [
        {**row, "facts": {str(name): Fact(*map(str, fact)) for name, fact in row["facts"].items()}}
        for row in facts["signatures"]
    ]
    if not rows or any("integrity" not in row["facts"] for row in rows):
        raise ValueError("no facts")
    return {"problem": "", "signatures": rows, "lasting": bool(facts["lasting"])}
