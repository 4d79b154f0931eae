"""What about an account wants two people (changes.py): how it stands, and what is done once both said yes."""

from collections.abc import Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from portal.accounts.notifying import notify_change
from portal.models import Change, User
from portal.parts import TwoHands


def about(user: User) -> str:
    return f"user:{user.pk}"


def person(about: str) -> User:
    """Held until the transaction ends."""
    return User.objects.select_for_update().get(pk=about.partition(":")[2])


def number_of(about: str) -> int:
    return int(about.partition(":")[2])


def named(about: str) -> str:
    return str(User.objects.get(pk=number_of(about)).full_name)


# ── A lost second factor ──


def devices(about: str) -> Mapping[str, Any]:
    of_theirs = Authenticator.objects.filter(user=person(about)).order_by("pk")
    return {"devices": [f"{kind} {pk}" for kind, pk in of_theirs.values_list("type", "pk")]}


def reset_second_factor(change: Change) -> None:
    """Gone with all sessions; staff set up another one before anything else. The owner is told by every way."""
    user = person(change.about)
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    notify_change(user, "second_factor_reset")


def end_sessions(user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()


def devices_in_words(_name: str, value: Any) -> str:
    return ", ".join(value) or "–"


CHANGES = {
    "second factor reset": TwoHands(
        label=_("Gỡ lớp xác thực thứ hai bị mất"),
        proposes="portal.change_user",
        confirms="portal.confirm_user",
        fields={"devices": _("Thiết bị, mã dự phòng")},
        present=devices,
        apply=reset_second_factor,
        shown=devices_in_words,
        concerns=number_of,
        named=named,
    ),
}
