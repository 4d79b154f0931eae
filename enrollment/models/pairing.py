"""A second device that is let in to an application."""

from typing import Any

from django.db import models
from django.utils import timezone

from enrollment.models.application import Application
from portal import sealing
from portal.models import BearsMac


class Pairing(BearsMac):
    """A second device and its errand: see steps/pairing.py. Secrets are here by their index alone, and a row written, or
    brought to another application, by other means lets nobody in."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="pairings")
    errand = models.CharField(max_length=20)
    ticket = models.CharField(max_length=64, unique=True)  # what the QR carries
    holder, code = models.CharField(max_length=64, blank=True), models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at, confirmed_at = models.DateTimeField(default=timezone.now), models.DateTimeField(null=True)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("application", "errand"), name="one_device_for_an_errand"),)

    @property
    def mac_of_row(self) -> str:
        row = (self.application_id, self.errand, self.ticket, self.holder, self.code, self.confirmed_at is not None)
        return sealing.blind_index("pairing", repr(row))

    def becomes(self, **facts: Any) -> bool:
        """One conditional update of the row as it was read: whoever was quicker has changed its MAC."""
        for name, value in facts.items():
            setattr(self, name, value)
        before, self.mac = self.mac, self.mac_of_row
        return bool(Pairing.objects.filter(pk=self.pk, mac=before).update(**facts, mac=self.mac))
