"""Staff's side of money: plans to sell, payments, refunds to make, invoices."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from enrollment.orders.models import Invoice, Order, Payment, Plan, Refund
from enrollment.orders.steps import invoicing, refunding
from portal import audit
from portal.admin import Desk, ReadOnly


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
        matches = (
            Payment.objects.filter(**condition)
            for condition in ({"reference": search_term}, {"provider_id": search_term}, {"order__in": order})
        )
        return queryset.filter(pk__in=[pk for rows in matches for pk in rows.values_list("pk", flat=True)[:100]]), False


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
        done = sum(refunding.returned(refund) for refund in queryset)
        text = ngettext("%(count)d khoản đã hoàn.", "%(count)d khoản đã hoàn.", done) % {"count": done}
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.change_refund"))


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly):
    list_display = ("order", "status", "series", "number", "adjustment", "attempts", "error", "issued_at")
    list_filter = ("status",)
    list_select_related = ("order",)
    ordering = ("-pk",)
    actions = ("again",)

    @admin.action(description=_("Phát hành lại hóa đơn lỗi"), permissions=["issue"])
    def again(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> None:
        count = invoicing.again(queryset)
        text = ngettext("%(count)d hóa đơn sẽ được phát hành lại.", "%(count)d hóa đơn sẽ được phát hành lại.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    def has_issue_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.change_invoice"))
