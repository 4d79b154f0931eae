"""What customers give: evidence, and what is on its way."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enrollment.models import Application, OfApplication
from portal import sealing
from portal.models import SealedFile, User

ITEMS = ("card-front", "card-back", "face")  # which of them somebody is asked for: kyc/steps/sparing.py


class Evidence(OfApplication):
    """One picture of one item, as it was kept: pixels of our own, sealed. Of each kind one counts."""

    class Kind(models.TextChoices):
        FRONT = "card-front", _("Mặt trước")
        BACK = "card-back", _("Mặt sau")
        FAR = "face-far", _("Khuôn mặt, xa")
        NEAR = "face-near", _("Khuôn mặt, gần")
        FILM = "face-film", _("Đoạn ghi khuôn mặt")

    class Way(models.TextChoices):
        CAMERA = "camera", _("Chụp trực tiếp")
        GALLERY = "gallery", _("Chọn từ thư viện ảnh")

    kind = models.CharField(max_length=10, choices=Kind)
    way = models.CharField(max_length=7, choices=Way)
    file = models.OneToOneField(SealedFile, null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)  # keyed, of the kept pixels: what an approval binds to
    facts = sealing.SealedJSONField(key="data_key", null=True)  # what was measured or read when it came
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("ảnh"), pgettext_lazy("nhiều", "ảnh")
        constraints = (
            models.UniqueConstraint(
                fields=("application", "kind"), condition=Q(replaced_at=None), name="one_evidence_of_a_kind"
            ),
        )

    @property
    def item(self) -> str:
        return "face" if self.kind.startswith("face") else self.kind

    @classmethod
    def of(cls, application: Application) -> "dict[str, Evidence]":
        rows = cls.objects.filter(application=application, replaced_at=None).select_related("file", "file__data_key")
        by_kind: dict[str, Evidence] = {evidence.kind: evidence for evidence in rows}
        for evidence in by_kind.values():
            evidence.application = application
        return by_kind


class Upload(OfApplication):
    """Something on its way, in pieces that may come again after a lost line."""

    key = models.UUIDField(unique=True)  # the browser's own name for it
    item = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    way = models.CharField(max_length=7, choices=Evidence.Way)
    answer = models.JSONField(null=True)  # what became of it, for whoever lost the line while it was told
    claimed_at = models.DateTimeField(null=True)  # by whoever looks at it, once it has come whole
    created_at = models.DateTimeField(default=timezone.now, db_index=True)


class Piece(models.Model):
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces")
    start = models.PositiveIntegerField()
    sealed = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("upload", "start"), name="one_piece_each"),)


class Challenge(OfApplication):
    """In which order and how long to come near and go far: made anew each time, good once and for a while."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("Đang làm")
        DROPPED = "dropped", _("Bỏ dở")
        FAILED = "failed", _("Không đạt")
        KEPT = "kept", _("Đã nhận")

    key = models.UUIDField(unique=True)
    cues = models.JSONField()  # [{"cue": "far", "ms": 1600}, …]
    calm = models.BooleanField(default=False)  # at the slow pace that somebody asked for
    made_at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64, blank=True)  # of the film, told before it is sent
    promised_at = models.DateTimeField(null=True)  # when that was told: the film was shot by then
    outcome = models.CharField(max_length=7, choices=Outcome, default=Outcome.OPEN)
    counts = models.BooleanField(default=True)  # of the three tries; staff may let somebody begin anew

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("application",), condition=Q(outcome="open"), name="one_open_challenge"),
        )


class Help(OfApplication):
    """Somebody of the staff had a hand in the capture; never changed, so that the hand stays known."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
