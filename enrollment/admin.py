"""Staff's side of enrollment: the applications."""

import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, TextChoices
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from enrollment import endings, journey
from enrollment.forms import Choice
from enrollment.journey import Step
from enrollment.models import Application, Report
from enrollment.parts import all_parts
from enrollment.steps import activation, leaving, linking
from portal import audit, looks, writing
from portal.accounts.opening import known_by
from portal.admin import ReadOnly, SealedSearch
from portal.models import User
from portal.pages import opened_up
from portal.refusals import Refusal


class Why(TextChoices):
    """Why staff stop an application."""

    STAFF = "staff", _("Theo yêu cầu của khách hoặc do sai sót")
    REJECTED = "rejected", _("Không đạt thẩm định")


class StopForm(Form):
    reason = Choice(Why.choices, label=_("Lý do"))


WIDE = {"reviewer", "approver", "supervisor", "operator", "auditor"}  # who sees every branch
READS_REASONS = {"supervisor", "auditor"}  # why others opened what they did not hold


@admin.register(Application)
class ApplicationAdmin(ReadOnly, SealedSearch):
    searched = "applications searched"
    list_display = ("reference", "name", "number", "step", "plan", "channel", "branch", "created_at", "touched_at")
    list_filter = ("step", "plan", "channel", "branch", "is_duplicate")
    list_select_related = ("plan", "branch", "data_key")
    search_fields = ("reference",)
    search_help_text = _("Mã hồ sơ, số giấy tờ đầy đủ, số điện thoại hoặc email chính xác")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """Whoever works at a counter sees the applications of it, whatever else he may be."""
        rows: QuerySet[Application] = super().get_queryset(request)
        user = request.user
        if isinstance(user, User) and not WIDE & set(user.roles):
            return rows.filter(branch__in=user.branch_ids)
        return rows

    def known_by(self, term: str) -> Q:
        return Q(reference=writing.document_number(term)) | known_by(term, "person_index")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:pk>/resend/", self.admin_site.admin_view(require_POST(self.resend)), name="application_resend"),
            path("<int:pk>/stop/", self.admin_site.admin_view(require_POST(self.stop)), name="application_stop"),
            path("<int:pk>/open/", self.admin_site.admin_view(require_POST(self.open_up)), name="application_open"),
        ]
        return own + super().get_urls()

    # ── One application ──

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.page(request, self.row(request, object_id))

    def row(self, request: HttpRequest, pk: Any) -> Application:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("data_key", "plan", "user", "branch")
        return get_object_or_404(rows, pk=pk if re.fullmatch("[0-9]{1,18}", str(pk)) else 0)

    def page(self, request: HttpRequest, application: Application) -> HttpResponse:
        """Each look is on the record: of what is masked, and of what a reason opened."""
        may_change, user = self.may_change(request), request.user
        assert isinstance(user, User)
        opened = looks.is_open(application, user)
        looks.look(application, user, looks.FILE, masked=not opened)
        known = {
            **self.admin_site.each_context(request),
            "title": application.reference,
            "opts": self.opts,
            "application": application,
            "declared": application.declaration,
            "opened": opened,
            "openings": looks.openings(application)[:20] if READS_REASONS & set(user.roles) else None,
            "trail": application.trail.select_related("actor").order_by("pk"),
            "orders": application.orders.prefetch_related("payments", "payments__refunds").order_by("-pk"),
            "above": [row for part in all_parts() for row in part.rows(application)],
            "why": endings.REASONS.get(application.reason),
            "stop": StopForm(),
            "may_resend": may_change and application.step == Step.ACTIVATION,
            "may_stop": may_change and application.step in journey.STOPPABLE,
        }
        return render(request, "admin/enrollment/application.html", known)

    def may_change(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("enrollment.change_application"))

    def done(self, request: HttpRequest, application: Application, act: Any, said: Any) -> HttpResponse:
        try:
            act()
        except Refusal as no:
            self.message_user(request, no.message, messages.WARNING)
        else:
            self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:enrollment_application_change", application.pk)

    def resend(self, request: HttpRequest, pk: int) -> HttpResponse:
        application = self.row(request, pk)
        if not self.may_change(request) or application.step != Step.ACTIVATION:
            raise Refusal(
                "not-allowed", _("Hồ sơ này không chờ mã kích hoạt, hoặc vai trò này không được gửi mã."), status=403
            )
        audit.record("code resent", application)
        return self.done(
            request, application, lambda: activation.invite(application), _("Mã mới đã được gửi cho khách.")
        )

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        application, form = self.row(request, pk), StopForm(request.POST)
        if not self.may_change(request) or not form.is_valid():
            raise Refusal("not-allowed", _("Cần chọn lý do, và vai trò này phải được dừng hồ sơ."), status=403)
        reason = form.cleaned_data["reason"]
        return self.done(request, application, lambda: leaving.stop(application, reason), _("Hồ sơ đã dừng."))

    def open_up(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The whole number and how to reach the person, for a reason that stays in the audit trail."""
        page = redirect("admin:enrollment_application_change", pk)
        return opened_up(request, self.row(request, pk), page)

    # ── The list: masked ──

    @admin.display(description=_("Họ tên"))
    def name(self, application: Application) -> str:
        declared = application.declaration
        return declared.full_name if declared else "–"

    @admin.display(description=_("Số giấy tờ"))
    def number(self, application: Application) -> str:
        declared = application.declaration
        return writing.masked(declared.number) if declared else "–"


@admin.register(Report)
class ReportAdmin(ReadOnly):
    """What VNeID was told, in order, and what it was not: told again by whoever may change applications."""

    list_display = ("application", "state", "status", "attempts", "at", "heard_at", "error")
    list_filter = ("status", "state")
    list_select_related = ("application", "link")
    search_fields = ("application__reference",)
    ordering = ("-pk",)
    actions = ("tell_again",)

    @admin.action(description=_("Báo lại VNeID"), permissions=("replay",))
    def tell_again(self, request: HttpRequest, rows: QuerySet[Report]) -> None:
        again = sum(linking.replay(report) for report in rows.select_related("application", "link"))
        messages.success(request, _("Đã xếp để báo lại: %(number)s.") % {"number": again})

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("enrollment.change_application")
