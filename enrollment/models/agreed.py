"""What people put their names to: the two who approve, and the one who consents."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment import consents
from enrollment.journey import Channel
from enrollment.models.application import Application
from portal.models import User


class Approval(models.Model):
    """Appraised by one, approved by another, of exactly this file. Only steps/approving.py writes here."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="approvals")
    file_hash = models.CharField(max_length=64)
    appraised_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    policy = models.CharField(max_length=60, blank=True)  # whose clean machine checks stood for the first person
    appraised_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)
    mac = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("application",), condition=Q(voided_at=None), name="one_approval_per_application"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(appraised_by=None) | ~Q(appraised_by=F("approved_by")),
                name="approved_by_another",
            ),
            models.CheckConstraint(condition=~Q(appraised_by=None) ^ ~Q(policy=""), name="appraised_by_one"),
        )


class Consent(models.Model):
    """One purpose, agreed to once: which text, when, by which way. Rows are never changed but to be withdrawn."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=20)
    version = models.CharField(max_length=10)
    language = models.CharField(max_length=2)
    text_hash = models.CharField(max_length=64)
    channel = models.CharField(max_length=8, choices=Channel)
    place = models.CharField(max_length=45, blank=True)
    source = models.CharField(max_length=8, blank=True)  # where it was given, if not on a page of ours
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("đồng ý"), pgettext_lazy("nhiều", "đồng ý")
        constraints = (models.UniqueConstraint(fields=("application", "purpose"), name="one_consent_per_purpose"),)

    @property
    def text(self) -> consents.Text:
        """As it was read."""
        return consents.text(self.purpose, self.version, self.language)
