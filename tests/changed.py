"""The unit tests of what changed since the main branch: `make check` runs them, `make test` runs all there are.

A file's tests lie where it lies, under tests/: signing/steps/pin.py has its own in tests/signing/. What everything stands on
(settings, pyproject, the tests' own ground) asks for all of them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("portal", "enrollment", "kyc", "signing")
ALL = {f"tests/{room}" for room in ROOMS} | {"tests/test_deployment.py"}
GROUND = {"pyproject.toml", "uv.lock", "manage.py", "portal/settings.py", "portal/environment.py"}
# Imports, words in both languages, the docs; what each app brings along to all the others.
ALWAYS = {"tests/test_house.py", "tests/test_parts.py"}
SLOW = {"browser", "whole"}  # Chromium and whole portals: `make test` alone


def tests_of(path: str) -> set[str]:
    """Of one changed file, told from the root."""
    file = Path(path)
    room = file.parts[1:] if file.parts[0] in ("tests", "templates") else file.parts
    if path in GROUND or (file.parts[0] == "tests" and len(room) == 1 and not file.stem.startswith("test_")):
        return ALL
    if file.parts[0] == "tests" and file.stem.startswith("test_") and room[0] not in SLOW:
        return {path} if (ROOT / file).exists() else set()
    if path in ("compose.yaml", "Dockerfile"):
        return {"tests/test_deployment.py"}
    if room[0] in ROOMS and file.suffix != ".po":
        return {nearest(Path("tests", *room))}
    return {"tests/portal"} if file.parts[0] == "templates" else set()  # the frame of every page, and allauth's pages


def nearest(place: Path) -> str:
    """tests/signing/papers for signing/papers/splicing.py; tests/signing for signing/steps/pin.py, which has no folder."""
    return next(str(above) for above in place.parents if (ROOT / above).is_dir() and above.name)


def git(*words: str) -> list[str]:
    answer = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.split("\n")[:-1]


def changed() -> list[str]:
    """What is committed here and not yet there, what is not committed, and what git does not know yet."""
    known = [branch for branch in ("origin/main", "main") if git("rev-parse", "--verify", "--quiet", branch)]
    since = git("merge-base", "HEAD", known[0]) if known else ["HEAD"]
    return git("diff", "--name-only", *since) + git("ls-files", "--others", "--exclude-standard")


def main() -> int:
    paths = sorted(ALWAYS.union(*map(tests_of, changed())))
    print("Unit tests:", *paths)
    pytest = [sys.executable, "-m", "pytest", "-n", "2", "--maxschedchunk", "1", "-m", "not postgresql and not whole"]
    return subprocess.run([*pytest, *paths], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
