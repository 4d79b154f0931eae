"""People with an account, and the units to which staff belong."""

import hmac
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import sealing, writing

CUSTOMER = "customer"  # the one role that gives no power
CLOSED = "closed "  # begins the user name of an account that nobody signs in to


class Branch(models.Model):
    """A VNPT unit to which staff belong, such as VNPT Thanh Hóa."""

    name = models.CharField(_("Đơn vị"), max_length=100, unique=True)
    province = models.CharField(_("Mã tỉnh/thành phố"), max_length=2)
    address = models.CharField(_("Địa chỉ"), max_length=200, blank=True)
    phone = models.CharField(_("Điện thoại"), max_length=20, blank=True)
    hours = models.CharField(_("Giờ làm việc"), max_length=200, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("đơn vị"), pgettext_lazy("nhiều", "đơn vị")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def on_map(self) -> str:
        """Where the person's own browser looks for it; we ask no map."""
        return f"https://www.openstreetmap.org/search?{urlencode({'query': f'{self.name}, {self.address}'})}"


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
    further_branches = models.ManyToManyField(Branch, verbose_name=_("Cũng làm ở"), related_name="+", blank=True)
    groups = models.ManyToManyField(Group, related_name="user_set", blank=True, editable=False)  # the roles
    is_active = models.BooleanField(_("Đang hoạt động"), default=True)
    is_staff = models.BooleanField(default=False, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    # Who gave the roles and who confirmed them (nobody named: the machine's shell), and the MAC by which they count.
    roles_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    confirmed_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    roles_mac = models.CharField(max_length=64, blank=True, editable=False)
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
    def held(self) -> list[str]:
        """The roles that the rows give; what counts is `roles`."""
        return sorted(group.name for group in self.groups.all())

    @cached_property
    def roles(self) -> list[str]:
        """Those that count: a role with power only while `is_confirmed`."""
        return [role for role in self.held if role == CUSTOMER or self.is_confirmed]

    @cached_property
    def further(self) -> list[int]:
        """The branches beside the home one, as the rows say; what counts is `branch_ids`."""
        return sorted(branch.pk for branch in self.further_branches.all())

    @cached_property
    def branch_ids(self) -> frozenset[int]:
        """Where this person works. Like every power: none where the roles are not confirmed."""
        return frozenset(pk for pk in (self.branch_id, *self.further) if pk) if self.is_confirmed else frozenset()

    @property
    def powers(self) -> list[str]:
        return [role for role in self.held if role != CUSTOMER]

    @cached_property
    def is_confirmed(self) -> bool:
        """Whether two people gave exactly these powers to this person, at these branches, with codes that go to this phone and
        this mailbox, and with the password that its owner set. What is written into the row by other means gives nobody
        power, it takes it."""
        try:
            return self.is_staff and bool(self.powers) and hmac.compare_digest(self.roles_mac, self.mac_of_roles())
        except sealing.Broken:
            return False

    @property
    def may_enter(self) -> bool:
        """Staff come in with confirmed roles or not at all, and at the desk's door."""
        if not (self.is_staff or self.powers):
            return self.is_active
        return self.is_active and self.is_confirmed and settings.DOORS != "public"

    def mac_of_roles(self) -> str:
        row = (
            *(self.pk, self.username, self.powers, self.branch_id, self.further, self.phone, self.email),
            *(self.roles_by_id, self.confirmed_by_id, self.password),
        )
        return sealing.blind_index("roles of staff", repr(row))

    def set_password(self, raw_password: str | None) -> None:
        """Roles that counted go on counting; saved with the password."""
        counted = self.pk is not None and self.is_confirmed
        super().set_password(raw_password)
        if counted:
            self.roles_mac = self.mac_of_roles()

    def give_roles(self, roles: Iterable[str], by: "User | None", confirmed_by: "User | None") -> None:
        """By two people, or by the machine's shell; only accounts/ calls this."""
        self.groups.set(Group.objects.filter(name__in=set(roles)))
        for known in ("held", "roles", "is_confirmed", "further", "branch_ids"):
            self.__dict__.pop(known, None)
        if not (self.powers or self.is_staff):
            return  # a customer's row says nothing of roles, and the public's door may write nothing of them
        self.is_staff, self.roles_by, self.confirmed_by = bool(self.powers), by, confirmed_by
        self.roles_mac = self.mac_of_roles() if self.powers and self.is_active else ""
        self.save(update_fields=["is_staff", "roles_by", "confirmed_by", "roles_mac"])

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

    @property
    def is_closed(self) -> bool:
        """By accounts/closing.py: its number may be another's by now."""
        return self.username.startswith(CLOSED)

    @staticmethod
    def username_for(number: str) -> str:
        return sealing.blind_index("id number", writing.document_number(number))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The indexes follow what they index."""
        if not isinstance(self.__dict__.get("id_number"), sealing.Token) and not self.is_closed:
            self.id_number = writing.document_number(self.id_number)
            self.username = self.username_for(self.id_number)
        if not isinstance(self.__dict__.get("phone"), sealing.Token):
            self.phone_index = sealing.blind_index("phone", self.phone)
        if not isinstance(self.__dict__.get("email"), sealing.Token):
            self.email_index = sealing.blind_index("email", self.email.lower())
        named = kwargs.get("update_fields")
        if named and "password" in named and self.powers:
            kwargs["update_fields"] = {*named, "roles_mac"}
        super().save(*args, **kwargs)
