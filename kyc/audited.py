"""What kyc writes into the audit trail and into messages, as staff read it."""

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
MESSAGES: dict[str, Any] = {
    "kyc/messages/review_approved": _("Khách: hồ sơ được duyệt"),
    "kyc/messages/review_question": _("Khách: thẩm định viên có điều cần hỏi"),
    "kyc/messages/review_rejected": _("Khách: hồ sơ không đạt"),
    "kyc/messages/review_reopened": _("Khách: khiếu nại được chấp nhận"),
    "kyc/messages/review_sent_back": _("Khách: cần bổ sung hồ sơ"),
    "kyc/messages/review_sent_back_counter": _("Khách: cần quay lại quầy để bổ sung hồ sơ"),
    "kyc/messages/review_upheld": _("Khách: giữ nguyên quyết định từ chối"),
}


def references(term: str) -> list[str]:
    rows = Case.objects.filter(application__reference=writing.document_number(term))
    return [f"case:{pk}" for pk in rows.values_list("pk", flat=True)]
