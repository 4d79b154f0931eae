"""What one person proposed and a second decided."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import sealing
from portal.models.people import User
from portal.models.sealed import BearsMac


class Change(BearsMac):
    """Power or money, proposed by one person and confirmed by a second. See changes.py. Once decided it keeps what was
    personal masked only."""

    class Decision(models.TextChoices):
        CONFIRMED = "confirmed", _("Đã xác nhận")
        REJECTED = "rejected", _("Đã từ chối")
        WITHDRAWN = "withdrawn", _("Đã rút lại")
        LAPSED = "lapsed", _("Quá hạn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("Việc"), max_length=40)
    about = models.CharField(_("Về"), max_length=80)
    before = sealing.SealedJSONField()
    after = sealing.SealedJSONField()
    reason = sealing.SealedTextField(_("Lý do"))
    proposed_by = models.ForeignKey(User, verbose_name=_("Người đề nghị"), on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("Đề nghị lúc"))
    expires_at = models.DateTimeField(_("Hạn"))
    decided_by = models.ForeignKey(
        User, verbose_name=_("Người quyết định"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("Quyết định lúc"), null=True)
    decision = models.CharField(_("Kết quả"), max_length=9, choices=Decision, blank=True)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name, verbose_name_plural = _("việc cần hai người"), pgettext_lazy("nhiều", "chờ người thứ hai")
        constraints = (
            models.UniqueConstraint(fields=("kind", "about"), condition=Q(decision=""), name="one_change_waits"),
        )
        indexes = (models.Index(fields=("-proposed_at",), name="changes_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"

    @property
    def mac_of_row(self) -> str:
        row = (
            str(self.pk),
            *(self.kind, self.about, self.before, self.after, self.reason),
            *(self.proposed_by_id, self.proposed_at.isoformat(), self.expires_at.isoformat()),
            *(self.decided_by_id, self.decided_at and self.decided_at.isoformat(), str(self.decision)),
        )
        return sealing.blind_index("change", repr(row))
