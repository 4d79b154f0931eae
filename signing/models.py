"""What customers sign, the keys that only they can use, and their certificates. The provider's own
keys are the authority's."""

from datetime import date, datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment.models import Application, Approval, OfApplication, Subscription
from portal import sealing
from portal.models import SealedFile, User
from portal.refusals import Refusal
from signing.authority.models import Authority, Issued, algorithm
from signing.envelope import batch_digest
from signing.examinations import Examination as Examination

# ── Documents ──


class Series(models.Model):
    """The numbers of one day: each is given once, in order."""

    name = models.CharField(max_length=120)
    day = models.DateField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("name", "day"), name="one_series_of_a_day"),)


class Paper(OfApplication):
    """A document that is signed here. What it says is frozen when its signing begins; a change of it voids the paper."""

    class Kind(models.TextChoices):
        CONTRACT = "contract", _("Hợp đồng điện tử")
        MINUTES = "minutes", _("Biên bản nghiệm thu")

    class State(models.TextChoices):
        OPEN = "open", _("Đang ký")
        AGREED = "agreed", _("Khách hàng đã ký")
        SEALED = "sealed", _("Đã đóng dấu")
        VOID = "void", _("Đã hủy")

    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    number = models.CharField(_("Số"), max_length=60, unique=True)
    version = models.CharField(max_length=10)  # of its texts
    facts = sealing.SealedJSONField(key="data_key")  # what is printed in it
    frozen = models.CharField(max_length=64)  # keyed hash of the facts that must not change meanwhile
    begun_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    evidence = sealing.SealedJSONField(key="data_key", null=True)  # strokes, steps, from where: printed in short
    shown = models.ForeignKey(SealedFile, null=True, on_delete=models.PROTECT, related_name="+")
    shown_hash = models.CharField(max_length=64, blank=True)  # SHA-256 of the very bytes that were shown
    agreed_at = models.DateTimeField(null=True)
    file = models.ForeignKey(SealedFile, null=True, on_delete=models.PROTECT, related_name="+")
    file_hash = models.CharField(max_length=64, blank=True)
    sealed_at = models.DateTimeField(null=True)
    stamped_by = models.ForeignKey(Authority, null=True, on_delete=models.PROTECT, related_name="+")  # the newest stamp
    faults = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name, verbose_name_plural = _("tài liệu"), pgettext_lazy("nhiều", "tài liệu")
        constraints = (
            models.UniqueConstraint(
                fields=("application", "kind"), condition=~Q(state="void"), name="one_paper_of_a_kind"
            ),
        )
        indexes = (
            models.Index(fields=("due_at",), condition=Q(state="agreed"), name="papers_to_seal"),
            models.Index(fields=("file_hash",), condition=Q(state="sealed"), name="papers_by_file"),
            models.Index(fields=("shown_hash",), condition=~Q(file_hash=""), name="papers_by_what_was_shown"),
        )

    def __str__(self) -> str:
        return self.number

    def is_open_at(self, moment: datetime) -> bool:
        return self.state == self.State.OPEN and moment < self.ends_at

    @classmethod
    def of(cls, application: Application, kind: "Paper.Kind | str") -> "Paper | None":
        papers = cls.objects.filter(application=application, kind=kind).exclude(state=cls.State.VOID)
        paper = papers.select_related("shown", "shown__data_key", "file", "file__data_key").first()
        if paper:
            paper.application = application
        return paper


class Edition(models.Model):
    """A sealed paper as it was before it was stamped again: whoever has that file has a genuine one, too."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="editions")
    file_hash = models.CharField(max_length=64, db_index=True)
    replaced_at = models.DateTimeField(default=timezone.now)


# ── The customer's key, and the acts that only the customer can do ──

PIN_TRIES = 5


class Key(models.Model):
    """A key pair, made ahead and taken from the pool for one subscription when its PIN is made. It may serve several
    certificates, and a subscription may have several keys over time."""

    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.PROTECT, related_name="keys")
    application = models.ForeignKey(  # in whose step its PIN is made
        Application, null=True, on_delete=models.PROTECT, related_name="keys"
    )
    kind = models.CharField(max_length=8)
    public = models.BinaryField()
    wrapped = models.BinaryField(null=True)  # by the vault alone, until it has a PIN
    custody = models.BinaryField(null=True)  # by the vault and by its owner's PIN: see custody.py
    request = models.BinaryField(null=True)  # the certificate request: proof that the key was at hand
    passkey = models.JSONField(null=True)  # which passkey opens it too: its id, and the salt it is asked with
    mac = models.BinaryField(null=True)  # the vault's, over the rest of the row: see custody.vouched
    tries_left = models.PositiveSmallIntegerField(default=PIN_TRIES)
    made_at = models.DateTimeField(default=timezone.now)
    bound_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("application",), condition=~Q(wrapped=None), name="one_key_taken_at_a_time"
            ),
        )
        indexes = (models.Index(fields=("kind", "id"), condition=Q(subscription=None), name="keys_in_the_pool"),)

    @property
    def algorithm(self) -> str:
        return algorithm(self.kind)

    @property
    def owner(self) -> str:
        """As custody names whose it is."""
        return str(self.subscription_id)

    @classmethod
    def pool(cls, kind: str) -> "QuerySet[Key]":
        return cls.objects.filter(subscription=None, certificates=None, kind=kind)

    @classmethod
    def of(cls, application: Application) -> "Key | None":
        """The one that got its PIN here, whatever other keys the same person has."""
        return cls.objects.filter(application=application).exclude(custody=None).first()


class Act(models.Model):
    """An explicit act that only the customer can do: asked for with the batch it is about, given to the signer in an
    envelope, once. It is its subscription's; the key is the one it signs with, none yet while the first PIN is made."""

    class Kind(models.TextChoices):
        PIN = "pin", _("Tạo mã PIN")
        ACCEPT = "accept", _("Ký biên bản nghiệm thu")

    class State(models.TextChoices):
        ASKED = "asked", _("Chờ xác nhận")
        GIVEN = "given", _("Đã gửi")
        TAKEN = "taken", _("Đang ký")
        DONE = "done", _("Đã ký")
        REFUSED = "refused", _("Không ký")

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="acts")
    key = models.ForeignKey(Key, null=True, on_delete=models.SET_NULL, related_name="acts")
    application = models.ForeignKey(
        Application, null=True, on_delete=models.CASCADE, related_name="+"
    )  # whose step it does
    nonce = models.CharField(max_length=43, unique=True)
    kind = models.CharField(max_length=6, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.ASKED)
    ends_at = models.DateTimeField()
    envelope = models.BinaryField(null=True)  # enclosed by the browser; gone once it was opened
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=45, blank=True)
    answer = models.CharField(max_length=40, blank=True)
    tries_left = models.PositiveSmallIntegerField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("lần xác nhận"), pgettext_lazy("nhiều", "lần xác nhận")
        indexes = (models.Index(fields=("id",), condition=Q(state="given"), name="acts_given"),)

    @property
    def batch(self) -> str:
        """One digest over all that it is about, as the browser must have come to it too."""
        return batch_digest(self.entries.order_by("position").values_list("digest", flat=True))


class Entry(models.Model):
    """One thing of an act's batch."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Chờ ký")
        SIGNED = "signed", _("Đã ký")
        REFUSED = "refused", _("Không ký")

    act = models.ForeignKey(Act, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of what is shown
    label = models.CharField(max_length=200)
    paper = models.ForeignKey(Paper, null=True, on_delete=models.CASCADE, related_name="entries")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)

    class Meta:
        verbose_name, verbose_name_plural = _("mục cần ký"), pgettext_lazy("nhiều", "mục cần ký")
        constraints = (models.UniqueConstraint(fields=("act", "position"), name="one_entry_at_a_position"),)
        indexes = (models.Index(fields=("act",), condition=Q(state="waiting"), name="entries_waiting"),)


# ── Certificates ──


class Certificate(OfApplication):
    """One person's certificate, to which one application led. Its row is there before it: serial and content are stored
    before anything is signed."""

    class State(models.IntegerChoices):  # the numbers and names that SmartCA uses (DOMAIN §1.4)
        ACTIVE = 0, _("Đang hoạt động")
        KEY_WAITING = 1, _("Chờ sinh cặp khóa")
        USER_WAITING = 2, _("Chờ người dùng kích hoạt")
        ISSUE_WAITING = 3, _("Chờ cấp chứng thư số")
        EXPIRED = 4, _("Hết hạn")
        REVOKED = 5, _("Đã thu hồi")
        SUSPENDED = 6, _("Đang tạm dừng")
        ACCEPTANCE_WAITING = 7, _("Chờ ký biên bản nghiệm thu")
        ACCEPTANCE_FAILED = 8, _("Ký BBNT lỗi, chữ ký không hợp lệ")
        SYNC_WAITING = 9, _("Chờ đồng bộ BBNT")
        SYNC_FAILED = 10, _("Đồng bộ BBNT không thành công")
        APPROVAL_WAITING = 11, _("Chờ duyệt")

    # Which state may follow which; the row itself decides, by one conditional update.
    MOVES: ClassVar[dict[int, set[int]]] = {
        State.KEY_WAITING: {State.APPROVAL_WAITING, State.ISSUE_WAITING},
        State.USER_WAITING: {State.ISSUE_WAITING, State.APPROVAL_WAITING},
        State.APPROVAL_WAITING: {State.ISSUE_WAITING, State.USER_WAITING, State.KEY_WAITING},
        State.ISSUE_WAITING: {State.ACCEPTANCE_WAITING, State.APPROVAL_WAITING, State.USER_WAITING, State.KEY_WAITING},
        State.ACCEPTANCE_WAITING: {State.SYNC_WAITING, State.ACCEPTANCE_FAILED, State.REVOKED, State.EXPIRED},
        State.ACCEPTANCE_FAILED: {State.SYNC_WAITING, State.ACCEPTANCE_FAILED, State.REVOKED, State.EXPIRED},
        State.SYNC_WAITING: {State.ACTIVE, State.SYNC_FAILED, State.REVOKED, State.EXPIRED},
        State.SYNC_FAILED: {State.ACTIVE, State.SYNC_WAITING, State.REVOKED, State.EXPIRED},
        State.ACTIVE: {State.SUSPENDED, State.REVOKED, State.EXPIRED},
        State.SUSPENDED: {State.ACTIVE, State.REVOKED, State.EXPIRED},
        State.EXPIRED: set(),
        State.REVOKED: set(),
    }

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="certificate")
    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.PROTECT, related_name="certificates")
    key = models.ForeignKey(Key, null=True, on_delete=models.PROTECT, related_name="certificates")
    state = models.PositiveSmallIntegerField(_("Trạng thái"), choices=State)
    # The intent, written once and before anything is signed
    register = models.OneToOneField(
        Issued, null=True, on_delete=models.PROTECT, related_name="+"
    )  # serial, dates, status
    approval = models.ForeignKey(Approval, null=True, on_delete=models.PROTECT, related_name="+")
    content = sealing.SealedTextField(key="data_key", null=True)  # to be signed, DER in base64
    # What came of it
    der = sealing.SealedTextField(key="data_key", null=True)
    activated_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=32, unique=True, null=True)  # the page behind the QR
    faults = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name, verbose_name_plural = _("chứng thư số"), pgettext_lazy("nhiều", "chứng thư số")
        constraints = (
            # A file without an account has no subscription, and never comes to a key.
            models.CheckConstraint(condition=Q(key=None) | ~Q(subscription=None), name="no_key_without_subscription"),
        )
        indexes = (
            models.Index(fields=("due_at",), condition=Q(state=3), name="certificates_to_issue"),
            models.Index(fields=("state", "-id"), name="certificates_by_state"),
        )

    def __str__(self) -> str:
        return self.serial or f"#{self.pk}"

    def move(self, state: "Certificate.State", **facts: object) -> None:
        """By one conditional update: of two that move it one wins, and what the table forbids moves nothing."""
        froms = [origin for origin, targets in self.MOVES.items() if state in targets]
        movable = Certificate.objects.filter(pk=self.pk, state__in=froms)
        if movable.update(state=state, **facts) != 1:
            raise out_of_state()
        self.state = state
        for name, value in facts.items():
            setattr(self, name, value)

    @classmethod
    def issued(cls) -> "QuerySet[Certificate]":
        return cls.objects.filter(register__issued_at__isnull=False).select_related("register__issuer__issuer")

    # ── As the register has it ──

    @property
    def serial(self) -> str:
        return self.register.serial if self.register else ""

    @property
    def issuer(self) -> Authority | None:
        return self.register.issuer if self.register else None

    @property
    def not_before(self) -> datetime | None:
        return self.register.not_before if self.register else None

    @property
    def not_after(self) -> datetime | None:
        return self.register.not_after if self.register else None

    @property
    def issued_at(self) -> datetime | None:
        return self.register.issued_at if self.register else None

    @property
    def revoked_at(self) -> datetime | None:
        return self.register.revoked_at if self.register else None


def out_of_state() -> Refusal:
    return Refusal(
        "out-of-state", _("Chứng thư số đã chuyển sang trạng thái khác. Quý khách hãy tải lại trang."), status=409
    )


MOST_PAUSE = timedelta(minutes=8)  # what fails again and again holds up the others rarely, and heals soon once mended


def take(row: Paper | Certificate, turn: timedelta, now: datetime) -> bool:
    """Of those who see that it is due one has it, for a turn that doubles each time; if that one falls, another comes."""
    due = type(row)._default_manager.filter(pk=row.pk, due_at=row.due_at, state=row.state)
    until = now + min(turn * 2 ** min(row.faults, 10), MOST_PAUSE)
    return bool(due.update(due_at=until, faults=Least(F("faults") + 1, 1000)))


def next_number(name: str, day: date) -> int:
    """Given once, however many ask at the same moment; inside a transaction, so none is lost to a failed one."""
    Series.objects.bulk_create([Series(name=name, day=day)], ignore_conflicts=True)
    series = Series.objects.filter(name=name, day=day)
    series.update(last=F("last") + 1)
    return series.values_list("last", flat=True)[0]
