"""Roles: what each may do and how long it stays signed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import chain
from typing import Any

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.models import User
from portal.parts import Part, parts
from portal.refusals import Refusal


@dataclass(frozen=True)
class Role:
    label: Any
    idle: timedelta  # signed out after so long without a click
    absolute: timedelta  # signed out after so long in any case
    permissions: tuple[str, ...] = ()  # on the ground floor; the rest is in each app's part
    staff: bool = True


MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)
ROLES: dict[str, Role] = {
    "customer": Role(gettext_lazy("Khách hàng"), 30 * MINUTES, 12 * HOURS, staff=False),
    # At a counter the line may be away for an hour, and what was typed meanwhile lives as long as the session does.
    "agent": Role(gettext_lazy("Nhân viên quầy"), 75 * MINUTES, 10 * HOURS),
    "lead": Role(gettext_lazy("Trưởng quầy"), 75 * MINUTES, 10 * HOURS),
    "reviewer": Role(gettext_lazy("Thẩm định viên"), 30 * MINUTES, 10 * HOURS),
    "approver": Role(gettext_lazy("Người duyệt"), 30 * MINUTES, 10 * HOURS),
    "supervisor": Role(
        gettext_lazy("Giám sát"),
        30 * MINUTES,
        10 * HOURS,
        (
            *("portal.view_user", "portal.view_branch", "portal.view_message", "portal.view_event"),
            *("portal.view_change", "portal.confirm_user"),
        ),
    ),
    "operator": Role(
        gettext_lazy("Vận hành"),
        15 * MINUTES,
        10 * HOURS,
        (
            "portal.view_user",
            "portal.add_user",
            "portal.change_user",
            "portal.view_branch",
            "portal.add_branch",
            "portal.change_branch",
            "portal.view_message",
            "portal.change_message",
            "portal.view_event",
            "portal.view_failure",
            "portal.view_change",
            "portal.confirm_user",
        ),
    ),
    "auditor": Role(
        gettext_lazy("Kiểm toán"),
        15 * MINUTES,
        10 * HOURS,
        ("portal.view_event", "portal.view_user", "portal.view_message", "portal.view_change"),
    ),
}


@cache
def permissions_of(name: str) -> frozenset[str]:
    """On the ground floor, and what each app's part gives to this role."""
    above = (part.permissions.get(name, ()) for part in parts(Part))
    return frozenset({*ROLES[name].permissions, *chain.from_iterable(above)}) if name in ROLES else frozenset()


def seed_roles() -> None:
    """A group for each role, by which people are found; what it may do stands in the code alone."""
    for name in ROLES:
        Group.objects.get_or_create(name=name)


def labels(roles: Iterable[str]) -> str:
    return ", ".join(str(ROLES[role].label) for role in roles if role in ROLES)


def limits(user: User) -> tuple[timedelta, timedelta]:
    """The shortest idle and absolute limits of all the roles a person has."""
    roles = [ROLES[name] for name in user.roles if name in ROLES] or [ROLES["customer"]]
    return min(role.idle for role in roles), min(role.absolute for role in roles)


def check_vouched(user: User) -> None:
    """Asked of whoever decides about people, looks at their pictures, or says how others decide."""
    if not is_vouched(user):
        raise Refusal("not-vouched", _("Vai trò này chưa được người thứ hai xác nhận."), status=403)


def is_vouched(user: User) -> bool:
    """Derived from the row's MAC: see User.is_confirmed."""
    return user.is_active and user.is_confirmed
