"""Why a check is not sure, in words of both languages, whatever the facts."""

from typing import Any

import pytest
from django.utils import translation

from kyc import grounds
from kyc.models import Check
from kyc.steps import flags
from tests.kyc.conftest import bare_case

pytestmark = [pytest.mark.django_db, pytest.mark.once]
# What checking.py writes beside an outcome that warns.
FACTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("quality", "unsure", {"faults": {"card-front": "glare"}, "gallery": ["card-back"]}),
    ("qr", "unsure", {}),
    ("mrz", "unsure", {}),
    ("ocr", "unsure", {}),
    ("same-card", "fail", {"code": "123", "machine": "456"}),
    ("same-card", "unsure", {}),
    ("declared", "fail", {"differing": ["full_name:code", "full_name:machine", "number:printed"]}),
    ("declared", "unsure", {"differing": []}),
    ("validity", "fail", {"ends": "2020-01-02"}),
    ("validity", "unsure", {"ends": "2090-01-02", "odd": True}),
    ("validity", "unsure", {"ends": "", "odd": False}),
    ("validity", "unsure", {"ends": "2090-01-02", "odd": False}),
    ("issuer", "unsure", {}),
    ("number", "fail", {"unusual": []}),
    ("number", "unsure", {"unusual": ["province-code", "age", "minor"]}),
    ("card-face", "unsure", {}),
    ("still-faces", "fail", {}),
    ("cues", "fail", {"ratio": 1.1}),
    ("cues", "fail", {"ratio": 0}),
    ("alive", "unsure", {"flat": True}),
    ("reuse", "unsure", {"used": {"face-near": ["ABCD2345"]}}),
    ("reuse", "unsure", {"used": {}}),
    ("card-genuine", "fail", {"liveness": "failure"}),
    ("liveness", "unsure", {"liveness": "?"}),
    ("match", "unsure", {"prob": 84.5}),
    ("vneid-face", "fail", {"score": 0.41, "at": "2026-11-20T02:00:00+00:00"}),
    ("vneid-face", "not-performed", {}),
    ("declared", "fail", {"differing": [], "unsaid": True}),
    ("declared", "fail", {"differing": ["issued_by:vneid"]}),
    ("card-genuine", "not-performed", {"source": "vneid"}),
)


def test_every_check_has_its_grounds() -> None:
    assert set(grounds.TABLE) == set(Check.NAMES) == {name for name, _outcome, _facts in FACTS}
    assert set(Check.NAMES) & set(flags.COMMON) == set()  # one name, one flag


@pytest.mark.parametrize(("name", "outcome", "facts"), FACTS)
def test_what_is_not_sure_says_why_in_both_languages(name: str, outcome: str, facts: dict[str, Any]) -> None:
    check = Check(application=bare_case().application, name=name, outcome=outcome, basis="x", facts=facts)
    check.mac = check.mac_of_row
    said = []
    for language in ("vi", "en"):
        with translation.override(language):
            said.append(grounds.of(check))
    assert all(len(words) > 8 for words in said)
    assert said[0] != said[1]


def test_one_that_was_altered_says_so() -> None:
    check = Check(application=bare_case().application, name="qr", outcome="pass", basis="x", mac="0" * 64)
    assert "không do hệ thống ghi" in grounds.of(check)
