"""Accounts: opened, changed, and found by what their owners know of them."""

from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q

from portal import audit, names, outbox, sealing, writing
from portal.accounts.notifying import notify_change
from portal.accounts.roles import ROLES, labels
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


@transaction.atomic
def open_account(
    *,
    number: str,
    full_name: str,
    phone: str,
    email: str,
    roles: Iterable[str],
    branch: Branch | None = None,
    password: str | None = None,
    language: str = "vi",
    demo: bool = False,
    vouched: bool = False,
) -> User:
    """A new account. Without a password its owner sets one by a code, so that nobody else ever knew it."""
    check_name(full_name)
    granted = set(roles)
    user = User(
        id_number=number,
        full_name=full_name,
        phone=phone,
        email=email,
        branch=branch,
        language=language,
        is_staff=any(ROLES[name].staff for name in granted),
        is_demo=demo,
        is_vouched=vouched or demo,
        roles_by=audit.actor.get().user,
    )
    user.set_password(password)
    user.save()
    user.groups.set(Group.objects.filter(name__in=granted))
    audit.record("account opened", user, roles=sorted(granted))
    if password is None:
        outbox.post(
            "portal/messages/account_opened", [labels(sorted(granted))], user, intent=f"account opened {user.pk}"
        )
    return user


@transaction.atomic
def change_account(user: User, changed: Iterable[str]) -> None:
    """What staff changed of somebody's account, and nothing else. Where codes go is told to where they went before."""
    fields = {name for name in changed if name in {"full_name", "phone", "email", "language", "branch", "is_active"}}
    before = User.objects.select_for_update().get(pk=user.pk)
    if "full_name" in fields:
        check_name(user.full_name)
    moved = fields & {"phone", "email"}
    if moved:
        notify_change(before, "contact_changed")
        for session in UserSession.objects.filter(user=user):
            session.end()
        # Where codes go decides who can sign in: whoever redirects them needs a second person again.
        user.is_vouched, user.roles_by = False, audit.actor.get().user
        fields |= {"is_vouched", "roles_by"}
    user.save(update_fields=[*fields, *(f"{name}_index" for name in moved)])
    audit.record("account changed", user, fields=sorted(fields - {"is_vouched", "roles_by"}))
