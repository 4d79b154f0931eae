"""Whoever finds a fault finds whom to tell."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client


@pytest.mark.parametrize("day", ["2026-01-01", "2026-06-30", "2028-02-29"])
def test_security_txt_has_what_rfc_9116_asks(client: Client, day: str) -> None:
    with time_machine.travel(day):
        answer = client.get("/.well-known/security.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert lines.keys() == {"Contact", "Expires", "Preferred-Languages", "Canonical", "Policy"}
    assert lines["Contact"] == settings.SECURITY_CONTACT
    assert lines["Preferred-Languages"] == "vi, en"
    assert lines["Canonical"] == f"{settings.SITE_URL}/.well-known/security.txt"
    ends = datetime.fromisoformat(lines["Expires"]) - datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert timedelta(days=270) < ends < timedelta(days=365)


def test_security_txt_needs_neither_session_nor_database(client: Client) -> None:
    """Outside `django_db` a question to the database fails."""
    answer = client.get("/.well-known/security.txt")
    assert answer.status_code == 200
    assert not answer.cookies


@pytest.mark.django_db
def test_its_policy_is_a_page_that_names_the_same_contact(client: Client) -> None:
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()
    policy = next(line for line in lines if line.startswith("Policy: ")).removeprefix(f"Policy: {settings.SITE_URL}")
    assert settings.SECURITY_CONTACT in client.get(policy).content.decode()
