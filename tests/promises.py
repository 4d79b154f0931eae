"""Which test shows which promise: `make promises` writes docs/promises.md. A test names its promise in its docstring."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "promises.md"
BEGIN, END = "<!-- promises: made by `make promises` -->", "<!-- end of promises -->"
PROMISES = {
    1: "No certificate that the portal does not know",
    2: "One certificate per approved application; serials random and never reused",
    3: "Nothing non-conforming is signed",
    4: "Certificate status is visible fast",
    5: "Appraisal and approval by two different people",
    6: "Approvals bind to the file as reviewed",
    7: "The audit trail cannot be changed unseen",
    8: "A retry never repeats an effect",
    9: "Codes work once, expire, and cannot be guessed",
    10: "PINs likewise, as far as the vault is nobody else's (limits.md: sole control)",
    11: "Signatures only over what was shown, by an explicit act",
    12: "Signed PDFs verify elsewhere, and in ten years",
    13: "Everything belongs to its owner; a stranger gets 404",
    14: "Steps cannot be skipped, repeated or raced",
    15: "Hostile files do no harm",
    16: "The server fetches nothing a customer names; text stays text",
    17: "Falling parts open no gate and lose no accepted work",
    18: "A stolen database, log or Redis file shows nothing in clear",
    19: "Consent per purpose, provable and withdrawable",
    20: "Injected face media is never accepted by a machine alone",
    21: "Usable by everyone",
    22: "Every claim has a live test",
    23: "The checking page never says more than an independent reader would: no evidence is never valid",
    24: "Nothing that gives power or money is one person's",
    25: "A certificate binds a person to a key they hold",
    27: "The agent at a counter sees no code, password, PIN, and no picture after hand-in",
}


def shown() -> dict[int, list[str]]:
    tests: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        module = ast.parse(path.read_text())
        name = str(path.relative_to(ROOT / "tests"))
        nodes: list[ast.Module | ast.FunctionDef] = [module]
        nodes += [node for node in module.body if isinstance(node, ast.FunctionDef)]
        for node in nodes:
            words = ast.get_docstring(node) or ""
            for number in re.findall(r"promise P(\d+)", words, re.I):
                case = "" if isinstance(node, ast.Module) else f": {node.name.removeprefix('test_').replace('_', ' ')}"
                part = " (in part)" if "as far as" in words else ""
                tests.setdefault(int(number), []).append(f"{name}{case}{part}")
    return tests


def table() -> str:
    tests = shown()
    rows = [f"| P{number} | {text} | {'; '.join(tests.get(number, ['gap']))} |" for number, text in PROMISES.items()]
    return "\n".join([BEGIN, "| | promise | shown by |", "|---|---|---|", *rows, END])


def written() -> str:
    """The page with the table as it should stand."""
    text = PAGE.read_text()
    return text[: text.index(BEGIN)] + table() + text[text.index(END) + len(END) :]


if __name__ == "__main__":
    PAGE.write_text(written())
