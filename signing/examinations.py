"""PDFs that anybody handed in to be examined: they wait for their turn in rows, for minutes."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal import sealing
from portal.models import DataKey, SealedFile, SealedRow


class Examination(SealedRow):
    """A file until it is its turn, then what came of it; after some minutes nothing of either is left."""

    token = models.CharField(max_length=43, unique=True)  # whoever handed it in knows it
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT)  # of this row alone, and gone with it
    name = sealing.SealedTextField(key="data_key")
    file = models.ForeignKey(SealedFile, null=True, on_delete=models.PROTECT, related_name="+")
    facts = sealing.SealedJSONField(key="data_key", null=True)
    due_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()

    class Meta:
        app_label = "signing"
        indexes = (models.Index(fields=("due_at",), condition=~Q(file=None), name="files_to_examine"),)

    def __str__(self) -> str:
        return f"#{self.pk}"
