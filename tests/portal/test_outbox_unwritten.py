"""Where nothing can be written down, nothing more is sent: else a whole batch would go out again after its lease."""

import pytest
from django.core import mail
from django.db import OperationalError

from portal import outbox
from tests.conftest import People

pytestmark = pytest.mark.django_db


def test_while_the_database_is_away_one_letter_is_sent_twice_at_most(
    person: People, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    """Promise P17."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
    user = person()
    for number in range(8):
        outbox.post_to(
            outbox.Channel.EMAIL,
            user.email,
            "portal/messages/account_opened",
            ["-"],
            language="vi",
            intent=f"letter {number}",
        )

    def away(*_message: object, **_changes: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(outbox, "_settle", away)
    with pytest.raises(OperationalError):
        outbox.deliver()
    assert len(mail.outbox) == 1
