"""People with an account, and the units to which staff belong."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import sealing, writing


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


class User(AbstractBaseUser):
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
    groups = models.ManyToManyField(Group, related_name="user_set", blank=True, editable=False)  # the roles
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

    # What Django's admin asks; the answer is accounts/backend.py's.
    is_superuser = False

    def get_all_permissions(self) -> set[str]:
        return {right for backend in auth.get_backends() for right in backend.get_all_permissions(self)}

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return any(backend.has_perm(self, perm, obj) for backend in auth.get_backends())

    def has_perms(self, perms: Iterable[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return any(right.startswith(f"{app_label}.") for right in self.get_all_permissions())

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
