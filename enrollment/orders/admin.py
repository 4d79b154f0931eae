"""Staff's side of money: plans to sell, payments, refunds to make, invoices."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from enrollment.orders.models import TERMS, Invoice, Order, Payment, Plan, Refund
from enrollment.orders.steps import invoicing, pricing, refunding
from portal import changes, writing
from portal.admin import Desk, Proposing, ReadOnly, money
from portal.admin.screens import said
from portal.forms import ReasonField
from portal.models import Change, User


class WithReason(forms.ModelForm):  # type: ignore[type-arg]
    why = ReasonField()


@admin.register(Plan)
class PlanAdmin(Proposing):
    form = WithReason
    list_display = ("name", "kind", "months", "total", "sold_from", "sold_until", "is_confirmed")
    list_filter = ("kind",)
    search_fields = ("name", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[str, ...]:
        return ("code", *TERMS, *("why",) * self.has_change_permission(request, obj))

    def propose(self, obj: Plan, form: Any, by: User) -> Change:
        return changes.propose("plan", pricing.about(obj), pricing.terms_of(obj), by, reason=form.cleaned_data["why"])

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a plan is taken off sale by its date; orders still name it

    @admin.display(description=_("Giá đã gồm VAT"), ordering="price")
    def total(self, plan: Plan) -> str:
        return money(plan.price)

    @admin.display(description=_("Đã xác nhận"))
    def is_confirmed(self, plan: Plan) -> str:
        return said(plan.is_ours)


class OfMoney(Desk):
    @admin.display(description=_("Số tiền"), ordering="amount")
    def total(self, row: Payment | Refund) -> str:
        return money(row.amount)


@admin.register(Payment)
class PaymentAdmin(OfMoney, ReadOnly):
    list_display = ("reference", "order", "gateway", "total", "status", "code", "created_at", "settled_at")
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


class Returned(WithReason):
    receiver = forms.CharField(label=_("Tài khoản nhận"), max_length=120, help_text=_("Ngân hàng, số tài khoản, tên."))
    bank_reference = forms.CharField(label=_("Mã giao dịch hoàn tiền"), max_length=40)

    class Meta:
        model = Refund
        fields = ("bank_reference",)


@admin.register(Refund)
class RefundAdmin(OfMoney, Proposing):
    """Money to be sent back by a person, and confirmed by another; the list is the queue."""

    form = Returned
    readonly_fields = ("gateway", "provider_id", "total", "reason", "payment", "sent_to", "done_at", "done_by")
    list_display = ("created_at", "gateway", "provider_id", "total", "reason", "payment", "status", "done_at")
    list_filter = ("status", "reason", "gateway")
    list_select_related = ("payment",)
    ordering = ("-status", "pk")  # what is due comes before what is done

    def get_fields(self, request: HttpRequest, obj: Refund | None = None) -> tuple[str, ...]:
        owed = ("gateway", "provider_id", "total", "reason", "payment")
        if self.has_change_permission(request, obj):
            return (*owed, "receiver", "bank_reference", "why")
        return (*owed, "sent_to", "bank_reference", "done_at", "done_by")

    def propose(self, obj: Refund, form: Any, by: User) -> Change:
        typed = form.cleaned_data
        receiver, reference = writing.line(typed["receiver"]), writing.line(typed["bank_reference"])
        after = refunding.returning(Refund.objects.get(pk=obj.pk), receiver, reference)
        return changes.propose("refund", refunding.about(obj), after, by, reason=typed["why"])

    @admin.display(description=_("Tài khoản nhận"))
    def sent_to(self, refund: Refund) -> str:
        return writing.masked(refund.receiver) if refund.receiver else "–"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Refund | None = None) -> bool:
        is_open = obj is None or obj.status == Refund.Status.DUE
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
