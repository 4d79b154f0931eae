"""Whom VNeID introduces though they have a certificate by now: led to it, and to no second file."""

from typing import Any

import pytest

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from tests.enrollment.citizens import Citizen, Simulator, simulator
from tests.signing.conftest import browser_of, sure, to

__all__ = ["simulator"]
INTRODUCED = "/vneid/introduced/"


@pytest.fixture
def holder(deciders: tuple[User, User]) -> Application:
    return to(Step.COMPLETE, deciders)


def said_of(application: Application) -> dict[str, Any]:
    declared = sure(application.declaration)
    birth_date = f"{declared.birth_date:%d/%m/%Y}"
    return {"citizenPid": declared.number, "fullName": declared.full_name, "birthDate": birth_date, "gender": "Nữ"}


def test_who_has_a_certificate_is_led_to_it(simulator: Simulator, holder: Application) -> None:
    citizen = Citizen(simulator, client=browser_of(holder)).is_said_to_be(**said_of(holder))
    page = citizen.comes().content.decode()
    assert "Quý khách đã có chứng thư số" in page
    assert 'href="/certificate/"' in page
    citizen.client.post(INTRODUCED)
    citizen.client.post(INTRODUCED, {"go-on": "1"})
    assert Application.objects.get() == holder


def test_who_is_not_signed_in_signs_in_first(simulator: Simulator, holder: Application) -> None:
    citizen = Citizen(simulator).is_said_to_be(**said_of(holder))
    page = citizen.comes().content.decode()
    assert ("đã có tài khoản" in page, 'href="/certificate/"' in page) == (True, False)
    browser_of(holder, citizen.client)
    assert "Quý khách đã có chứng thư số" in citizen.goes(INTRODUCED).content.decode()
