"""Accounts and branches. Numbers are masked."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal import audit, writing
from portal.accounts import roles
from portal.accounts.opening import change_account, known_by, open_account
from portal.accounts.roles import ROLES, change_roles, vouch
from portal.admin.screens import Desk, NamedFilter, SealedSearch
from portal.forms import AccountForm
from portal.models import Branch, User
from portal.refusals import Refusal


class RoleFilter(NamedFilter):
    title, parameter_name = _("vai trò"), "groups__name"

    def names(self) -> Mapping[str, Any]:
        return {name: role.label for name, role in ROLES.items()}


@admin.register(User)
class UserAdmin(SealedSearch):
    form = AccountForm
    searched = "people searched"
    list_display = ("full_name", "number", "telephone", "role", "is_vouched", "branch", "is_active", "date_joined")
    list_filter = (RoleFilter, "branch", "is_active")
    list_select_related = ("branch",)
    search_fields = ("username",)
    search_help_text = _("Số giấy tờ đầy đủ, số điện thoại hoặc email chính xác")
    ordering = ("-pk",)
    fields = ("id_number", "full_name", "phone", "email", "language", "roles", "branch", "is_active")
    actions = ("vouch",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return self.fields if obj is None else self.fields[1:]

    def known_by(self, term: str) -> Q:
        """Sealed data is found by its blind index: the whole value or nothing."""
        return known_by(term)

    def save_model(self, request: HttpRequest, obj: User, form: AccountForm, change: bool) -> None:
        typed = form.cleaned_data
        if not change:
            opened = open_account(
                number=typed["id_number"],
                full_name=typed["full_name"],
                phone=typed["phone"],
                email=typed["email"],
                roles=typed["roles"],
                branch=typed["branch"],
                language=typed["language"],
            )
            obj.pk = opened.pk
            return
        change_account(obj, form.changed_data)
        if "roles" in form.changed_data:
            change_roles(obj, typed["roles"])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody gives himself roles, a branch, or another phone for his codes."""
        return super().has_change_permission(request, obj) and (obj is None or obj.pk != request.user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Xác nhận vai trò (người thứ hai)"), permissions=["vouch"])
    def vouch(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """A role that one person gave decides about applications only when another has confirmed it."""
        assert isinstance(request.user, User)
        for user in queryset:
            try:
                vouch(user, request.user)
            except Refusal as no:
                self.message_user(request, f"{user.full_name}: {no.message}", messages.ERROR)
            else:
                text = _("Vai trò của %(name)s đã được xác nhận.") % {"name": user.full_name}
                self.message_user(request, text, messages.SUCCESS)

    def has_vouch_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and bool({"supervisor", "operator"} & set(request.user.roles))

    @admin.display(description=_("Số giấy tờ"))
    def number(self, user: User) -> str:
        return writing.masked(user.id_number)

    @admin.display(description=_("Số điện thoại"))
    def telephone(self, user: User) -> str:
        return writing.masked(user.phone)

    @admin.display(description=_("Vai trò"))
    def role(self, user: User) -> str:
        return roles.labels(group.name for group in user.groups.all())


@admin.register(Branch)
class BranchAdmin(Desk):
    list_display = ("name", "province", "phone")

    def save_model(self, request: HttpRequest, obj: Branch, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record("branch changed", obj, fields=sorted(form.changed_data))
