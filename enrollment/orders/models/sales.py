"""What is sold and paid: plans, orders, payments, money to return, invoices. An order has a buyer and a purpose; what lies
behind the purpose only its seller knows (parts.py)."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal import sealing
from portal.models import BearsMac, User

TERMS = ("name", "name_en", "kind", "months", "signings", "price", "use", "use_en", "sold_from", "sold_until", "rank")


class Plan(BearsMac):
    """A plan as it is offered from one day to another. Two people confirmed its terms (steps/pricing.py), and the row bears
    a MAC over them: one that was changed by other means sells nothing."""

    class Kind(models.TextChoices):
        PER_SIGNING = "per-signing", _("Chứng thư số theo lượt ký")
        UNLIMITED = "unlimited", _("Chứng thư số không giới hạn lượt ký")

    code = models.SlugField(_("Mã gói"), unique=True)
    name = models.CharField(_("Tên gói"), max_length=100)
    name_en = models.CharField(_("Tên gói (tiếng Anh)"), max_length=100)
    kind = models.CharField(_("Loại"), max_length=12, choices=Kind)
    months = models.PositiveSmallIntegerField(_("Số tháng"))
    signings = models.PositiveIntegerField(_("Số lượt ký kèm theo"), default=0)
    price = models.PositiveIntegerField(_("Giá đã gồm VAT (đồng)"))
    use = models.CharField(_("Dùng để"), max_length=200)
    use_en = models.CharField(_("Dùng để (tiếng Anh)"), max_length=200)
    sold_from = models.DateField(_("Bán từ ngày"))
    sold_until = models.DateField(_("Bán đến ngày"), null=True, blank=True)
    rank = models.PositiveSmallIntegerField(_("Thứ tự"), default=0)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("gói cước"), pgettext_lazy("nhiều", "gói cước")
        ordering = ("rank", "code")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.name_en if get_language() == "en" else self.name

    @property
    def purpose(self) -> str:
        return self.use_en if get_language() == "en" else self.use

    @classmethod
    def term(cls, name: str) -> models.Field[Any, Any]:
        field = cls._meta.get_field(name)
        assert isinstance(field, models.Field)
        return field

    @property
    def mac_of_row(self) -> str:
        terms = [str(self.term(name).to_python(getattr(self, name))) for name in ("code", *TERMS)]
        return sealing.blind_index("plan", repr(terms))

    @classmethod
    def on_sale(cls) -> "QuerySet[Plan]":
        today = timezone.localdate()
        offered = cls.objects.filter(sold_from__lte=today).filter(Q(sold_until=None) | Q(sold_until__gte=today))
        return cls.objects.filter(pk__in=[plan.pk for plan in offered if plan.is_ours])


class Order(BearsMac):
    """What was bought at the price of that moment. Later changes of the plan do not reach it, and by a MAC over what it
    says no change of the row does: neither paid for nor settled is what was not ordered so."""

    class Status(models.TextChoices):
        OPEN = "open", _("Chờ thanh toán")
        PAID = "paid", _("Đã thanh toán")
        CANCELLED = "cancelled", _("Đã hủy")

    purpose = models.CharField(_("Bán cho"), max_length=20, editable=False)  # who sold it: see parts.py
    subject = models.BigIntegerField(editable=False)  # and to what of that seller's it belongs
    buyer = models.ForeignKey(User, null=True, editable=False, on_delete=models.PROTECT, related_name="orders")
    reference = models.CharField(_("Mã đơn hàng"), max_length=10, unique=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT)
    name = models.CharField(_("Gói cước"), max_length=100)
    name_en = models.CharField(max_length=100)
    kind = models.CharField(max_length=12, choices=Plan.Kind)
    months = models.PositiveSmallIntegerField()
    signings = models.PositiveIntegerField()
    total = models.PositiveIntegerField(_("Tổng cộng (đồng)"))
    vat_percent = models.PositiveSmallIntegerField(default=10)
    status = models.CharField(_("Trạng thái"), max_length=9, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(_("Tạo lúc"), auto_now_add=True)
    paid_at = models.DateTimeField(_("Thanh toán lúc"), null=True)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("đơn hàng"), pgettext_lazy("nhiều", "đơn hàng")
        constraints = (
            models.UniqueConstraint(
                fields=("purpose", "subject"), condition=~Q(status="cancelled"), name="one_order_per_subject"
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def title(self) -> str:
        return self.name_en if get_language() == "en" else self.name

    @property
    def mac_of_row(self) -> str:
        what = (self.name, self.name_en, self.kind, self.months, self.signings, self.total, self.vat_percent)
        return sealing.blind_index("order", repr((self.reference, self.purpose, self.subject, self.plan_id, *what)))

    @property
    def vat(self) -> int:
        return round(self.total * self.vat_percent / (100 + self.vat_percent))

    @property
    def net(self) -> int:
        return self.total - self.vat


class Payment(models.Model):
    """One attempt to pay an order at one gateway; its reference is what the gateway tells us of."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Đang chờ")
        PAID = "paid", _("Thành công")
        FAILED = "failed", _("Không thành công")
        EXPIRED = "expired", _("Quá hạn")
        HELD = "held", _("Cổng đang giữ tiền")
        WRONG = "wrong", _("Sai số tiền")

    order = models.ForeignKey(Order, verbose_name=_("Đơn hàng"), on_delete=models.PROTECT, related_name="payments")
    reference = models.CharField(_("Mã giao dịch"), max_length=12, unique=True)
    gateway = models.CharField(_("Cổng"), max_length=10)
    amount = models.PositiveIntegerField(_("Số tiền"))
    status = models.CharField(_("Trạng thái"), max_length=8, choices=Status, default=Status.PENDING)
    provider_id = models.CharField(_("Mã tại cổng"), max_length=60, blank=True, db_index=True)
    code = models.CharField(_("Mã kết quả"), max_length=20, blank=True)  # the gateway's own result code
    created_at = models.DateTimeField(_("Tạo lúc"), auto_now_add=True)
    asked_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(_("Xong lúc"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("thanh toán"), pgettext_lazy("nhiều", "thanh toán")
        constraints = (
            models.UniqueConstraint(
                fields=("gateway", "provider_id"), condition=~Q(provider_id=""), name="one_payment_per_transaction"
            ),
        )
        indexes = (
            models.Index(
                fields=("created_at",), condition=Q(status__in=("pending", "held")), name="payments_still_open"
            ),
            models.Index(fields=("status", "-id"), name="payments_by_status"),
        )

    def __str__(self) -> str:
        return self.reference


class Refund(models.Model):
    """Money that we hold without a right to it, waiting for a person to send it back."""

    class Reason(models.TextChoices):
        LATE = "late", _("Đến sau khi đơn đã hủy")
        TWICE = "twice", _("Trả hai lần")
        AMOUNT = "amount", _("Sai số tiền")
        UNKNOWN = "unknown", _("Không rõ đơn hàng")
        CANCELLED = "cancelled", _("Khách hủy hồ sơ")
        ALTERED = "altered", _("Đơn hàng bị sửa ngoài hệ thống")

    class Status(models.TextChoices):
        DUE = "due", _("Chờ hoàn")
        DONE = "done", _("Đã hoàn")

    payment = models.ForeignKey(
        Payment, verbose_name=_("Giao dịch"), null=True, on_delete=models.PROTECT, related_name="refunds"
    )
    gateway = models.CharField(_("Cổng"), max_length=10)
    provider_id = models.CharField(_("Mã tại cổng"), max_length=60)
    amount = models.PositiveBigIntegerField(_("Số tiền"))
    reason = models.CharField(_("Lý do"), max_length=10, choices=Reason)
    status = models.CharField(_("Trạng thái"), max_length=4, choices=Status, default=Status.DUE)
    created_at = models.DateTimeField(_("Ghi nhận lúc"), auto_now_add=True)
    receiver = sealing.SealedTextField(_("Tài khoản nhận"), null=True)
    bank_reference = models.CharField(_("Mã giao dịch hoàn tiền"), max_length=40, blank=True)
    done_at = models.DateTimeField(_("Hoàn lúc"), null=True)
    done_by = models.ForeignKey(User, verbose_name=_("Người hoàn"), null=True, on_delete=models.PROTECT)

    class Meta:
        verbose_name, verbose_name_plural = _("khoản hoàn tiền"), pgettext_lazy("nhiều", "khoản hoàn tiền")
        constraints = (
            models.UniqueConstraint(fields=("gateway", "provider_id"), name="one_refund_per_transaction"),
            models.UniqueConstraint(
                fields=("bank_reference",), condition=~Q(bank_reference=""), name="one_transfer_per_refund"
            ),
        )
        indexes = (models.Index(fields=("-id",), condition=Q(status="due"), name="refunds_due"),)

    def __str__(self) -> str:
        return f"{self.gateway} {self.provider_id}"


class Invoice(models.Model):
    """The e-invoice of a paid order, issued by a provider behind a port."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Chờ phát hành")
        ISSUED = "issued", _("Đã phát hành")
        FAILED = "failed", _("Lỗi")
        VOID = "void", _("Không phát hành")
        WRONG = "wrong", _("Chờ điều chỉnh")  # issued, and its money is returned: a second invoice takes it back
        ADJUSTED = "adjusted", _("Đã điều chỉnh")

    order = models.OneToOneField(Order, verbose_name=_("Đơn hàng"), on_delete=models.PROTECT, related_name="invoice")
    status = models.CharField(_("Trạng thái"), max_length=8, choices=Status, default=Status.PENDING)
    # Ours, there before anything is sent: by it the provider knows a repetition, and we find again what it issued.
    ref = models.UUIDField("RefID", default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("Số hóa đơn"), max_length=40, blank=True)
    series = models.CharField(_("Ký hiệu"), max_length=20, blank=True)
    lookup = models.CharField(_("Mã tra cứu"), max_length=60, blank=True)
    adjustment = models.CharField(_("Hóa đơn điều chỉnh"), max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(_("Số lần thử"), default=0)
    error = models.CharField(_("Lỗi"), max_length=200, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    issued_at = models.DateTimeField(_("Phát hành lúc"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("hóa đơn"), pgettext_lazy("nhiều", "hóa đơn")
        indexes = (
            models.Index(fields=("due_at",), condition=Q(status__in=("pending", "wrong")), name="invoices_to_issue"),
            models.Index(fields=("status", "-id"), name="invoices_by_status"),
        )

    def __str__(self) -> str:
        return self.number or str(self.order_id)
