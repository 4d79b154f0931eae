"""The demo's inbox: a phone and a mailbox, with what was sent to whoever one is just now."""

import email
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path

from django.conf import settings

NEWEST = 30
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


@dataclass(frozen=True)
class SMS:
    to: str
    body: str
    at: datetime

    @cached_property
    def code(self) -> str:
        """What one would copy out of it."""
        match = CODE.search(self.body)
        return match.group() if match else ""


@dataclass(frozen=True)
class Mail:
    name: str
    place: int
    to: str
    subject: str
    at: datetime
    text: str


def texts(to: Collection[str] = ()) -> list[SMS]:
    """The newest first; to these numbers alone, where some are named."""
    letters = [json.loads(path.read_text()) for path in _newest(settings.STATE / "inbox" / "sms", "*.json")]
    received = [SMS(letter["to"], letter["body"], datetime.fromisoformat(letter["at"])) for letter in letters]
    return [text for text in received if not to or text.to in to]


def mails(to: Collection[str] = ()) -> list[Mail]:
    """The newest first; a conversation with the mail server leaves one file with its letters in order."""
    received = [
        _mail(path.stem, place, letter)
        for path in _newest(settings.STATE / "inbox" / "mail", "*.log")
        for place, letter in reversed(list(enumerate(letters_in(path))))
    ]
    return [mail for mail in received if not to or mail.to in to][:NEWEST]


def _newest(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern), key=lambda path: path.name, reverse=True)[:NEWEST]


def _mail(name: str, place: int, letter: EmailMessage) -> Mail:
    body = letter.get_body(("plain",))
    return Mail(
        name=name,
        place=place,
        to=str(letter["To"]),
        subject=str(letter["Subject"]),
        at=parsedate_to_datetime(str(letter["Date"])).replace(tzinfo=UTC),  # Django writes -0000: UTC, unsaid
        text=body.get_content() if body else "",
    )


def letters_in(path: Path) -> list[EmailMessage]:
    """Django's file backend ends each letter with a line of dashes."""
    parts = [part for part in re.split(rb"\n-{79}\n", path.read_bytes()) if part.strip()]
    return [email.message_from_bytes(part, policy=policy.default) for part in parts]
