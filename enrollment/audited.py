"""What enrollment writes into the audit trail, as staff read it."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from portal import writing
from portal.models import User

VERBS: dict[str, Any] = {
    "account activated": _("Kích hoạt tài khoản"),
    "application erased": _("Xóa dữ liệu hồ sơ"),
    "application resumed": _("Tiếp tục hồ sơ trên máy khác"),
    "application stopped": _("Dừng hồ sơ"),
    "applications searched": _("Tìm hồ sơ"),
    "code resent": _("Gửi lại mã kích hoạt"),
    "consent withdrawn": _("Rút lại đồng ý"),
    "file appraised": _("Thẩm định hồ sơ"),
    "file approved": _("Duyệt hồ sơ"),
    "other device confirmed": _("Cho máy khác vào hồ sơ"),
    "other device left": _("Ngắt máy khác khỏi hồ sơ"),
    "other device scanned": _("Quét mã để làm tiếp trên máy khác"),
}


def references(term: str) -> list[str]:
    """Applications by their reference, or by the number of whom they are of."""
    same = Q(reference=writing.document_number(term)) | Q(person_index=User.username_for(term))
    return [f"application:{pk}" for pk in Application.objects.filter(same).values_list("pk", flat=True)[:50]]
