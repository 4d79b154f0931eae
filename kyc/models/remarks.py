"""What is said about a file beside its decisions, and by what a person sifts the queue."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kyc.models.review import Case
from portal import sealing
from portal.models import DataKey, User


class Remark(models.Model):
    """A note among staff, a question to the customer, the customer's answer. Never changed; erased with the file."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Ghi chú")
        QUESTION = "question", _("Hỏi khách")
        ANSWER = "answer", _("Khách trả lời")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="remarks")
    kind = models.CharField(max_length=8, choices=Kind)
    topic = models.CharField(max_length=20, blank=True)  # of a question: a row of steps/review/asking.py
    words = sealing.SealedTextField(key="data_key", null=True)
    to = models.OneToOneField("self", null=True, on_delete=models.CASCADE, related_name="answer")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # nobody: the customer
    at = models.DateTimeField(default=timezone.now)

    @property
    def data_key(self) -> DataKey:
        return self.case.application.data_key


class SavedFilter(models.Model):
    """One person's own way of looking at the queue: what stands in the address, under a name."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("by", "name"), name="one_filter_of_a_name"),)

    def __str__(self) -> str:
        return self.name
