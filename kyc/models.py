"""Evidence that customers give, what machines found in it, and what people decided."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment.identity import Document
from enrollment.journey import Channel
from enrollment.models import Application, OfApplication
from enrollment.orders.models import Plan
from portal import sealing
from portal.models import Branch, DataKey, SealedFile, User

# ── Capture ──

ITEMS = ("card-front", "card-back", "face")
# A passport has one page to show.
NEEDED: dict[str, tuple[str, ...]] = {Document.PASSPORT: ("card-front", "face")}


def needed(application: Application) -> tuple[str, ...]:
    declaration = application.declaration
    return NEEDED.get(declaration.document, ITEMS) if declaration else ITEMS


class Evidence(OfApplication):
    """One picture of one item, as it was kept: pixels of our own, sealed. Of each kind one counts."""

    class Kind(models.TextChoices):
        FRONT = "card-front", _("Mặt trước")
        BACK = "card-back", _("Mặt sau")
        FAR = "face-far", _("Khuôn mặt, xa")
        NEAR = "face-near", _("Khuôn mặt, gần")
        FILM = "face-film", _("Đoạn ghi khuôn mặt")

    class Way(models.TextChoices):
        CAMERA = "camera", _("Chụp trực tiếp")
        GALLERY = "gallery", _("Chọn từ thư viện ảnh")

    kind = models.CharField(max_length=10, choices=Kind)
    way = models.CharField(max_length=7, choices=Way)
    file = models.OneToOneField(SealedFile, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)  # keyed, of the kept pixels: what an approval binds to
    facts = sealing.SealedJSONField(key="data_key", null=True)  # what was measured or read when it came
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("ảnh"), pgettext_lazy("nhiều", "ảnh")
        constraints = (
            models.UniqueConstraint(
                fields=("application", "kind"), condition=Q(replaced_at=None), name="one_evidence_of_a_kind"
            ),
        )

    @property
    def item(self) -> str:
        return "face" if self.kind.startswith("face") else self.kind

    @classmethod
    def of(cls, application: Application) -> "dict[str, Evidence]":
        rows = cls.objects.filter(application=application, replaced_at=None).select_related("file", "file__data_key")
        by_kind: dict[str, Evidence] = {evidence.kind: evidence for evidence in rows}
        for evidence in by_kind.values():
            evidence.application = application
        return by_kind


class Upload(OfApplication):
    """Something on its way, in pieces that may come again after a lost line."""

    key = models.UUIDField(unique=True)  # the browser's own name for it
    item = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    way = models.CharField(max_length=7, choices=Evidence.Way)
    answer = models.JSONField(null=True)  # what became of it, for whoever lost the line while it was told
    claimed_at = models.DateTimeField(null=True)  # by whoever looks at it, once it has come whole
    created_at = models.DateTimeField(default=timezone.now, db_index=True)


class Piece(models.Model):
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces")
    start = models.PositiveIntegerField()
    sealed = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("upload", "start"), name="one_piece_each"),)


class Challenge(OfApplication):
    """In which order and how long to come near and go far: made anew each time, good once and for a while."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("Đang làm")
        DROPPED = "dropped", _("Bỏ dở")
        FAILED = "failed", _("Không đạt")
        KEPT = "kept", _("Đã nhận")

    key = models.UUIDField(unique=True)
    cues = models.JSONField()  # [{"cue": "far", "ms": 1600}, …]
    calm = models.BooleanField(default=False)  # at the slow pace that somebody asked for
    made_at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64, blank=True)  # of the film, told before it is sent
    promised_at = models.DateTimeField(null=True)  # when that was told: the film was shot by then
    outcome = models.CharField(max_length=7, choices=Outcome, default=Outcome.OPEN)
    counts = models.BooleanField(default=True)  # of the three tries; staff may let somebody begin anew

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("application",), condition=Q(outcome="open"), name="one_open_challenge"),
        )


class Help(OfApplication):
    """Somebody of the staff had a hand in the capture; never changed, so that the hand stays known."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)


# ── What machines found ──


class Check(OfApplication):
    """One machine's finding about exactly this evidence and declaration. It decides nothing."""

    class Outcome(models.TextChoices):
        PASS = "pass", _("Đạt")
        UNSURE = "unsure", _("Chưa rõ")
        FAIL = "fail", _("Không đạt")
        NOT_PERFORMED = "not-performed", _("Không thực hiện")

    NAMES: ClassVar[dict[str, Any]] = {
        "quality": _("Chất lượng ảnh giấy tờ"),
        "qr": _("Mã QR trên thẻ"),
        "mrz": _("Dòng máy đọc (MRZ)"),
        "ocr": _("Chữ in trên thẻ (OCR)"),
        "same-card": _("Hai mặt cùng một thẻ"),
        "declared": _("Khớp với khai báo"),
        "validity": _("Thời hạn giấy tờ"),
        "issuer": _("Nơi cấp theo ngày cấp"),
        "number": _("Cấu trúc số định danh"),
        "card-face": _("Khuôn mặt trên thẻ"),
        "still-faces": _("Khuôn mặt trong hai ảnh"),
        "cues": _("Làm theo hướng dẫn xa – gần"),
        "alive": _("Chuyển động của người thật"),
        "reuse": _("Ảnh đã dùng ở hồ sơ khác"),
        "card-genuine": _("Giấy tờ thật (eKYC)"),
        "liveness": _("Người thật trước máy (eKYC)"),
        "match": _("Khuôn mặt khớp ảnh thẻ (eKYC)"),
    }
    name = models.CharField(max_length=12)
    outcome = models.CharField(max_length=13, choices=Outcome)
    basis = models.CharField(max_length=64)  # hash of what was looked at
    facts = sealing.SealedJSONField(key="data_key", null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("application", "basis", "name"), name="one_finding_each"),)

    @property
    def title(self) -> Any:
        return self.NAMES[self.name]


class Mark(OfApplication):
    """Something by which applications are found to belong together: blind indexes, and traces of pictures in bands,
    of which two near-duplicates share at least one."""

    KINDS: ClassVar[dict[str, Any]] = {
        "phone": _("Cùng số điện thoại"),
        "email": _("Cùng email"),
        "address": _("Cùng địa chỉ"),
        "device": _("Cùng thiết bị"),
        "agent": _("Cùng nhân viên hỗ trợ"),
        "card-front": _("Ảnh mặt trước gần giống"),
        "face-near": _("Ảnh khuôn mặt gần giống"),
    }
    kind = models.CharField(max_length=10)
    value = models.CharField(max_length=64)
    trace = sealing.SealedTextField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "value", "application"), name="one_mark_each"),)


# ── What people decide ──


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

    RUNNING: ClassVar = (Queue.APPRAISAL, Queue.SECOND, Queue.APPROVAL, Queue.OBJECTION)  # the clock runs

    application = models.OneToOneField(
        Application, verbose_name=_("Hồ sơ"), on_delete=models.CASCADE, related_name="case"
    )
    queue = models.CharField(_("Hàng đợi"), max_length=9, choices=Queue, default=Queue.APPRAISAL)
    holder = models.ForeignKey(
        User, verbose_name=_("Người giữ"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    held_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(_("Hạn xử lý"))  # while the clock rests: since when
    left = models.IntegerField(default=0)  # seconds of office time that were left when the clock was stopped
    hold_until = models.DateField(null=True)
    received_at = models.DateTimeField(_("Nhận lúc"), default=timezone.now)
    closed_at = models.DateTimeField(_("Xong lúc"), null=True)
    kept = models.BooleanField(_("Đúng hẹn"), null=True)  # whether the promise was kept, told by the first outcome
    turns = models.PositiveIntegerField(default=0)  # a page opened before the last act acts no more
    checked = models.BooleanField(default=False)  # whether machines have looked at what lies there now
    looks = models.PositiveSmallIntegerField(default=0)  # how often they tried
    look_after = models.DateTimeField(null=True)  # a service was away; not before then
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("hồ sơ thẩm định"), pgettext_lazy("nhiều", "hồ sơ thẩm định")
        indexes = (
            models.Index(fields=("queue", "due_at", "id"), condition=~Q(queue="closed"), name="cases_in_queue"),
            models.Index(fields=("queue", "holder"), condition=~Q(queue="closed"), name="cases_counted"),
            models.Index(fields=("holder",), condition=~Q(queue="closed") & ~Q(holder=None), name="cases_held"),
            models.Index(fields=("-closed_at",), condition=Q(queue="closed"), name="cases_closed"),
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


class Policy(models.Model):
    """How much review a plan and a channel ask for. Tried on past files before it goes live, by another person."""

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
    sampled = models.PositiveSmallIntegerField(_("Tỷ lệ xem lại mù (%)"), default=10)
    status = models.CharField(_("Trạng thái"), max_length=7, choices=Status, default=Status.DRAFT)
    made_by = models.JSONField(default=list, editable=False)  # everybody who wrote in it
    tried = models.JSONField(null=True, editable=False)  # what it would have done with past files
    live_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name, verbose_name_plural = _("chính sách thẩm định"), pgettext_lazy("nhiều", "chính sách thẩm định")

    def __str__(self) -> str:
        return self.name
