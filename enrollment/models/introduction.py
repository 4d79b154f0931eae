"""Whom VNeID introduced, what it said of them, the lasting link to their account, and what it is told in turn."""

import hashlib
import json
from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment.identity import Document
from enrollment.models.application import Application
from portal import sealing
from portal.models import BearsMac, DataKey, OursFromBirth, SealedRow, User

LEVEL = 2  # of an electronic identity, that a certificate may be built on (Decree 69/2024)


class Introduction(SealedRow, BearsMac):
    """One asking, from one browser, and what VNeID answered. Secrets are here by their index alone; what was said counts
    with our MAC, once, and for the application that it was taken for. See steps/introducing.py."""

    dialect = models.CharField(max_length=8)
    state = models.CharField(max_length=64, unique=True)  # what comes back in the address
    browser = models.CharField(max_length=64)  # what that browser's session holds
    nonce = models.CharField(max_length=64)
    transaction = models.CharField(_("Mã giao dịch VNeID"), max_length=64, blank=True)
    asked_at = models.DateTimeField(_("Hỏi lúc"), default=timezone.now, db_index=True)
    returned_at = models.DateTimeField(null=True)  # once: a second return is none
    said_at = models.DateTimeField(_("VNeID trả lời lúc"), null=True)
    ended = models.CharField(_("Kết thúc vì"), max_length=20, blank=True)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT)
    ticket = sealing.SealedJSONField(key="data_key", null=True)  # what came back, until VNeID has answered for it
    said = sealing.SealedJSONField(key="data_key", null=True)
    said_hash = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=64, blank=True)
    person_index = models.CharField(max_length=64, blank=True)
    level = models.PositiveSmallIntegerField(default=0)
    application = models.ForeignKey(Application, null=True, on_delete=models.PROTECT, related_name="introductions")
    mac = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("giới thiệu từ VNeID"), pgettext_lazy("nhiều", "giới thiệu từ VNeID")
        constraints = (
            models.UniqueConstraint(
                fields=("transaction",), condition=~Q(said_at=None), name="one_answer_of_a_transaction"
            ),
            models.UniqueConstraint(
                fields=("application",), condition=Q(ended="") & ~Q(application=None), name="one_introduction_counts"
            ),
        )

    def __str__(self) -> str:
        return self.transaction or str(self.pk)

    @property
    def mac_of_row(self) -> str:
        """Of this row and browser, from when on, for which application, and whether it counts: copied to another, prolonged or
        brought back by other means it says nothing."""
        said = (self.dialect, self.transaction, self.said_hash, self.subject, self.person_index, self.level)
        row = (self.pk, self.browser, self.said_at and self.said_at.isoformat(), self.application_id, self.ended)
        return sealing.blind_index("introduction", repr((*said, *row)))

    @property
    def facts(self) -> dict[str, Any]:
        """What was said, if it is still that."""
        if not self.said or not self.is_ours or hash_of(self.said) != self.said_hash:
            raise sealing.Broken(f"introduction {self.pk}")
        return dict(self.said)

    @property
    def fields(self) -> dict[str, Any]:
        """As a declaration names them; what VNeID did not say is not among them."""
        said = self.facts
        days = {
            name: date.fromisoformat(said[name]) for name in ("birth_date", "issued_on", "expires_on") if said[name]
        }
        texts = {name: said[name] for name in ("full_name", "number", "sex", "issued_by") if said[name]}
        return {**texts, **days, "document": Document.CITIZEN.value, "nationality": "Việt Nam"}

    @property
    def locked(self) -> dict[str, Any]:
        """What nobody types over. When a card ends is not declared of a card."""
        return {name: value for name, value in self.fields.items() if name != "expires_on"}

    @classmethod
    def of(cls, application: Application) -> "Introduction | None":
        """The one that counts."""
        return cls.objects.select_related("data_key").filter(application=application, ended="").first()


def hash_of(said: Any) -> str:
    """Keyed: it is kept in the clear."""
    return sealing.blind_index("said", hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest())


class Link(OursFromBirth):
    """Who in VNeID is who with us: made by consent, ended by its withdrawal, and never found out by a name."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=64)
    introduction = models.ForeignKey(Introduction, on_delete=models.PROTECT, related_name="links")
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user",), condition=Q(ended_at=None), name="one_link_of_an_account"),
            models.UniqueConstraint(fields=("subject",), condition=Q(ended_at=None), name="one_link_of_a_subject"),
        )

    @property
    def mac_of_row(self) -> str:
        row = (self.user_id, self.subject, self.introduction_id, self.ended_at and self.ended_at.isoformat())
        return sealing.blind_index("link", repr(row))


class Notice(models.Model):
    """What the hub told us of a transaction, perhaps before its own answer came: each name is heard once."""

    name = models.CharField(max_length=64, unique=True)
    transaction = models.CharField(max_length=64, db_index=True)
    state = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now, db_index=True)


class Report(OursFromBirth):
    """What VNeID is told about one application: written with the move that it tells of, delivered afterwards, in order; and
    by us, or it tells nothing."""

    class Status(models.TextChoices):
        DUE = "due", _("Chờ gửi")
        HEARD = "heard", _("VNeID đã nhận")
        DEAD = "dead", _("Ngừng thử")
        WITHDRAWN = "withdrawn", _("Khách đã rút lại đồng ý")

    # As the hub counts them (DOORS §1a).
    STATES: ClassVar[dict[int, Any]] = {
        0: _("Thành công"),
        1: _("Thất bại"),
        2: _("Đang xử lý"),
        3: _("Chờ người dùng kích hoạt"),
    }
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="reports")
    application = models.ForeignKey(
        Application, verbose_name=_("Hồ sơ"), on_delete=models.PROTECT, related_name="reports"
    )
    move = models.PositiveIntegerField()  # which move of the application it tells of
    state = models.PositiveSmallIntegerField(_("Trạng thái"), choices=STATES.items())
    at = models.DateTimeField(_("Lúc"), default=timezone.now)
    status = models.CharField(_("Tình trạng gửi"), max_length=9, choices=Status, default=Status.DUE)
    attempts = models.PositiveSmallIntegerField(_("Số lần thử"), default=0)
    due_at = models.DateTimeField(_("Gửi từ"), default=timezone.now)
    heard_at = models.DateTimeField(_("Nhận lúc"), null=True)
    error = models.CharField(_("Lỗi"), max_length=60, blank=True)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("tin báo VNeID"), pgettext_lazy("nhiều", "tin báo VNeID")
        constraints = (models.UniqueConstraint(fields=("application", "move"), name="one_report_of_a_move"),)
        indexes = (models.Index(fields=("due_at",), condition=Q(status="due"), name="reports_still_to_go"),)

    def __str__(self) -> str:
        return f"{self.application} · {self.get_state_display()}"

    @property
    def mac_of_row(self) -> str:
        return sealing.blind_index("report", repr((self.link_id, self.application_id, self.move, self.state)))
