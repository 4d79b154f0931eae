"""Every reason for which the signer does nothing has its words, in both languages, whatever else is on or off."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from enrollment.journey import Step
from signing.answers import ANSWERS
from signing.models import Act
from signing.steps import acts, pin
from signing.steps.acts import NotDone
from tests.signing.conftest import sure, to

ROOT = Path(__file__).resolve().parents[2]
SIGNING = [path for path in (ROOT / "signing").rglob("*.py") if "migrations" not in path.parts]
ASKED = """
import json
import django; django.setup()
from django.conf import settings
from django.urls import reverse
from django.utils import translation
assert not settings.DEMO and not settings.SIGNER
reverse("signing:act", args=["x"])  # all that the web process loads for it
from signing.steps.acts import said
def words(language, code):
    with translation.override(language): return said(code)
from enrollment.journey import Step
from signing.answers import ANSWERS
print(json.dumps({code: [words("vi", code), words("en", code)] for code in ANSWERS}))
"""


def reasons() -> set[str]:
    """By name, as they stand in the source: NotDone("…"), and what pin.faults yields."""
    names = set[str]()
    for path in SIGNING:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "NotDone" and node.args:
                names |= {each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)}  # type: ignore[misc]
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("refuse", "settle"):
                names |= {each.value for each in node.args[1:] if isinstance(each, ast.Constant)}  # type: ignore[misc]
            if path.name == "pin.py" and isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant):
                names.add(str(node.value.value))
    return names


def test_each_reason_that_the_signer_can_give_is_one_of_those_with_words_and_none_is_left_over() -> None:
    assert reasons() == ANSWERS.keys()


def test_each_has_its_words_in_both_languages_with_the_demo_off(tmp_path: Path) -> None:
    """In a web process of its own: once five of them were empty there."""
    env = {
        "PATH": os.environ["PATH"], "EMBEDDED": "1", "DEMO": "0", "STATE": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", ASKED], env=env, capture_output=True, text=True, cwd=ROOT, check=False)
    spoken = json.loads(ran.stdout or ran.stderr)
    assert spoken.keys() == ANSWERS.keys()
    for code, (vietnamese, english) in spoken.items():
        assert len(vietnamese) > 15, code
        assert len(english) > 15, code
        assert vietnamese != english, code


def test_the_page_is_told_them() -> None:
    act = pin.ask(to(Step.PIN))
    for code, words in ANSWERS.items():
        Act.objects.filter(pk=act.pk).update(state=Act.State.REFUSED, answer=code)
        assert acts.answer_of(sure(act.user), act.nonce)["said"] == str(words)


def test_a_reason_without_words_is_none() -> None:
    with pytest.raises(AssertionError):
        NotDone("for no reason")
