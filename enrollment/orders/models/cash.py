"""Cash at a counter: a drawer for each agent and day, the receipts given from it, and the books that number them.

Each row bears a MAC; of a receipt nothing is ever changed, and of a drawer nothing once its day is confirmed: the database
itself refuses (migrations/_closed_days.py)."""

from collections.abc import Mapping

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment.orders.models.sales import Order, Payment, Refund
from portal import sealing
from portal.models import BearsMac, Branch, User

DENOMINATIONS = (500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500)


class Drawer(BearsMac):
    """The cash of one agent at one branch on one day. What went in and out it keeps itself, so that a receipt that is
    missing is missed; how much must lie in it nobody is told before it was counted."""

    class Status(models.TextChoices):
        OPEN = "open", _("Đang mở")
        COUNTED = "counted", _("Chờ giải trình")
        CLOSED = "closed", _("Chờ trưởng quầy xác nhận")
        CONFIRMED = "confirmed", _("Đã chốt")

    agent = models.ForeignKey(User, verbose_name=_("Nhân viên"), on_delete=models.PROTECT, related_name="drawers")
    branch = models.ForeignKey(Branch, verbose_name=_("Đơn vị"), on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("Ngày"))
    status = models.CharField(_("Trạng thái"), max_length=9, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(_("Mở lúc"))
    opening = models.PositiveBigIntegerField(_("Tiền đầu ngày"))
    received = models.PositiveBigIntegerField(_("Đã thu"), default=0)
    returned = models.PositiveBigIntegerField(_("Đã chi"), default=0)
    receipts_given = models.PositiveIntegerField(_("Số phiếu"), default=0)
    notes = models.JSONField(_("Kiểm đếm"), default=dict)  # denomination → how many, as the agent counted
    counted = models.PositiveBigIntegerField(_("Đếm được"), null=True)
    closed_at = models.DateTimeField(_("Đếm lúc"), null=True)
    explanation = models.CharField(_("Giải trình"), max_length=300, blank=True)
    confirmed_by = models.ForeignKey(
        User, verbose_name=_("Người xác nhận"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("Xác nhận lúc"), null=True)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("ngăn tiền"), pgettext_lazy("nhiều", "ngăn tiền")
        constraints = (
            models.UniqueConstraint(fields=("agent", "branch", "day"), name="one_drawer_a_day"),
            models.UniqueConstraint(
                fields=("agent",), condition=Q(status__in=("open", "counted")), name="one_drawer_open"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("agent")), name="drawer_confirmed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(status="open", counted=None, closed_at=None)
                | Q(status__in=("counted", "closed", "confirmed"), counted__isnull=False, closed_at__isnull=False),
                name="drawer_closed_by_counting",
            ),
            models.CheckConstraint(
                condition=Q(status="confirmed", confirmed_by__isnull=False, confirmed_at__isnull=False)
                | Q(status__in=("open", "counted", "closed"), confirmed_by=None, confirmed_at=None),
                name="drawer_confirmed_by_somebody",
            ),
        )
        indexes = (
            models.Index(fields=("branch", "-day", "-id"), name="drawers_of_a_branch"),
            models.Index(fields=("branch",), condition=Q(status="closed"), name="drawers_to_confirm"),
        )

    def __str__(self) -> str:
        return f"{self.branch} {self.day:%d/%m/%Y}"

    @property
    def mac_of_row(self) -> str:
        row = (
            *(self.agent_id, self.branch_id, self.day.isoformat(), str(self.status), self.opened_at.isoformat()),
            *(self.opening, self.received, self.returned, self.receipts_given),
            *(
                sorted(self.notes.items()),
                self.counted,
                self.closed_at and self.closed_at.isoformat(),
                self.explanation,
            ),
            *(self.confirmed_by_id, self.confirmed_at and self.confirmed_at.isoformat()),
        )
        return sealing.blind_index("drawer", repr(row))

    @property
    def expected(self) -> int:
        return int(self.opening) + int(self.received) - int(self.returned)

    @property
    def difference(self) -> int:
        """What was counted beyond what must be there; less than nothing where some is missing."""
        return int(self.counted or 0) - self.expected

    @property
    def is_closed(self) -> bool:
        return self.status != self.Status.OPEN

    @staticmethod
    def worth(notes: Mapping[str, int]) -> int:
        return sum(int(denomination) * number for denomination, number in notes.items())


class Kind(models.TextChoices):
    RECEIVED = "received", _("Phiếu thu")
    RETURNED = "returned", _("Phiếu chi")


class ReceiptBook(BearsMac):
    """The last number given of one kind at one branch in one year. It is locked while one is given, and what is rolled back
    gives its number back: so there is no gap and no number twice."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    last = models.PositiveIntegerField(default=0)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("branch", "year", "kind"), name="one_book_a_year"),)

    @property
    def mac_of_row(self) -> str:
        return sealing.blind_index("receipt book", repr((self.branch_id, self.year, str(self.kind), self.last)))


class CashReceipt(BearsMac):
    """One amount that went into a drawer or out of it, under the next number of its book."""

    drawer = models.ForeignKey(Drawer, verbose_name=_("ngăn tiền"), on_delete=models.PROTECT, related_name="receipts")
    branch = models.ForeignKey(Branch, verbose_name=_("Đơn vị"), on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(_("Loại"), max_length=8, choices=Kind)
    number = models.PositiveIntegerField(_("Số"))
    amount = models.PositiveBigIntegerField(_("Số tiền"))
    tendered = models.PositiveBigIntegerField(_("Khách đưa"))
    order = models.ForeignKey(Order, verbose_name=_("Đơn hàng"), on_delete=models.PROTECT, related_name="receipts")
    payment = models.OneToOneField(
        Payment, verbose_name=_("Giao dịch"), null=True, on_delete=models.PROTECT, related_name="receipt"
    )
    refund = models.OneToOneField(
        Refund, verbose_name=_("khoản hoàn tiền"), null=True, on_delete=models.PROTECT, related_name="receipt"
    )
    at = models.DateTimeField(_("Lúc"))
    by = models.ForeignKey(User, verbose_name=_("Người lập"), on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(  # of what is given back the second person
        User, verbose_name=_("Người xác nhận"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("phiếu thu, chi"), pgettext_lazy("nhiều", "phiếu thu, chi")
        constraints = (
            models.UniqueConstraint(fields=("branch", "year", "kind", "number"), name="one_receipt_a_number"),
            models.CheckConstraint(condition=Q(amount__gt=0, tendered__gte=F("amount")), name="receipt_of_something"),
            models.CheckConstraint(
                condition=Q(kind="received", payment__isnull=False, refund=None, confirmed_by=None)
                | Q(kind="returned", payment=None, refund__isnull=False, confirmed_by__isnull=False),
                name="receipt_of_a_payment_or_a_refund",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("by")), name="returned_by_two_people"
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """PT for phiếu thu, PC for phiếu chi, as every cashier writes them."""
        return f"{'PT' if self.kind == Kind.RECEIVED else 'PC'}{self.year}-{self.number:06}"

    @property
    def mac_of_row(self) -> str:
        row = (
            *(self.drawer_id, self.branch_id, self.year, str(self.kind), self.number, self.amount, self.tendered),
            *(self.order_id, self.payment_id, self.refund_id, self.at.isoformat(), self.by_id, self.confirmed_by_id),
        )
        return sealing.blind_index("cash receipt", repr(row))

    @property
    def change(self) -> int:
        return int(self.tendered) - int(self.amount)

    @property
    def signed(self) -> int:
        """As it counts in the drawer: what went out is less than nothing."""
        return int(self.amount) if self.kind == Kind.RECEIVED else -int(self.amount)
