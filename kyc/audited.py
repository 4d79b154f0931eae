"""What kyc writes into the audit trail, as staff read it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from kyc.models import Case
from portal import writing

VERBS: dict[str, Any] = {
    "capture phone confirmed": _("Cho điện thoại chụp thay máy tính"),
    "capture phone left": _("Điện thoại thôi chụp thay"),
    "capture phone scanned": _("Quét mã để chụp bằng điện thoại"),
    "case assigned": _("Giao hồ sơ"),
    "customer asked": _("Hỏi khách về hồ sơ"),
    "note written": _("Ghi chú vào hồ sơ"),
    "question answered": _("Khách trả lời câu hỏi"),
    "question lapsed": _("Câu hỏi khép lại vì khách không trả lời"),
    "case taken over": _("Lấy lại hồ sơ người khác giữ"),
    "face tries allowed": _("Cho làm lại bước khuôn mặt"),
    "policy changed": _("Sửa chính sách"),
    "policy tried": _("Chạy thử chính sách"),
    "rejection objected to": _("Khiếu nại từ chối"),
    "sample judged": _("Xem lại mù"),
}


def references(term: str) -> list[str]:
    rows = Case.objects.filter(application__reference=writing.document_number(term))
    return [f"case:{pk}" for pk in rows.values_list("pk", flat=True)]
