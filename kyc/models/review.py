"""What people decide: cases, decisions, blind second looks, policies."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment.journey import Channel
from enrollment.models import Application
from enrollment.orders.models import Plan
from portal import sealing
from portal.models import BearsMac, Branch, DataKey, User


class Case(models.Model):
    """The review of one application: in which queue it waits, who holds it, until when it is promised."""

    class Queue(models.TextChoices):
        APPRAISAL = "appraisal", _("Chờ thẩm định")
        SECOND = "second", _("Chờ ý kiến thứ hai")
        APPROVAL = "approval", _("Chờ duyệt")
        WAITING = "waiting", _("Chờ khách")
        HOLD = "hold", _("Tạm giữ")
        REJECTED = "rejected", _("Không đạt, chờ khách")
        OBJECTION = "objection", _("Khiếu nại")
        CLOSED = "closed", _("Đã xong")

    class Asking(models.TextChoices):
        ASKED = "asked", _("đợi khách trả lời")
        ANSWERED = "answered", _("khách đã trả lời")

    RUNNING: ClassVar = (Queue.APPRAISAL, Queue.SECOND, Queue.APPROVAL, Queue.OBJECTION)  # the clock runs

    application = models.OneToOneField(
        Application, verbose_name=_("Hồ sơ"), on_delete=models.CASCADE, related_name="case"
    )
    queue = models.CharField(_("Hàng đợi"), max_length=9, choices=Queue, default=Queue.APPRAISAL)
    holder = models.ForeignKey(
        User,
        verbose_name=_("Người giữ"),
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
    )  # found by cases_held: who closes a file lets go of it
    held_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(_("Hạn xử lý"))  # while the clock rests: since when
    left = models.IntegerField(default=0)  # seconds of office time that were left when the clock was stopped
    hold_until = models.DateField(null=True)
    received_at = models.DateTimeField(_("Nhận lúc"), default=timezone.now)
    closed_at = models.DateTimeField(_("Xong lúc"), null=True)
    kept = models.BooleanField(_("Đúng hẹn"), null=True)  # whether the promise was kept, told by the first outcome
    turns = models.PositiveIntegerField(default=0)  # a page opened before the last act acts no more
    asking = models.CharField(max_length=8, choices=Asking, blank=True)  # how a question to the customer stands
    withdrawn = models.BooleanField(default=False)  # closed by the customer, not by us
    flags = models.CharField(max_length=100, blank=True)  # what machines noticed, by name: steps/flagging.py
    checked = models.BooleanField(default=False)  # whether machines have looked at what lies there now
    looks = models.PositiveSmallIntegerField(default=0)  # how often they tried
    look_after = models.DateTimeField(null=True)  # a service was away; not before then
    # As the application had them when it came, so that the open files alone are read to sift them.
    branch = models.ForeignKey(
        Branch, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    plan = models.ForeignKey(Plan, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel, blank=True)
    language = models.CharField(max_length=2, default="vi")

    class Meta:
        verbose_name, verbose_name_plural = _("hồ sơ thẩm định"), pgettext_lazy("nhiều", "hồ sơ thẩm định")
        indexes = (
            models.Index(fields=("queue", "due_at", "id"), condition=~Q(queue="closed"), name="cases_in_queue"),
            models.Index(fields=("queue", "holder"), condition=~Q(queue="closed"), name="cases_counted"),
            models.Index(fields=("holder",), condition=~Q(queue="closed") & ~Q(holder=None), name="cases_held"),
            models.Index(fields=("-closed_at",), condition=Q(queue="closed"), name="cases_closed"),
            models.Index(fields=("closed_at", "id"), condition=Q(withdrawn=True), name="cases_withdrawn"),
            models.Index(
                fields=("looks", "due_at"), condition=Q(checked=False) & ~Q(queue="closed"), name="cases_to_check"
            ),
        )

    def __str__(self) -> str:
        return self.application.reference

    @property
    def is_running(self) -> bool:
        return self.queue in self.RUNNING


class Decision(models.Model):
    """What one person decided, of which file, why. Never changed."""

    ACTS: ClassVar[dict[str, Any]] = {
        "pass": _("Thẩm định đạt"),
        "machine-pass": _("Máy thẩm định đạt theo chính sách"),
        "approve": _("Duyệt"),
        "return": _("Trả lại thẩm định"),
        "recall": _("Rút lại thẩm định"),
        "send-back": _("Yêu cầu khách bổ sung"),
        "hold": _("Tạm giữ"),
        "resume": _("Tiếp tục"),
        "ask": _("Xin ý kiến thứ hai"),
        "agree": _("Ý kiến: đạt"),
        "disagree": _("Ý kiến: không đạt"),
        "reject": _("Từ chối"),
        "object": _("Khách khiếu nại"),
        "uphold": _("Giữ nguyên từ chối"),
        "reopen": _("Chấp nhận khiếu nại"),
    }
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="decisions")
    act = models.CharField(max_length=12)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    file_hash = models.CharField(max_length=64, blank=True)
    items = models.JSONField(default=dict)
    reason = models.CharField(max_length=20, blank=True)
    until = models.DateField(null=True)
    note = sealing.SealedTextField(key="data_key", null=True)
    answers = sealing.SealedJSONField(key="data_key", null=True)  # why each flag of the file stood in no one's way
    seconds = models.PositiveIntegerField(default=0)  # since the file was taken

    class Meta:
        indexes = (
            models.Index(fields=("by", "-id"), name="decisions_by"),
            models.Index(fields=("-at",), name="decisions_newest"),
        )

    @property
    def data_key(self) -> DataKey:
        return self.case.application.data_key

    @property
    def title(self) -> Any:
        return self.ACTS[self.act]


class Sample(models.Model):
    """A decided case looked at once more by somebody who does not see the decision."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="sample")
    expected = models.CharField(max_length=8)  # pass or fail: the decision
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("id",), condition=Q(verdict=""), name="samples_to_look_at"),)


class Policy(BearsMac):
    """How much review a plan and a channel ask for. Tried on past files before it goes live, by another person.
    Live it bears a MAC over its terms and whose they are: one that was put there by other means counts for nothing."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Bản nháp")
        LIVE = "live", _("Đang áp dụng")
        RETIRED = "retired", _("Đã thôi áp dụng")

    name = models.CharField(_("Tên"), max_length=60, unique=True)
    plan = models.ForeignKey(
        Plan, verbose_name=_("Gói cước"), null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text=_("Để trống: mọi gói"),
    )  # fmt: skip
    channel = models.CharField(_("Kênh"), max_length=8, choices=Channel, blank=True, help_text=_("Để trống: mọi kênh"))
    machine_appraises = models.BooleanField(
        _("Máy thẩm định thay người thứ nhất"), default=False,
        help_text=_("Chỉ khi mọi kiểm tra dưới đây đều Đạt; người duyệt vẫn phải duyệt."),
    )  # fmt: skip
    checks = models.JSONField(_("Kiểm tra phải đạt"), default=list)
    spares_face = models.BooleanField(
        _("VNeID đã so khuôn mặt: không hỏi lại"), default=False,
        help_text=_("Chỉ với hồ sơ từ VNeID mức 2 mà VNeID báo khuôn mặt khớp; thẩm định và duyệt vẫn như mọi hồ sơ."),
    )  # fmt: skip
    sampled = models.PositiveSmallIntegerField(_("Tỷ lệ xem lại mù (%)"), default=10)
    status = models.CharField(_("Trạng thái"), max_length=7, choices=Status, default=Status.DRAFT)
    made_by = models.JSONField(default=list, editable=False)  # everybody who wrote in it
    tried = models.JSONField(null=True, editable=False)  # what it would have done with past files
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    live_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    changed_at = models.DateTimeField(auto_now=True)
    mac = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("chính sách thẩm định"), pgettext_lazy("nhiều", "chính sách thẩm định")

    def __str__(self) -> str:
        return self.name

    @property
    def mac_of_row(self) -> str:
        rule = (self.plan_id, str(self.channel), self.machine_appraises, self.checks, self.spares_face, self.sampled)
        whose = (self.made_by, self.proposed_by_id, self.live_by_id)
        return sealing.blind_index("policy", repr((self.pk, self.name, *rule, *whose)))
