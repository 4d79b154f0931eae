"""What waits for a second person, and what became of it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal import changes
from portal.admin.screens import NamedFilter, ReadOnly
from portal.models import Change, User
from portal.parts import NOTHING
from portal.refusals import Refusal

VERBS: dict[str, tuple[Any, Any]] = {
    "confirm": (changes.confirm, _("Đã xác nhận; thay đổi có hiệu lực từ bây giờ.")),
    "reject": (changes.reject, _("Đã từ chối đề nghị.")),
    "withdraw": (changes.withdraw, _("Đã rút lại đề nghị.")),
}


class StateFilter(NamedFilter):
    title, parameter_name = _("kết quả"), "decision"
    WAITS = "waits"

    def names(self) -> Mapping[str, Any]:
        return {self.WAITS: _("Chờ người thứ hai"), **dict(Change.Decision.choices)}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(decision="") if self.value() == self.WAITS else super().queryset(request, queryset)


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    list_display = ("proposed_at", "what", "whom", "difference", "proposer", "state")
    list_display_links = ("proposed_at", "what")
    list_filter = (StateFilter,)
    ordering = ("decision", "-proposed_at")  # what waits comes before what is decided

    def titled(self, row: Change) -> str:
        return self.what(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        return super().get_queryset(request).select_related("proposed_by", "decided_by")

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(require_POST(self.decide))
        return [path("<uuid:pk>/decide/<slug:verb>/", decide, name="change_decide"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        change, user = self.get_object(request, object_id), request.user
        if change is None or not self.has_view_permission(request, change):
            raise Http404
        assert isinstance(user, User)
        known = {
            **self.admin_site.each_context(request),
            "title": self.what(change),
            "opts": self.opts,
            "change": change,
            "whom": self.legible("whom")(change),
            "proposer": self.legible("proposer")(change),
            "differences": differences(change),
            "state": self.state(change),
            "intact": changes.is_intact(change),
            "may_decide": changes.may_decide(change, user),
            "may_withdraw": not change.decision and change.proposed_by_id == user.pk,
        }
        return render(request, "admin/change.html", known)

    def decide(self, request: HttpRequest, pk: Any, verb: str) -> HttpResponse:
        change = get_object_or_404(Change, pk=pk)
        if verb not in VERBS or not self.has_view_permission(request):
            raise Refusal("not-allowed", _("Vai trò này không được làm việc đó."), status=403)
        act, said = VERBS[verb]
        try:
            act(change, request.user)
        except Refusal as no:
            self.message_user(request, no.message, messages.ERROR)
            return redirect("admin:portal_change_change", pk)
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:portal_change_changelist")

    @admin.display(description=_("Việc"))
    def what(self, change: Change) -> str:
        hands = changes.kinds().get(change.kind)
        return str(hands.label) if hands else change.kind

    @admin.display(description=_("Về"))
    def whom(self, change: Change) -> str:
        hands = changes.kinds().get(change.kind)
        return hands.named(change.about) if hands else change.about

    @admin.display(description=_("Thay đổi"))
    def difference(self, change: Change) -> str:
        return "; ".join(
            f"{label}: {after if before == NOTHING else f'{before} → {after}'}"
            for label, before, after in differences(change)
        )

    @admin.display(description=_("Người đề xuất"))
    def proposer(self, change: Change) -> str:
        return str(change.proposed_by.full_name)

    @admin.display(description=_("Kết quả"))
    def state(self, change: Change) -> str:
        return str(change.get_decision_display() or _("Chờ người thứ hai"))


def differences(change: Change) -> list[tuple[str, str, str]]:
    """Field by field, in words: what stands there, and what shall."""
    hands = changes.kinds().get(change.kind)
    whole, labels = (hands.private, hands.fields) if hands else (frozenset(), {})
    before, after = changes.worded(change, "before", whole=whole), changes.worded(change, "after", whole=whole)
    return [(str(labels.get(name, name)), before.get(name, NOTHING), after[name]) for name in after]
