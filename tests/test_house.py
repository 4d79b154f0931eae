"""The shape of the house: imports, words in both languages, names."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import polib
import pytest

from tests import promises, shape

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("portal", "enrollment", "kyc", "signing")


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([linter, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False)


# For each contract in pyproject what breaks it, and where: (importer, imported).
WRONG: dict[str, list[tuple[str, str]]] = {
    "The house: kyc and signing side by side on enrollment, all on portal": [
        ("portal.codes", "enrollment.models"),
        ("signing", "kyc"),
    ],
    "Inside portal: imports point down": [("portal.models", "portal.accounts")],
    "Inside accounts: imports point down": [("portal.accounts.roles", "portal.accounts.reset")],
    "Inside audit: imports point down": [("portal.audit.record", "portal.audit.seals")],
    "Inside the ground floor's gateways: imports point down": [("portal.gateways.delivery", "portal.gateways.sms")],
    "Only wiring, seeds, commands and the demos above import portal.demo": [("portal.views", "portal.demo.people")],
    "Inside the ground floor's demo: imports point down": [("portal.demo.benches", "portal.demo.desk")],
    "Inside enrollment: imports point down": [("enrollment.journey", "enrollment.models")],
    "Orders know no application": [("enrollment.orders.models", "enrollment.journey")],
    "Inside orders: imports point down": [("enrollment.orders.models", "enrollment.orders.steps")],
    "Only its command and tests know a stand-in": [("enrollment.tasks", "enrollment.standins.bank")],
    "Only wiring, seeds, commands and the demos above import enrollment.demo": [
        ("signing.views", "enrollment.demo.people")
    ],
    "Inside enrollment.demo: imports point down": [("enrollment.demo.people", "enrollment.demo.benches")],
    "Inside kyc: imports point down": [("kyc.models", "kyc.steps")],
    "Only wiring and commands import kyc.demo": [("kyc.views", "kyc.demo.drawing")],
    "Strangers' pictures are decoded apart, and in the demo": [
        ("kyc.steps.capture", "kyc.reading.card"),
        ("enrollment.card", "portal.pictures"),
    ],
    "Inside kyc.demo: imports point down": [("kyc.demo.drawing", "kyc.demo.evidence")],
    "Inside signing: imports point down": [
        ("signing.authority.lists", "signing.models"),
        ("signing.papers.paper", "signing.models"),
    ],
    "Only wiring imports signing.demo": [("signing.tasks", "signing.demo.people")],
    "Authority and papers of signing stand on portal alone": [
        ("signing.authority.profile", "enrollment.identity"),
        ("signing.papers.texts", "enrollment.identity"),
    ],
    "Inside signing.authority: imports point down": [("signing.authority.der", "signing.authority.models")],
    "Inside signing.papers: imports point down": [("signing.papers.places", "signing.papers.paper")],
}


def file_of(module: str, tree: Path) -> Path:
    path = tree.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_every_contract_finds_an_import_against_it(tmp_path: Path) -> None:
    """All in one copy of the tree; each is reported under its own contract."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in named} == set(WRONG)
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert contracts(tmp_path).returncode == 0
    for importer, imported in (pair for pairs in WRONG.values() for pair in pairs):
        with file_of(importer, tmp_path).open("a") as file:
            file.write(f"\nimport {imported}\n")
    linted = contracts(tmp_path)
    assert linted.returncode == 1
    report = linted.stdout.partition("Broken contracts")[2]
    for name, pairs in WRONG.items():
        section = report.partition(f"\n{name}\n---")[2].partition("\n---")[0]
        for importer, imported in pairs:
            assert f"- {importer} -> {imported} (l." in section.replace("-   ", "- "), name


def test_every_file_keeps_the_houses_shape() -> None:
    """No file, no function too long, no import inside a function, nothing called a name that says nothing."""
    assert [fault for path in shape.ours() for fault in shape.faults(path)] == []


def test_linters_are_seldom_told_to_look_away() -> None:
    suppressed, lines = shape.suppressions(shape.ours())
    assert suppressed * shape.LINES_PER_SUPPRESSION <= lines


def copied(to: Path) -> Path:
    """A file of ours in which nothing is wrong."""
    to.write_text((ROOT / "portal/codes.py").read_text())
    return to


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("# more\n" * shape.LONGEST_FILE, "lines"),
        ("def long() -> None:\n" + "    print()\n" * shape.LONGEST_FUNCTION, "long has 46 lines"),
        ("def late() -> None:\n    import json\n", "late imports within"),
        ("told = 1\n", "called told"),
        ("def named(made: int) -> None: ...\n", "called made"),
        ("for one in ():\n    pass\n", "called one"),
        ("FEW = [one for one in ()]\n", "called one"),
        ("with open(__file__) as found:\n    pass\n", "called found"),
        ("def found() -> None: ...\n", "called found"),
        ("import json as here\n", "called here"),
        ("class Named:\n    told: str\n", "called told"),
        ("def named(thing: object) -> None:\n    thing.told = 1\n", "called told"),
    ],
)
def test_a_fault_of_shape_is_found(planted: str, said: str, tmp_path: Path) -> None:
    copy = copied(tmp_path / "codes.py")
    assert list(shape.faults(copy)) == []
    copy.write_text(f"{copy.read_text()}\n\n{planted}")
    [fault] = shape.faults(copy)
    assert said in fault


def test_a_module_without_a_name_and_too_many_suppressions_are_found(tmp_path: Path) -> None:
    copy = copied(tmp_path / "told.py")
    assert [fault.rpartition(" ")[2] for fault in shape.faults(copy)] == ["told"]
    copy.write_text(f"{copy.read_text()}\nA = 1  # no{'qa'}: S105\nB = 2  # type{': ignore'}[misc]\n")
    suppressed, lines = shape.suppressions([copy])
    assert suppressed == 2
    assert suppressed * shape.LINES_PER_SUPPRESSION > lines


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


def test_every_arrow_ends_at_something_that_is_there() -> None:
    """In the pictures a module is followed by a space and what of it is called."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    for module, names in re.findall(r"([a-z_/]+/[a-z_]+\.py) (\w+(?:, \w+)*)", page):
        source = (ROOT / module).read_text()
        assert [name for name in names.split(", ") if not re.search(rf"^ *(def|class) {name}\b", source, re.M)] == [], (
            module
        )


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
