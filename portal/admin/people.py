"""Accounts and branches. Numbers are masked, and what gives power a second person confirms."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal import audit, changes, looks, naming, writing
from portal.accounts import changing, roles
from portal.accounts.opening import invite_again, is_invited, known_by, withdraw_invitation
from portal.accounts.roles import ROLES
from portal.accounts.second_factor import has_second_factor
from portal.admin.screens import Desk, NamedFilter, Proposing, SealedSearch, said
from portal.forms import ChangeAccountForm, OpenAccountForm
from portal.models import Branch, Change, User
from portal.models.people import CUSTOMER
from portal.parts import NOTHING
from portal.refusals import Refusal


class PeopleFilter(NamedFilter):
    """Staff and customers are two lists; a search goes through both."""

    title, parameter_name = _("danh sách"), "people"
    CUSTOMERS = "customers"

    def names(self) -> Mapping[str, Any]:
        return {self.CUSTOMERS: _("Khách hàng")}

    def choices(self, changelist: Any) -> Iterator[Any]:
        every, customers = super().choices(changelist)
        yield {**every, "display": _("Nhân viên VNPT")}
        yield customers

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if request.GET.get("q"):
            return queryset
        staff = User.groups.through.objects.exclude(group__name=CUSTOMER).values("user")
        return queryset.exclude(pk__in=staff) if self.value() else queryset.filter(pk__in=staff)


class RoleFilter(NamedFilter):
    title, parameter_name = _("vai trò"), "groups__name"

    def names(self) -> Mapping[str, Any]:
        return {name: role.label for name, role in ROLES.items() if role.staff}


@admin.register(User)
class UserAdmin(Proposing, SealedSearch):
    """What is changed here a second person confirms. Numbers, phones and mailboxes are masked; whole for a reason, on record."""

    change_form_template = "admin/account.html"
    searched = "people searched"
    list_display = ("full_name", "number", "telephone", "role", "counts", "branch", "active", "date_joined")
    list_filter = (PeopleFilter, RoleFilter, "branch", "is_active")
    lists = ((_("Tài khoản nhân viên"), ""), (_("Tài khoản khách hàng"), f"?people={PeopleFilter.CUSTOMERS}"))
    list_select_related = ("branch",)
    search_fields = ("username",)
    search_help_text = _("Số giấy tờ đầy đủ, số điện thoại hoặc email chính xác")
    ordering = ("-pk",)
    readonly_fields = ("number", "telephone", "mailbox", "further")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A search goes through both lists, and says so by its title."""
        [staff, customers] = (title for title, _query in self.lists)
        title = (
            self.opts.verbose_name_plural if request.GET.get("q") else customers if "people" in request.GET else staff
        )
        return super().changelist_view(request, {"title": capfirst(title), **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = super().get_list_display(request)
        of_staff = {"role", "counts", "branch"} if "people" in request.GET else set()
        return [column for column in columns if getattr(column, "__name__", column) not in of_staff]

    def get_list_filter(self, request: HttpRequest) -> Any:
        return (PeopleFilter, "is_active") if "people" in request.GET else self.list_filter

    def titled(self, row: User) -> str:
        return naming.person(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups", "further_branches")

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = OpenAccountForm if obj is None else ChangeAccountForm
        return super().get_form(request, obj, change, **{"form": form, **kwargs})

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return (
                "id_number",
                "full_name",
                "phone",
                "email",
                "language",
                "roles",
                "branch",
                "further_branches",
                "reason",
            )
        if not self.has_change_permission(request, obj):
            return (
                "full_name",
                "number",
                "telephone",
                "mailbox",
                "language",
                "role",
                "counts",
                "branch",
                "further",
                "active",
            )
        contact = ("number", "telephone", "new_phone", "mailbox", "new_email")
        return ("full_name", *contact, "language", "roles", "branch", "further_branches", "is_active", "reason")

    def known_by(self, term: str) -> Q:
        """Sealed data is found by its blind index: the whole value or nothing."""
        return known_by(term)

    def propose(self, obj: User, form: Any, by: User) -> Change:
        reason = form.cleaned_data["reason"]
        if isinstance(form, OpenAccountForm):
            wanted = form.values(*(name for name in form.fields if name != "reason"))
            about = changing.about_number(wanted["id_number"])
            return changes.propose("account opened", about, wanted, by, reason=reason)
        account = User.objects.get(pk=obj.pk)  # the form has written what was typed into its own copy
        counts = account.is_confirmed or not account.powers
        after = form.changed() if counts else form.whole()
        return changes.propose("account changed", changing.about(account), after, by, reason=reason)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody gives himself roles, a branch, or another phone for his codes."""
        return super().has_change_permission(request, obj) and (obj is None or obj.pk != request.user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # ── One account ──

    def get_urls(self) -> list[URLPattern]:
        def own(what: str, view: Any) -> URLPattern:
            at: URLPattern = path(
                f"<int:pk>/{what}/", self.admin_site.admin_view(require_POST(view)), name=f"account_{what}"
            )
            return at

        own_urls = [own("open", self.open_up), own("devices", self.devices)]
        return [*own_urls, own("invite", self.invite), own("uninvite", self.uninvite), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        account = self.get_object(request, object_id)
        if account is None or not self.has_view_permission(request, account):
            raise Http404
        user = request.user
        assert isinstance(user, User)
        opened = looks.is_open(account, user)
        if request.method == "GET":
            looks.look(account, user, looks.FILE, masked=not opened)
        may_change = self.has_change_permission(request, account)
        known = {
            "account": account,
            "opened": opened,
            "may_reset": may_change and has_second_factor(account),
            "may_invite": may_change and is_invited(account),
        }
        return super().change_view(request, object_id, form_url, {**known, **(extra_context or {})})

    def account(self, request: HttpRequest, pk: int, *, to_change: bool = True) -> User:
        account = get_object_or_404(User, pk=pk)
        may = self.has_change_permission if to_change else self.has_view_permission
        if not may(request, account):
            raise PermissionDenied
        return account

    def open_up(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Whole for half an hour, for a reason that stays in the trail."""
        account, back = self.account(request, pk, to_change=False), redirect("admin:portal_user_change", pk)
        why = request.POST.get("reason", ""), request.POST.get("words", "")
        return self.done(request, lambda by: looks.open_up(account, by, *why), _("Xem được trong 30 phút."), back)

    def devices(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A second factor was lost: gone once a second person has confirmed it."""
        account, reason = self.account(request, pk), request.POST.get("reason", "")
        wanted: dict[str, Any] = {"devices": []}
        return self.done(
            request,
            lambda by: changes.propose("second factor reset", changing.about(account), wanted, by, reason=reason),
            _("Đã gửi cho người thứ hai xác nhận."),
            redirect("admin:portal_user_change", pk),
        )

    def invite(self, request: HttpRequest, pk: int) -> HttpResponse:
        account, back = self.account(request, pk), redirect("admin:portal_user_change", pk)
        return self.done(request, lambda _by: invite_again(account), _("Đã gửi lại lời mời qua SMS và email."), back)

    def uninvite(self, request: HttpRequest, pk: int) -> HttpResponse:
        account, back = self.account(request, pk), redirect("admin:portal_user_change", pk)
        return self.done(request, lambda _by: withdraw_invitation(account), _("Đã thu hồi lời mời."), back)

    def done(self, request: HttpRequest, act: Callable[[User], Any], said: Any, back: HttpResponse) -> HttpResponse:
        assert isinstance(request.user, User)
        try:
            act(request.user)
        except Refusal as no:
            self.message_user(request, no.message, messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)
        return back

    @admin.display(description=_("Số giấy tờ"))
    def number(self, user: User) -> str:
        return writing.masked(user.id_number)

    @admin.display(description=_("Số điện thoại"))
    def telephone(self, user: User) -> str:
        return writing.masked(User.objects.get(pk=user.pk).phone)

    @admin.display(description=_("Email"))
    def mailbox(self, user: User) -> str:
        return writing.masked(User.objects.get(pk=user.pk).email)

    @admin.display(description=_("Vai trò"))
    def role(self, user: User) -> str:
        return roles.labels(user.held)

    @admin.display(description=_("Cũng làm ở"))
    def further(self, user: User) -> str:
        return ", ".join(branch.name for branch in user.further_branches.all()) or NOTHING

    @admin.display(description=_("Được hai người xác nhận"))
    def counts(self, user: User) -> str:
        return said(user.is_confirmed if user.powers else None)

    @admin.display(description=_("Đang hoạt động"), ordering="is_active")
    def active(self, user: User) -> str:
        return said(user.is_active)


@admin.register(Branch)
class BranchAdmin(Desk):
    list_display = ("name", "province", "phone")

    def save_model(self, request: HttpRequest, obj: Branch, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        before = {name: form.initial.get(name, "") for name in form.changed_data}
        after = {name: form.cleaned_data[name] for name in form.changed_data}
        audit.record("branch changed", obj, before=before, after=after)
