"""What about an account wants two people (changes.py): how it stands, and what is done once both said yes."""

from collections.abc import Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from portal.accounts.notifying import notify_change
from portal.accounts.opening import POWER, change_account, end_sessions, open_account
from portal.accounts.roles import labels
from portal.models import Branch, Change, User
from portal.parts import NOTHING, TwoHands
from portal.refusals import Refusal

LABELS: dict[str, Any] = {
    "id_number": _("Số giấy tờ"),
    "full_name": _("Họ tên"),
    "phone": _("Số điện thoại"),
    "email": _("Email"),
    "language": _("Ngôn ngữ"),
    "roles": _("Vai trò"),
    "branch": _("Đơn vị"),
    "further_branches": _("Cũng làm ở"),
    "is_active": _("Đang hoạt động"),
}
MASKED = frozenset({"id_number", "phone", "email"})
PRIVATE = frozenset({"full_name"})


def about(user: User) -> str:
    return f"user:{user.pk}"


def person(about: str) -> User:
    """Held until the transaction ends."""
    return User.objects.select_for_update().get(pk=about.partition(":")[2])


def number_of(about: str) -> int:
    return int(about.partition(":")[2])


def named(about: str) -> str:
    return str(User.objects.get(pk=number_of(about)).full_name)


def in_words(name: str, value: Any) -> str:
    match name, value:
        case _, None | "" | []:
            return NOTHING
        case "roles", _:
            return labels(value)
        case "branch", _:
            return str(Branch.objects.filter(pk=value).first() or value)
        case "further_branches", _:
            return ", ".join(Branch.objects.filter(pk__in=value).values_list("name", flat=True))
        case "is_active", _:
            return str(_("có") if value else _("không"))
    return str(value)


# ── A new account: nothing of it is there before the second person says yes ──


def about_number(number: str) -> str:
    return f"number:{User.username_for(number)}"


def nobody_yet(about: str) -> Mapping[str, Any]:
    if User.objects.filter(username=about.partition(":")[2]).exists():
        raise Refusal("has-account", _("Đã có tài khoản với số giấy tờ này."))
    return {**dict.fromkeys(LABELS.keys() - {"is_active"}), "further_branches": []}


def open_confirmed(change: Change) -> None:
    wanted = change.after
    try:
        with transaction.atomic():
            open_account(
                number=wanted["id_number"],
                full_name=wanted["full_name"],
                phone=wanted["phone"],
                email=wanted["email"],
                roles=wanted["roles"],
                branch=Branch.objects.filter(pk=wanted.get("branch")).first(),
                further=wanted.get("further_branches", ()),
                language=wanted["language"],
                by=change.proposed_by,
                confirmed_by=change.decided_by,
            )
    except IntegrityError as wrong:
        raise Refusal("has-account", _("Đã có tài khoản với số giấy tờ này.")) from wrong


# ── An account that is there ──


def standing(about: str) -> Mapping[str, Any]:
    """Of staff whose roles nobody confirmed, nothing that gives power is taken for what it says."""
    user = person(about)
    values: dict[str, Any] = {
        name: getattr(user, name) for name in ("full_name", "phone", "email", "language", "is_active")
    }
    values |= {"branch": user.branch_id, "further_branches": user.further, "roles": user.held}
    return {**values, **dict.fromkeys(POWER)} if user.powers and not user.is_confirmed else values


def change_confirmed(change: Change) -> None:
    assert change.decided_by
    change_account(person(change.about), change.after, change.proposed_by, change.decided_by)


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


def devices_in_words(_name: str, value: Any) -> str:
    return ", ".join(value) or NOTHING


CHANGES = {
    "account opened": TwoHands(
        label=_("Mở tài khoản"),
        proposes="portal.add_user",
        confirms="portal.confirm_user",
        fields={name: LABELS[name] for name in LABELS if name != "is_active"},
        present=nobody_yet,
        apply=open_confirmed,
        masked=MASKED,
        private=PRIVATE,
        shown=in_words,
        named=lambda _about: str(_("tài khoản mới")),
    ),
    "account changed": TwoHands(
        label=_("Sửa tài khoản"),
        proposes="portal.change_user",
        confirms="portal.confirm_user",
        fields={name: LABELS[name] for name in LABELS if name != "id_number"},
        present=standing,
        apply=change_confirmed,
        masked=MASKED,
        private=PRIVATE,
        shown=in_words,
        concerns=number_of,
        named=named,
    ),
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
