"""Staff's side of enrollment: applications to look at, plans to sell, payments, refunds to make, invoices."""

import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from enrollment import forms, journey
from enrollment.journey import Step
from enrollment.models import Application, Invoice, Order, Payment, Plan, Refund
from enrollment.parts import all_parts
from enrollment.steps import activation, leaving, payment
from portal import audit, writing
from portal.accounts.opening import known_by
from portal.admin import Desk, ReadOnly, SealedSearch
from portal.models import User
from portal.refusals import Refusal


@admin.register(Plan)
class PlanAdmin(Desk):
    list_display = ("name", "kind", "months", "price", "sold_from", "sold_until")
    list_filter = ("kind",)
    search_fields = ("name", "code")

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record("plan changed", obj, fields=sorted(form.changed_data))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a plan is taken off sale by its date; orders still name it


WIDE = {"reviewer", "approver", "supervisor", "operator", "auditor"}  # who sees every branch


@admin.register(Application)
class ApplicationAdmin(ReadOnly, SealedSearch):
    searched = "applications searched"
    list_display = ("reference", "name", "number", "step", "plan", "channel", "branch", "created_at", "touched_at")
    list_filter = ("step", "plan", "channel", "branch", "is_twin")
    list_select_related = ("plan", "branch", "data_key")
    search_fields = ("reference",)
    search_help_text = _("Mã hồ sơ, số giấy tờ đầy đủ, số điện thoại hoặc email chính xác")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        """An agent sees the applications of the own counter, whatever else he may be."""
        rows: QuerySet[Application] = super().get_queryset(request)
        user = request.user
        if isinstance(user, User) and not WIDE & set(user.roles):
            return rows.filter(branch=user.branch_id, branch__isnull=False)
        return rows

    def known_by(self, term: str) -> Q:
        return Q(reference=writing.document_number(term)) | known_by(term, "person_index")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:pk>/resend/", self.admin_site.admin_view(require_POST(self.resend)), name="application_resend"),
            path("<int:pk>/stop/", self.admin_site.admin_view(require_POST(self.stop)), name="application_stop"),
            path("<int:pk>/number/", self.admin_site.admin_view(require_POST(self.open_up)), name="application_number"),
        ]
        return own + super().get_urls()

    # ── One application ──

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self.page(request, self.found(request, object_id))

    def found(self, request: HttpRequest, pk: Any) -> Application:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("data_key", "plan", "user", "branch")
        return get_object_or_404(rows, pk=pk if re.fullmatch("[0-9]{1,18}", str(pk)) else 0)

    def page(self, request: HttpRequest, application: Application, *, opened: bool = False) -> HttpResponse:
        may_change = self.may_change(request)
        known = {
            **self.admin_site.each_context(request),
            "title": application.reference,
            "opts": self.opts,
            "application": application,
            "declared": application.declaration,
            "opened": opened,
            "trail": application.trail.select_related("actor").order_by("pk"),
            "orders": application.orders.prefetch_related("payments", "payments__refunds").order_by("-pk"),
            "above": [row for part in all_parts() for row in part.rows(application)],
            "why": journey.REASONS.get(application.reason),
            "stop": forms.StopForm(),
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
        application = self.found(request, pk)
        if not self.may_change(request) or application.step != Step.ACTIVATION:
            raise Refusal(
                "not-allowed", _("Hồ sơ này không chờ mã kích hoạt, hoặc vai trò này không được gửi mã."), status=403
            )
        audit.record("code resent", application)
        return self.done(
            request, application, lambda: activation.invite(application), _("Mã mới đã được gửi cho khách.")
        )

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        application, form = self.found(request, pk), forms.StopForm(request.POST)
        if not self.may_change(request) or not form.is_valid():
            raise Refusal("not-allowed", _("Cần chọn lý do, và vai trò này phải được dừng hồ sơ."), status=403)
        reason = form.cleaned_data["reason"]
        return self.done(request, application, lambda: leaving.stop(application, reason), _("Hồ sơ đã dừng."))

    def open_up(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The whole number, for a reason that stays in the audit trail."""
        application, reason = self.found(request, pk), writing.line(request.POST.get("reason", ""))[:200]
        if len(reason) < 5:
            self.message_user(request, _("Cần nêu lý do xem số giấy tờ."), messages.WARNING)
            return redirect("admin:enrollment_application_change", application.pk)
        audit.record("application opened up", application, reason=reason)
        return self.page(request, application, opened=True)

    # ── The list: masked ──

    @admin.display(description=_("Họ tên"))
    def name(self, application: Application) -> str:
        told = application.declaration
        return told.full_name if told else "–"

    @admin.display(description=_("Số giấy tờ"))
    def number(self, application: Application) -> str:
        told = application.declaration
        return writing.masked(told.number) if told else "–"


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    list_display = ("reference", "order", "gateway", "amount", "status", "code", "created_at", "settled_at")
    list_filter = ("status", "gateway")
    list_select_related = ("order",)
    search_fields = ("reference",)
    search_help_text = _("Mã giao dịch, mã tại cổng hoặc mã đơn hàng, chính xác")
    ordering = ("-pk",)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str) -> Any:
        """Exact, and each by its own index: a join under an "or" would look at every payment."""
        if not search_term:
            return queryset, False
        order = Order.objects.filter(reference=search_term).values("pk")
        found = (
            Payment.objects.filter(**one)
            for one in ({"reference": search_term}, {"provider_id": search_term}, {"order__in": order})
        )
        return queryset.filter(pk__in=[pk for rows in found for pk in rows.values_list("pk", flat=True)[:100]]), False


@admin.register(Refund)
class RefundAdmin(ReadOnly):
    """Money to be sent back by a person; the list is the queue."""

    list_display = ("created_at", "gateway", "provider_id", "amount", "reason", "payment", "status", "done_at")
    list_filter = ("status", "reason", "gateway")
    list_select_related = ("payment",)
    ordering = ("-status", "pk")  # what is due comes before what is done
    actions = ("mark_done",)

    @admin.action(description=_("Đánh dấu đã hoàn tiền"), permissions=["settle"])
    def mark_done(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        done = sum(payment.returned(refund) for refund in queryset)
        text = ngettext("%(count)d khoản đã hoàn.", "%(count)d khoản đã hoàn.", done) % {"count": done}
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("enrollment.change_refund"))


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly):
    list_display = ("order", "status", "number", "attempts", "error", "issued_at")
    list_filter = ("status",)
    list_select_related = ("order",)
    ordering = ("-pk",)
    actions = ("again",)

    @admin.action(description=_("Phát hành lại hóa đơn lỗi"), permissions=["issue"])
    def again(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> None:
        failed = queryset.filter(status=Invoice.Status.FAILED)
        count = failed.update(status=Invoice.Status.PENDING, attempts=0, due_at=timezone.now())
        audit.record("invoices tried again", count=count)
        text = ngettext("%(count)d hóa đơn sẽ được phát hành lại.", "%(count)d hóa đơn sẽ được phát hành lại.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    def has_issue_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("enrollment.change_invoice"))
