"""Staff's side: accounts, branches, messages, the audit trail. Numbers are masked, codes are nowhere."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import audit, outbox, sealing, writing
from portal.accounts import roles
from portal.accounts.opening import change_account, known_by, open_account
from portal.accounts.roles import ROLES, change_roles, vouch
from portal.audit.record import RESULTS
from portal.forms import AccountForm
from portal.models import Branch, Event, Message, User
from portal.refusals import Refusal

admin.site.site_header = admin.site.site_title = _("VNPT SmartCA · Quản trị")
admin.site.index_title = _("Công việc")
admin.site.unregister(Group)  # roles are the table in accounts/roles.py


class NamedFilter(admin.SimpleListFilter):
    """A filter by code that shows words."""

    def names(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, label in self.names().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class VerbFilter(NamedFilter):
    title, parameter_name = _("việc"), "verb"

    def names(self) -> Mapping[str, Any]:
        return audit.verbs()


class ResultFilter(NamedFilter):
    title, parameter_name = _("kết quả"), "result"

    def names(self) -> Mapping[str, Any]:
        return RESULTS


class RoleFilter(NamedFilter):
    title, parameter_name = _("vai trò"), "groups__name"

    def names(self) -> Mapping[str, Any]:
        return {name: role.label for name, role in ROLES.items()}


class Capped(Paginator[Any]):
    """Counts no further than a person would page: the millionth row costs no look at the others."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.MOST].count())


class Desk(admin.ModelAdmin[Any]):
    """Our screens filter by what they offer and by nothing else: not by a password's or a sealed column's first letter."""

    show_full_result_count = False
    paginator = Capped

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return any(self.offers(filtered, lookup) for filtered in self.get_list_filter(request))

    def offers(self, filtered: Any, lookup: str) -> bool:
        if isinstance(filtered, str):  # the forms in which Django's own filters ask, and no way on to other tables
            return lookup in (filtered, *(f"{filtered}__{how}" for how in ("exact", "id__exact", "isnull")))
        return bool(lookup == filtered.parameter_name)


class SealedSearch(Desk):
    """A search for exact numbers: they travel in the body, and in the address as sealed text only."""

    sealed_search = True
    PLACE = "admin search"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if (
            request.method == "POST"
            and "action" not in request.POST
            and (term := writing.line(request.POST.get("q", "")))
        ):
            asked = request.GET.copy()
            asked.pop("p", None)
            asked["q"] = sealing.seal(term[:200].encode(), self.PLACE)
            return redirect(f"{request.path}?{asked.urlencode()}")
        return super().changelist_view(request, extra_context)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        if not search_term:
            return queryset, False
        audit.record(self.searched)
        with suppress(sealing.Broken):  # typed into the address by hand
            search_term = sealing.unseal(search_term, self.PLACE).decode()
        return queryset.filter(self.known_by(search_term)), False

    searched: ClassVar[str]

    def known_by(self, term: str) -> Q:
        raise NotImplementedError


class ReadOnly(Desk):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ("created_at", "channel", "template", "masked", "state", "attempts", "error")
    list_filter = ("status", "channel", "template")
    fields = (
        "template",
        "language",
        "channel",
        "masked",
        "status",
        "attempts",
        "error",
        "due_at",
        "created_at",
        "sent_at",
        "provider_id",
    )
    ordering = ("-created_at",)
    actions = ("resend",)

    @admin.display(description=_("Trạng thái"))
    def state(self, message: Message) -> str:
        return format_html('<span class="state state-{}">{}</span>', message.status, message.get_status_display())

    @admin.action(description=_("Gửi lại các tin đã ngừng thử"), permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        again = outbox.resend(queryset)
        audit.record("messages resent", count=again)
        text = ngettext("%(count)d tin sẽ được gửi lại.", "%(count)d tin sẽ được gửi lại.", again) % {"count": again}
        self.message_user(request, text, messages.SUCCESS if again else messages.WARNING)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("portal.change_message")


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("at", "actor", "whose", "what", "about", "outcome", "place")
    list_filter = (VerbFilter, ResultFilter)
    search_fields = ("about__exact", "verb__exact")
    search_help_text = _("Việc hoặc đối tượng, chính xác (ví dụ user:12)")
    fields = ("at", "actor", "whose", "branch", "what", "about", "outcome", "place", "request_id", "details", "seal")
    ordering = ("-id",)

    @admin.display(description=_("Vai trò"))
    def whose(self, event: Event) -> str:
        return roles.labels(event.role.split(","))

    @admin.display(description=_("Việc"))
    def what(self, event: Event) -> str:
        return str(audit.verbs().get(event.verb, event.verb))

    @admin.display(description=_("Kết quả"))
    def outcome(self, event: Event) -> str:
        return str(RESULTS.get(event.result, event.result))
