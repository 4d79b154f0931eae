"""The provider's own keys, what they have published, and the register of every serial they intended or issued.

The register knows serials, not people: lists and answers need no more."""

import base64
import hashlib

from cryptography import x509
from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from signing.authority import profile
from signing.authority.profile import Issuer


class Authority(models.Model):
    """A key of the provider's own, wrapped by the vault, and the certificate that says what it is for; or that of an
    authority outside, without its key."""

    class Role(models.TextChoices):
        ROOT = "root", _("Gốc")
        ISSUING = "issuing", pgettext_lazy("tổ chức", "Cấp chứng thư số")
        RESPONDER = "responder", _("Trả lời trạng thái (OCSP)")
        TIMESTAMP = "timestamp", _("Dấu thời gian")
        ORGANISATION = "organisation", _("Con dấu của VNPT")
        EXCHANGE = "exchange", _("Nhận mã PIN từ trình duyệt")
        VAULT = "vault", _("Khóa chủ của kho khóa")
        OUTSIDE = "outside", _("Tổ chức cấp bên ngoài")

    role = models.CharField(max_length=12, choices=Role)
    name = models.CharField(_("Tên"), max_length=64)
    kind = models.CharField(max_length=8)
    public = models.BinaryField()
    wrapped = models.BinaryField(
        null=True
    )  # as the vault gave it; the root's key is offline, an outside authority's its own
    certificate = models.BinaryField(null=True)
    issuer = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    serial = models.CharField(max_length=40, blank=True, db_index=True)
    not_after = models.DateTimeField(null=True)
    live = models.BooleanField(default=True)  # the one of its role that signs from now on
    shards = models.PositiveSmallIntegerField(default=1)  # of its list: its certificates name them, so it keeps them
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name, verbose_name_plural = _("khóa của VNPT"), pgettext_lazy("nhiều", "khóa của VNPT")
        constraints = (
            models.UniqueConstraint(fields=("role",), condition=Q(live=True), name="one_live_authority_of_a_role"),
        )

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"

    @classmethod
    def now(cls, role: "Authority.Role | str") -> "Authority":
        return cls.objects.select_related("issuer", "issuer__issuer").get(role=role, live=True)

    @property
    def algorithm(self) -> str:
        return algorithm(self.kind)

    @property
    def chain(self) -> list[bytes]:
        """Its certificate and those above it, the root last."""
        above = self.issuer.chain if self.issuer else []
        return [bytes(self.certificate or b""), *above]

    @property
    def read(self) -> x509.Certificate:
        return profile.read(bytes(self.certificate or b""))

    @property
    def as_issuer(self) -> Issuer:
        """What of it goes into what it signs."""
        address = f"{settings.PKI_URL}/{self.serial}"
        return Issuer(bytes(self.certificate or b""), address, self.shards, settings.CERTIFICATE_POLICY)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(bytes(self.certificate or b"")).hexdigest()


def algorithm(kind: str) -> str:
    """As signatures name themselves by it: see der.SIGNED_BY."""
    return "ec" if kind == "p-256" else "pss" if kind.startswith("pss-") else "rsa"


def exchange_key() -> str:
    """What a browser needs to write to the signer alone; empty until the signer has started once."""
    exchange = Authority.objects.filter(role=Authority.Role.EXCHANGE, live=True).first()
    return base64.b64encode(bytes(exchange.public)).decode() if exchange else ""


class RevocationList(models.Model):
    """What an issuer has published as revoked, shard by shard; the newest of each counts."""

    issuer = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="lists")
    shard = models.PositiveSmallIntegerField(default=0)
    number = models.PositiveBigIntegerField()
    der = models.BinaryField()
    digest = models.CharField(max_length=64, blank=True)  # of what it lists
    made_at = models.DateTimeField()
    next_update = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issuer", "shard", "number"), name="one_list_of_a_number"),)


class Reason(models.IntegerChoices):
    """Why a serial counts as revoked, as RFC 5280 (5.3.1) numbers it. What is not here is not said of a subscriber's: 2 and
    10 are of authorities, 7 was never given, and 8 belongs in lists of changes, of which we make none."""

    UNSPECIFIED = 0, _("Không nêu lý do")
    KEY_COMPROMISE = 1, _("Khóa bị lộ")
    AFFILIATION_CHANGED = 3, _("Thông tin chủ thể thay đổi")
    SUPERSEDED = 4, _("Được thay bằng chứng thư số khác")
    CESSATION = 5, _("Ngừng sử dụng")
    HOLD = 6, _("Tạm dừng")
    WITHDRAWN = 9, _("Không còn quyền sử dụng")


class Issued(models.Model):
    """A serial in the register. It stands there as an intent before anything is signed; one that is given up before its
    certificate was stored is revoked all the same, in case it was signed."""

    issuer = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="issued")
    serial = models.CharField(_("Số sê-ri"), max_length=40, unique=True)
    shard = models.PositiveSmallIntegerField(default=0)  # of its issuer's list, where it would stand
    not_before = models.DateTimeField(_("Hiệu lực từ"))
    not_after = models.DateTimeField(_("Hiệu lực đến"))
    outside = models.BooleanField(default=False)  # made by an authority outside, which chose its own serial
    intended_at = models.DateTimeField(default=timezone.now)
    issued_at = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)  # SHA-256 of the certificate
    revoked_at = models.DateTimeField(null=True)
    reason = models.PositiveSmallIntegerField(choices=Reason, default=Reason.UNSPECIFIED)
    answer = models.BinaryField(null=True)  # OCSP, signed ahead
    answer_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("số sê-ri"), pgettext_lazy("nhiều", "số sê-ri")
        indexes = (
            models.Index(fields=("answer_until",), condition=~Q(issued_at=None), name="serials_to_answer"),
            models.Index(fields=("issuer", "shard"), condition=~Q(revoked_at=None), name="serials_revoked"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(reason__in=Reason.values) & (~Q(revoked_at=None) | Q(reason=0)),
                name="no_reason_but_of_a_revocation",
            ),
        )

    def __str__(self) -> str:
        return self.serial

    @classmethod
    def stored(cls) -> "QuerySet[Issued]":
        """Those whose certificate is there, revoked or not."""
        return cls.objects.exclude(issued_at=None)
