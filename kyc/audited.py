"""What kyc writes into the audit trail, as staff read it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Any] = {
    "case assigned": _("Giao hồ sơ"),
    "case taken over": _("Lấy lại hồ sơ người khác giữ"),
    "face tries allowed": _("Cho làm lại bước khuôn mặt"),
    "policy changed": _("Sửa chính sách"),
    "policy live": _("Áp dụng chính sách"),
    "policy retired": _("Thôi áp dụng chính sách"),
    "policy tried": _("Chạy thử chính sách"),
    "rejection objected to": _("Khiếu nại từ chối"),
    "sample judged": _("Xem lại mù"),
}
