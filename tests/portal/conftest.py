"""Two people, as every change of power wants."""

import pytest

from portal.models import User
from tests.conftest import People


@pytest.fixture
def first(staff: People) -> User:
    return staff("operator")


@pytest.fixture
def second(staff: People) -> User:
    return staff("supervisor")
