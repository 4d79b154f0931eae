"""The shape that every file of ours keeps (CONTRIBUTING says why): short, imported at the top, things named for what they are.
Migrations are Django's, vendor is others', and of a catalogue of words nobody reads the length."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE, LONGEST_FUNCTION = 350, 45
LINES_PER_SUPPRESSION = 1_000
NAMELESS = {"told", "one", "found", "made", "here"}  # a declaration, a notice, an entry, a paper: say which
OTHERS = {"migrations", "vendor", "locale"}
READ = {".py", ".html", ".js", ".css", ".txt"}
SUPPRESSED = re.compile(r"#\s*(?:type:\s*ignore|noqa)\b")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def ours(root: Path = ROOT) -> list[Path]:
    """Every file of the rooms, templates, static and tests that somebody reads."""
    folders = ("portal", "enrollment", "kyc", "signing", "templates", "static", "tests")
    paths = [path for folder in folders for path in (root / folder).rglob("*") if path.suffix in READ]
    return sorted(path for path in paths if not OTHERS & set(path.parts))


def faults(path: Path) -> Iterator[str]:
    """What is wrong with one file, each with its line."""
    text = path.read_text()
    if (lines := len(text.splitlines())) > LONGEST_FILE:
        yield f"{path}: {lines} lines"
    if path.suffix == ".py":
        if path.stem in NAMELESS:
            yield f"{path}: a module called {path.stem}"
        for node in ast.walk(ast.parse(text)):
            yield from (f"{path}:{getattr(node, 'lineno', 0)}: {fault}" for fault in faults_of(node))


def faults_of(node: ast.AST) -> Iterator[str]:
    yield from (f"called {name}" for name in bound_by(node) if name in NAMELESS)
    if isinstance(node, FUNCTIONS):
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION:
            yield f"{node.name} has {lines} lines"
        if any(isinstance(within, (ast.Import, ast.ImportFrom)) for within in ast.walk(node)):
            yield f"{node.name} imports within"


def bound_by(node: ast.AST) -> list[str]:
    """The names that an assignment, a loop, a with, a pattern, a parameter, an import or a definition gives."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return [name]
    return []


def suppressions(paths: list[Path]) -> tuple[int, int]:
    """How many a linter or the type checker is told to look away, and how many lines of Python there are."""
    texts = [path.read_text() for path in paths if path.suffix == ".py"]
    return sum(len(SUPPRESSED.findall(text)) for text in texts), sum(len(text.splitlines()) for text in texts)
