"""Accounts: opened, changed, and found by what their owners know of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import audit, names, outbox, sealing, writing
from portal.accounts.notifying import notify_change
from portal.accounts.roles import labels
from portal.models import Branch, User
from portal.refusals import Refusal


def known_by(text: str, person: str = "username") -> Q:
    """Whoever has exactly this number, phone or e-mail; sealed data can be found no other way."""
    return (
        Q(**{person: User.username_for(text)})
        | Q(phone_index=sealing.blind_index("phone", writing.mobile(text)))
        | Q(email_index=sealing.blind_index("email", writing.email(text).lower()))
    )


def display_name(user: User) -> str:
    return str(user.full_name)


def check_name(full_name: str) -> None:
    """By whichever way somebody gets an account: sooner or later the name stands in a certificate, or on a decision."""
    if wrong := names.fault(full_name):
        raise Refusal("not-a-name", wrong, status=400)


# With one of these an account has another power, or somebody else has it.
POWER = frozenset({"phone", "email", "branch", "further_branches", "roles", "is_active"})

ROWS = frozenset({"roles", "further_branches"})  # of it, what stands in tables of its own


@transaction.atomic
def open_account(
    *,
    number: str,
    full_name: str,
    phone: str,
    email: str,
    roles: Iterable[str],
    branch: Branch | None = None,
    further: Iterable[int] = (),
    password: str | None = None,
    language: str = "vi",
    demo: bool = False,
    by: User | None = None,
    confirmed_by: User | None = None,
) -> User:
    """A new account. Without a password its owner sets one by a code, so that nobody else ever knew it.

    A customer's is opened by activation, one of staff by two people (changing.py) or by the machine's shell."""
    check_name(full_name)
    user = User(
        id_number=number,
        full_name=full_name,
        phone=phone,
        email=email,
        branch=branch,
        language=language,
        is_demo=demo,
    )
    user.set_password(password)
    user.save()
    if further := tuple(further):
        user.further_branches.set(further)
    user.give_roles(roles, by, confirmed_by)
    audit.record("account opened", user, roles=user.held)
    if password is None:
        invite(user)
    return user


def invite(user: User) -> None:
    moment = timezone.now().timestamp()
    outbox.post("portal/messages/account_opened", [labels(user.held)], user, intent=f"account {user.pk} {moment}")


@transaction.atomic
def change_account(user: User, values: Mapping[str, Any], by: User, confirmed_by: User) -> None:
    """As two people said. Where codes go is told to where they went before."""
    if "full_name" in values:
        check_name(values["full_name"])
    if user.powers and not user.is_confirmed and not values.keys() >= POWER:
        # What stands there was written by nobody we know: it is not made good by a change of something else.
        raise Refusal("not-vouched", _("Vai trò này chưa được người thứ hai xác nhận."), status=403)
    moved = values.keys() & {"phone", "email"}
    if moved:
        notify_change(user, "contact_changed")
    columns = {"branch_id" if name == "branch" else name: values[name] for name in values.keys() - ROWS}
    for name, value in columns.items():
        setattr(user, name, value)
    user.save(update_fields=[*columns, *(f"{name}_index" for name in moved)])
    if "further_branches" in values:
        user.further_branches.set(values["further_branches"])
    if values.keys() & POWER:
        user.give_roles(values.get("roles", user.held), by, confirmed_by)
        end_sessions(user)


def end_sessions(user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()


# ── An invitation that nobody has taken up ──


def is_invited(user: User) -> bool:
    return user.is_active and not user.has_usable_password()


def invite_again(user: User) -> None:
    """To the phone and mailbox that two people confirmed."""
    if not is_invited(user) or not user.may_enter:
        raise taken_up()
    invite(user)
    audit.record("invitation sent again", user)


@transaction.atomic
def withdraw_invitation(user: User) -> None:
    """It takes power and gives none, so one person is enough; opening the account after all wants two."""
    row = User.objects.select_for_update().get(pk=user.pk)
    if not is_invited(row):
        raise taken_up()
    row.is_active, row.roles_mac = False, ""
    row.save(update_fields=["is_active", "roles_mac"])
    audit.record("invitation withdrawn", row)


def taken_up() -> Refusal:
    return Refusal("taken-up", _("Tài khoản này đã đặt mật khẩu hoặc đã ngừng, nên không còn lời mời nào đang chờ."))
