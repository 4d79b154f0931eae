"""`make check` runs the tests of what changed, and all of them where everything stands on it."""

import pytest

from tests import changed

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("portal/outbox.py", {"tests/portal"}),
        ("portal/gateways/sms.py", {"tests/portal"}),
        ("signing/steps/pin.py", {"tests/signing"}),
        ("templates/kyc/capture.html", {"tests/kyc"}),
        ("templates/base.html", {"tests/portal"}),
        ("tests/kyc/conftest.py", {"tests/kyc"}),
        ("tests/portal/test_codes.py", {"tests/portal/test_codes.py"}),
        ("tests/portal/test_that_was_removed.py", set()),
        ("tests/whole/test_run.py", set()),
        ("docs/limits.md", set()),
        ("portal/locale/en/LC_MESSAGES/django.po", set()),
        ("compose.yaml", {"tests/test_deployment.py"}),
        ("portal/settings.py", changed.ALL),
        ("pyproject.toml", changed.ALL),
        ("tests/conftest.py", changed.ALL),
    ],
)
def test_a_file_has_its_tests(path: str, tests: set[str]) -> None:
    assert changed.tests_of(path) == tests
