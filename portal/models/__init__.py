"""What the ground floor remembers: people, keys, files, messages, codes, allowances, and who did what."""

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import sealing
from portal.models.changes import Change
from portal.models.people import Branch, User
from portal.models.sealed import BearsMac, DataKey, OursFromBirth, SealedFile, SealedRow

__all__ = [
    "Allowance",
    "BearsMac",
    "Branch",
    "Change",
    "Code",
    "DataKey",
    "Event",
    "Failure",
    "Heartbeat",
    "Message",
    "OursFromBirth",
    "Seal",
    "SealedFile",
    "SealedRow",
    "User",
]


class Allowance(models.Model):
    """How much of something one holder has spent in a window: wrong tries, codes sent. See allowances.py."""

    purpose = models.CharField(max_length=40)
    holder = models.CharField(max_length=64)
    spent = models.PositiveIntegerField()
    renews_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("purpose", "holder"), name="one_allowance_each"),)


class Code(models.Model):
    """A one-time code. Its digits are not here, only a keyed digest. See codes.py."""

    purpose = models.CharField(max_length=40)
    target = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    live = models.BooleanField(default=True)
    tries_left = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    receipt = models.UUIDField(null=True)  # of the one check that was right

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("purpose", "target"), condition=models.Q(live=True), name="one_live_code"),
        )


class Message(models.Model):
    """An SMS or e-mail, written with its cause and delivered afterwards. Once sent it keeps no text and no address."""

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        EMAIL = "email", _("Email")

    class Status(models.TextChoices):
        DUE = "due", _("Chờ gửi")
        SENDING = "sending", _("Đang gửi")
        SENT = "sent", _("Đã gửi")
        DELIVERED = "delivered", _("Đã đến máy")
        UNDELIVERED = "undelivered", _("Không đến máy")
        LAPSED = "lapsed", _("Quá hạn, không gửi")
        DEAD = "dead", _("Ngừng thử")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    intent = models.CharField(max_length=120, unique=True)  # the same cause never posts twice
    template = models.CharField(_("Mẫu"), max_length=60)
    language = models.CharField(_("Ngôn ngữ"), max_length=2)
    channel = models.CharField(_("Kênh"), max_length=5, choices=Channel)
    recipient = sealing.SealedTextField(null=True)
    recipient_index = models.CharField(max_length=64, blank=True)  # stays: by it staff find what went to a phone
    about = models.CharField(_("Về"), max_length=80, blank=True)  # as in the audit trail: application:12
    masked = models.CharField(_("Người nhận"), max_length=80)
    params = sealing.SealedJSONField(null=True)
    status = models.CharField(_("Trạng thái"), max_length=11, choices=Status, default=Status.DUE)
    attempts = models.PositiveSmallIntegerField(_("Số lần thử"), default=0)
    lost = models.PositiveSmallIntegerField(default=0)  # times a sender died between sending and saying so
    due_at = models.DateTimeField(_("Đến hạn"))
    good_until = models.DateTimeField(null=True)
    provider_id = models.CharField(_("Mã nhà cung cấp"), max_length=100, blank=True, db_index=True)
    error = models.CharField(_("Lỗi"), max_length=200, blank=True)
    request_id = models.CharField(max_length=36, blank=True)
    created_at = models.DateTimeField(_("Tạo lúc"), auto_now_add=True)
    sent_at = models.DateTimeField(_("Gửi lúc"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("tin nhắn"), pgettext_lazy("nhiều", "tin nhắn")
        indexes = (
            models.Index(
                fields=("due_at",), condition=models.Q(status__in=("due", "sending")), name="messages_still_to_go"
            ),
            models.Index(fields=("-created_at",), name="messages_newest"),
            models.Index(fields=("recipient_index", "-created_at"), name="messages_by_recipient"),
            models.Index(fields=("about", "-created_at"), name="messages_about"),
            models.Index(fields=("template", "-created_at"), name="messages_by_template"),
        )

    def __str__(self) -> str:
        return f"{self.get_channel_display()} · {self.masked}"


class Seal(models.Model):
    """A batch of audit entries closed under the seals before it; its digest is anchored outside the database."""

    number = models.PositiveBigIntegerField(unique=True)
    count = models.PositiveIntegerField()
    total = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)


class Event(models.Model):
    """Who did what about whom. Triggers refuse any change but being sealed once. See audit/."""

    at = models.DateTimeField(_("Lúc"))
    actor = models.ForeignKey(
        User, verbose_name=_("Ai"), null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    role = models.CharField(_("Vai trò"), max_length=40, blank=True)
    branch = models.CharField(_("Đơn vị"), max_length=100, blank=True)
    verb = models.CharField(_("Việc"), max_length=60)
    about = models.CharField(_("Về"), max_length=80, blank=True)
    result = models.CharField(_("Kết quả"), max_length=20, default="ok")
    place = models.CharField(_("Từ đâu"), max_length=45, blank=True)
    request_id = models.CharField(_("Mã yêu cầu"), max_length=36, blank=True)
    details = models.JSONField(default=dict)
    mac = models.CharField(max_length=64)
    seal = models.ForeignKey(
        Seal,
        verbose_name=_("Niêm phong"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="events",
    )

    class Meta:
        verbose_name, verbose_name_plural = _("sự kiện"), pgettext_lazy("nhiều", "nhật ký")
        indexes = (
            models.Index(fields=("id",), condition=models.Q(seal=None), name="events_not_yet_sealed"),
            models.Index(fields=("seal", "id"), name="events_by_seal"),
            models.Index(fields=("about", "id"), name="events_about"),
            models.Index(fields=("actor", "id"), name="events_by_actor"),
            models.Index(fields=("at", "id"), name="events_by_time"),
            models.Index(fields=("verb", "at"), name="events_by_verb"),
            models.Index(fields=("request_id",), name="events_by_request"),
            models.Index(fields=("-id",), condition=models.Q(verb="opened for a reason"), name="events_of_opening"),
        )

    def __str__(self) -> str:
        return str(self.pk)


class Heartbeat(models.Model):
    """When the worker, or the signer, last did what the schedule told it: proof that schedule, broker and it are alive
    together."""

    name = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField()

    @classmethod
    def heard(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": timezone.now()})

    @classmethod
    def silence(cls, name: str) -> timedelta | None:
        """Since this part last spoke, if it ever did."""
        beat = cls.objects.filter(name=name).first()
        return timezone.now() - beat.at if beat else None


class Failure(models.Model):
    """A row (or, where none is named, a whole job) that work on schedule could not do. It goes when it can. See jobs.py."""

    job = models.CharField(_("Việc nền"), max_length=120)
    row = models.CharField(_("Dòng"), max_length=80, blank=True)
    reason = models.CharField(_("Lỗi"), max_length=80)
    times = models.PositiveIntegerField(_("Số lần"), default=0)
    since = models.DateTimeField(_("Từ lúc"))
    at = models.DateTimeField(_("Lần cuối"), db_index=True)

    class Meta:
        verbose_name, verbose_name_plural = _("việc nền bị lỗi"), pgettext_lazy("nhiều", "việc nền bị lỗi")
        constraints = (models.UniqueConstraint(fields=("job", "row"), name="one_failure_each"),)

    def __str__(self) -> str:
        return f"{self.job} {self.row}"
