"""What the demo says over every page: whose place the visitor is in, what has come for them, and how the tour goes on."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.urls import get_script_prefix, reverse
from django.utils import timezone

from portal.accounts import roles
from portal.demo.inbox import mails, texts
from portal.models import User
from portal.parts import Part, parts

SEEN = "inbox-seen"  # a cookie: until when the inbox was read, in seconds since 1970
FRESH = timedelta(minutes=10)


@dataclass(frozen=True)
class News:
    """What came after the inbox was last looked at, and the code in the newest of it."""

    number: int
    code: str = ""


def news(to: Collection[str], since: datetime) -> News:
    if not to:
        return News(0)
    unread = [text for text in texts(to) if text.at > since]
    fresh = (text.code for text in unread if text.code and timezone.now() - text.at < FRESH)
    return News(len(unread) + sum(mail.at > since for mail in mails(to)), next(fresh, ""))


def read_until(seconds: str) -> datetime:
    known = float(seconds) if re.fullmatch(r"\d{1,10}(\.\d{1,3})?", seconds) else 0
    return datetime.fromtimestamp(known, timezone.get_default_timezone())


class Ribbon:
    """Asked by the template alone, so that a page without it asks nothing."""

    def __init__(self, request: Any) -> None:
        self.request = request

    @cached_property
    def user(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    @property
    def role(self) -> str:
        return roles.labels(self.user.roles) if self.user else ""

    @cached_property
    def reached(self) -> list[str]:
        """The visitor's phones and mailboxes, as whoever they are just now."""
        own = [self.user.phone, self.user.email] if self.user else []
        return [*dict.fromkeys([*own, *(to for part in parts(Part) for to in part.reached(self.request))])]

    @property
    def newest(self) -> str:
        """Asked without cookies, so not by an address under which somebody has to be signed in."""
        return reverse("demo:newest").replace(get_script_prefix(), "/", 1)

    @cached_property
    def since(self) -> str:
        return str(self.request.COOKIES.get(SEEN, "0"))

    @cached_property
    def news(self) -> News:
        return news(self.reached, read_until(self.since))

    @cached_property
    def stop(self) -> Any:
        """Where the tour goes on, if this visitor follows one."""
        return next((stop for part in parts(Part) if (stop := part.tour(self.request))), None)
