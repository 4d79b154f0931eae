"""What machines found in evidence."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import OfApplication
from portal import sealing
from portal.models import BearsMac


class Check(BearsMac, OfApplication):
    """One machine's finding about exactly this evidence and declaration. It decides nothing; where it may
    stand for a person, it does so by its MAC."""

    class Outcome(models.TextChoices):
        PASS = "pass", _("Đạt")
        UNSURE = "unsure", _("Chưa rõ")
        FAIL = "fail", _("Không đạt")
        NOT_PERFORMED = "not-performed", _("Không thực hiện")

    NAMES: ClassVar[dict[str, Any]] = {
        "quality": _("Chất lượng ảnh giấy tờ"),
        "qr": _("Mã QR trên thẻ"),
        "mrz": _("Dòng máy đọc (MRZ)"),
        "ocr": _("Chữ in trên thẻ (OCR)"),
        "same-card": _("Hai mặt cùng một thẻ"),
        "declared": _("Khớp với khai báo"),
        "validity": _("Thời hạn giấy tờ"),
        "issuer": _("Nơi cấp theo ngày cấp"),
        "number": _("Cấu trúc số định danh"),
        "card-face": _("Khuôn mặt trên thẻ"),
        "still-faces": _("Khuôn mặt trong hai ảnh"),
        "cues": _("Làm theo hướng dẫn xa – gần"),
        "alive": _("Chuyển động của người thật"),
        "reuse": _("Ảnh đã dùng ở hồ sơ khác"),
        "card-genuine": _("Giấy tờ thật (eKYC)"),
        "liveness": _("Người thật trước máy (eKYC)"),
        "match": _("Khuôn mặt khớp ảnh thẻ (eKYC)"),
        "vneid-face": _("So khuôn mặt trên VNeID"),  # of files that VNeID introduced, and of no others
    }
    name = models.CharField(max_length=12)
    outcome = models.CharField(max_length=13, choices=Outcome)
    basis = models.CharField(max_length=64)  # hash of what was looked at
    facts = sealing.SealedJSONField(key="data_key", null=True)
    at = models.DateTimeField(default=timezone.now)
    mac = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("application", "basis", "name"), name="one_finding_each"),)

    @property
    def title(self) -> Any:
        return self.NAMES[self.name]

    @property
    def mac_of_row(self) -> str:
        row = (self.application_id, self.basis, self.name, str(self.outcome), self.at.isoformat())
        return sealing.blind_index("finding", repr(row))


class Mark(OfApplication):
    """Something by which applications are found to belong together: blind indexes, and traces of pictures in bands,
    of which two near-duplicates share at least one."""

    KINDS: ClassVar[dict[str, Any]] = {
        "phone": _("Cùng số điện thoại"),
        "email": _("Cùng email"),
        "address": _("Cùng địa chỉ"),
        "device": _("Cùng thiết bị"),
        "agent": _("Cùng nhân viên hỗ trợ"),
        "card-front": _("Ảnh mặt trước gần giống"),
        "face-near": _("Ảnh khuôn mặt gần giống"),
    }
    kind = models.CharField(max_length=10)
    value = models.CharField(max_length=64)
    trace = sealing.SealedTextField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "value", "application"), name="one_mark_each"),)
