"""What signing writes into the audit trail and into messages, as staff read it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import writing
from signing.models import Certificate

VERBS: dict[str, Any] = {
    "certificate intended": _("Chuẩn bị cấp chứng thư số"),
    "certificate issued": pgettext_lazy("đã", "Cấp chứng thư số"),
    "certificate restored": _("Khôi phục chứng thư số"),
    "certificate revoked": _("Thu hồi chứng thư số"),
    "certificate suspended": _("Tạm dừng chứng thư số"),
    "contract begun": _("Bắt đầu ký hợp đồng"),
    "contract sealed": _("Đóng dấu hợp đồng"),
    "contract signed": _("Khách ký hợp đồng"),
    "key refused": _("Khóa bị sửa từ bên ngoài, không dùng"),
    "minutes signed": _("Khách ký biên bản nghiệm thu"),
    "paper looked at": _("Xem tài liệu đã ký"),
    "paper stamped again": _("Đóng thêm dấu thời gian cho tài liệu"),
    "pin locked": _("Mã PIN bị khóa"),
    "pin made": _("Tạo mã PIN"),
}
MESSAGES: dict[str, Any] = {
    "signing/messages/certificate_active": _("Khách: chứng thư số dùng được"),
    "signing/messages/certificate_issued": _("Khách: chứng thư số đã cấp, chờ nghiệm thu"),
    "signing/messages/contract_code": _("Khách: mã ký hợp đồng"),
    "signing/messages/contract_ready": _("Khách: hợp đồng đã đóng dấu"),
    "signing/messages/pin_locked": _("Khách: mã PIN bị khóa"),
}


def references(term: str) -> list[str]:
    rows = Certificate.objects.filter(application__reference=writing.document_number(term))
    return [f"certificate:{pk}" for pk in rows.values_list("pk", flat=True)]
