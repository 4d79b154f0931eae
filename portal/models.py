"""What the ground floor remembers: people, keys, files, messages, codes, allowances, and who did what."""

import base64
import uuid
from collections.abc import Iterator
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import sealing, writing


class DataKey(models.Model):
    """The key of one application's personal data. Erase it and the person is erased, in every backup too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = sealing.SealedTextField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True)

    @classmethod
    def make(cls) -> "DataKey":
        return cls.objects.create(wrapped=base64.b64encode(sealing.new_key()).decode())

    def opened(self) -> bytes:
        if self.wrapped is None:
            raise sealing.Erased(str(self.pk))
        return base64.b64decode(self.wrapped)

    def erase(self, now: Any) -> None:
        type(self).objects.filter(pk=self.pk, erased_at=None).update(wrapped=None, erased_at=now)
        self.wrapped = None


class SealedRow(models.Model):
    """One with fields sealed by its own data key."""

    class Meta:
        abstract = True

    def sealed(self, field: str, value: Any) -> sealing.Token:
        """For an update, which cannot seal by itself."""
        sealed_field: Any = self._meta.get_field(field)
        token: sealing.Token = sealed_field.sealed(value, self)
        return token


class SealedFile(models.Model):
    """A file at rest: its own key in this row, its sealed chunks in the storage."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT)
    wrapped = sealing.SealedTextField(key="data_key")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    @classmethod
    def store(cls, file: IO[bytes], content_type: str, data_key: DataKey) -> "SealedFile":
        """Only sealed bytes touch a disk; the name tells nothing. The row comes last: a file without one is swept."""
        key, sealed = sealing.new_key(), cls(data_key=data_key, content_type=content_type)
        with SpooledTemporaryFile(max_size=8_000_000) as aside:
            for chunk in sealing.sealed_chunks(file, key, str(sealed.pk)):
                aside.write(chunk)
            sealed.size = file.tell()
            aside.seek(0)
            sealed.name = default_storage.save(f"{sealed.pk.hex[:2]}/{sealed.pk.hex}", File(aside))
        sealed.wrapped = base64.b64encode(key).decode()
        sealed.save()
        return sealed

    def chunks(self) -> Iterator[bytes]:
        with default_storage.open(self.name) as file:
            yield from sealing.unsealed_chunks(file, base64.b64decode(self.wrapped), str(self.pk))

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def forget(self) -> None:
        """One that nothing names any more; its bytes go when that is certain."""
        self.delete()
        transaction.on_commit(lambda: default_storage.delete(self.name), robust=True)


class Branch(models.Model):
    """A VNPT unit to which staff belong, such as VNPT Thanh Hóa."""

    name = models.CharField(_("Đơn vị"), max_length=100, unique=True)
    province = models.CharField(_("Mã tỉnh/thành phố"), max_length=2)
    address = models.CharField(_("Địa chỉ"), max_length=200, blank=True)
    phone = models.CharField(_("Điện thoại"), max_length=20, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("đơn vị"), pgettext_lazy("nhiều", "đơn vị")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class People(BaseUserManager["User"]):
    def with_number(self, number: str) -> "User | None":
        return self.filter(username=User.username_for(number)).first()


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. The user name is the ID number, kept as a blind index and never shown."""

    username = models.CharField(max_length=64, unique=True, editable=False)
    id_number = sealing.SealedTextField(_("Số giấy tờ"))
    full_name = sealing.SealedTextField(_("Họ tên"))
    phone = sealing.SealedTextField(_("Số điện thoại"))
    phone_index = models.CharField(max_length=64, db_index=True, editable=False)
    email = sealing.SealedTextField(_("Email"))
    email_index = models.CharField(max_length=64, db_index=True, editable=False)
    language = models.CharField(
        _("Ngôn ngữ"), max_length=2, default="vi", choices=(("vi", "Tiếng Việt"), ("en", "English"))
    )
    branch = models.ForeignKey(Branch, verbose_name=_("Đơn vị"), on_delete=models.PROTECT, null=True, blank=True)
    is_active = models.BooleanField(_("Đang hoạt động"), default=True)
    is_staff = models.BooleanField(default=False, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    roles_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    # Whether a second person confirmed the roles: until then they let nobody decide about applications.
    is_vouched = models.BooleanField(_("Vai trò đã được xác nhận"), default=False, editable=False)
    date_joined = models.DateTimeField(_("Ngày mở"), auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = People()

    class Meta:
        verbose_name, verbose_name_plural = _("tài khoản"), pgettext_lazy("nhiều", "tài khoản")

    def __str__(self) -> str:
        """No name: Django's admin log copies this text and keeps it in clear."""
        return f"#{self.pk}"

    @cached_property
    def roles(self) -> list[str]:
        return sorted(self.groups.values_list("name", flat=True))

    @staticmethod
    def username_for(number: str) -> str:
        return sealing.blind_index("id number", writing.document_number(number))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The indexes follow what they index."""
        if not isinstance(self.__dict__.get("id_number"), sealing.Token):
            self.id_number = writing.document_number(self.id_number)
            self.username = self.username_for(self.id_number)
        if not isinstance(self.__dict__.get("phone"), sealing.Token):
            self.phone_index = sealing.blind_index("phone", self.phone)
        if not isinstance(self.__dict__.get("email"), sealing.Token):
            self.email_index = sealing.blind_index("email", self.email.lower())
        super().save(*args, **kwargs)


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
        )

    def __str__(self) -> str:
        return f"{self.template} · {self.masked}"


class Seal(models.Model):
    """A batch of audit entries closed under the seals before it; its digest is anchored outside the database."""

    number = models.PositiveBigIntegerField(unique=True)
    count = models.PositiveIntegerField()
    total = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    sealed_at = models.DateTimeField()


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
    request_id = models.CharField(max_length=36, blank=True)
    details = models.JSONField(default=dict)
    mac = models.CharField(max_length=64)
    seal = models.ForeignKey(
        Seal, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="events"
    )

    class Meta:
        verbose_name, verbose_name_plural = _("sự kiện"), pgettext_lazy("nhiều", "nhật ký")
        indexes = (
            models.Index(fields=("id",), condition=models.Q(seal=None), name="events_not_yet_sealed"),
            models.Index(fields=("seal", "id"), name="events_by_seal"),
            models.Index(fields=("about", "id"), name="events_about"),
            models.Index(fields=("actor", "id"), name="events_by_actor"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.about}"


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
