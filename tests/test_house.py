"""The shape of the house: imports, words in both languages, names."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from tests import promises

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("portal", "enrollment", "kyc", "signing")


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([linter, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("portal/codes.py", "import enrollment.models"),
        ("portal/models.py", "import portal.accounts"),
        ("signing/__init__.py", "import kyc"),
        ("signing/authority/lists.py", "import signing.models"),
        ("signing/authority/profile.py", "import enrollment.identity"),
        ("signing/authority/der.py", "import signing.authority.models"),
        ("signing/papers/paper.py", "import signing.models"),
        ("signing/papers/texts.py", "import enrollment.identity"),
        ("signing/tasks.py", "import signing.demo.people"),
        ("signing/papers/places.py", "import signing.papers.paper"),
        ("portal/views.py", "import portal.demo.people"),
        ("signing/views.py", "import enrollment.demo.people"),
        ("kyc/views.py", "import kyc.demo.drawing"),
    ],
)
def test_an_import_against_the_house_is_found(file: str, line: str, tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert contracts(tmp_path).returncode == 0
    (tmp_path / file).write_text((tmp_path / file).read_text() + f"\n{line}\n")
    assert contracts(tmp_path).returncode == 1


def test_every_text_stands_in_english_too(tmp_path: Path) -> None:
    """What makemessages finds in the source is in the catalogue, and nothing in the catalogue is empty or left over."""
    for name in (*ROOMS, "templates", "manage.py"):
        source = ROOT / name
        target = tmp_path / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    command = [sys.executable, "manage.py", "makemessages", "-l", "en", "--no-obsolete", "--no-wrap", "-v0"]
    env = {"PATH": "/usr/bin:/bin", "EMBEDDED": "1", "STATE": str(tmp_path / "var")}
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True)
    collected = polib.pofile(str(tmp_path / "portal/locale/en/LC_MESSAGES/django.po"))
    assert [entry.msgid for entry in collected if not entry.translated()] == []
    kept = polib.pofile(str(ROOT / "portal/locale/en/LC_MESSAGES/django.po"))
    assert {entry.msgid for entry in kept} == {entry.msgid for entry in collected}


def test_the_docs_tell_which_promises_are_shown_and_which_are_not() -> None:
    """Promise P22."""
    assert promises.PAGE.read_text() == promises.written()


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))],
)
def test_what_the_docs_name_is_there(page: str) -> None:
    if page == "docs/promises.md":  # it names tests as they lie under tests/
        return
    named = re.findall(
        rf"(?<![\w/.])(?:{'|'.join(ROOMS)}|templates|static|tests|docs)/[\w./-]*\w", (ROOT / page).read_text()
    )
    missing = [path for path in named if not (ROOT / path).exists()]
    assert [path for path in missing if not any(ROOT.glob(f"templates/{path}.*"))] == []  # messages go by their name


def test_placeholders_are_the_same_in_both_languages() -> None:
    for entry in polib.pofile(str(ROOT / "portal/locale/en/LC_MESSAGES/django.po")):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                assert set(re.findall(r"%\(\w+\)\w|\{\w+\}", text)) == set(
                    re.findall(r"%\(\w+\)\w|\{\w+\}", entry.msgid)
                )


def test_no_text_in_a_template_escapes_translation() -> None:
    """Vietnamese letters outside {% translate %} would stay Vietnamese on an English page."""
    accents = re.compile(r"[ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.I)
    for template in (ROOT / "templates").rglob("*"):
        if template.is_file() and template.parent.name != "pdf":  # what is signed is Vietnamese, with its gloss
            text = re.sub(
                r"{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{#.*?#}", "", template.read_text(), flags=re.S
            )
            text = text.replace(" đ<", "").replace("Tiếng Việt", "")  # the currency, and the language's own name
            assert [line.strip() for line in text.splitlines() if accents.search(line)] == [], template
