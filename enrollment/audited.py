"""What enrollment writes into the audit trail and into messages, as staff read it."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from portal import writing
from portal.models import User

VERBS: dict[str, Any] = {
    "account activated": _("Kích hoạt tài khoản"),
    "activation confirmed": _("Xác nhận kích hoạt bằng mã gửi tới điện thoại"),
    "application erased": _("Xóa dữ liệu hồ sơ"),
    "application resumed": _("Tiếp tục hồ sơ trên máy khác"),
    "application stopped": _("Dừng hồ sơ"),
    "applications searched": _("Tìm hồ sơ"),
    "code resent": _("Gửi lại mã kích hoạt"),
    "consent withdrawn": _("Rút lại đồng ý"),
    "counter confirmed": _("Thiết bị của khách đã vào hồ sơ tại quầy"),
    "counter left": _("Ngắt thiết bị của khách khỏi hồ sơ tại quầy"),
    "counter link sent": _("Gửi đường dẫn làm tiếp cho khách tại quầy"),
    "counter return left": _("Kết thúc màn hình thứ hai của khách tại quầy"),
    "counter return scanned": _("Khách mở lại màn hình thứ hai tại quầy"),
    "counter scanned": _("Khách mở mã mời tại quầy"),
    "file appraised": _("Thẩm định hồ sơ"),
    "file approved": _("Duyệt hồ sơ"),
    "introduced declaration refused": _("Từ chối khai khác điều VNeID cho biết"),
    "introduction received": _("Nhận giới thiệu từ VNeID"),
    "introduction refused": _("Từ chối giới thiệu từ VNeID"),
    "introduction taken": _("Lập hồ sơ theo giới thiệu từ VNeID"),
    "known customer told": _("Cho biết khách đã có tài khoản hoặc hồ sơ, sau khi đọc thẻ"),
    "other device confirmed": _("Cho máy khác vào hồ sơ"),
    "other device left": _("Ngắt máy khác khỏi hồ sơ"),
    "other device scanned": _("Quét mã để làm tiếp trên máy khác"),
    "vneid link ended": _("Chấm dứt liên kết với VNeID"),
    "vneid linked": _("Liên kết tài khoản với VNeID"),
    "vneid notice refused": _("Từ chối tin báo giả danh VNeID"),
    "vneid told again": _("Báo lại VNeID"),
}
MESSAGES: dict[str, Any] = {
    "enrollment/messages/activated": _("Khách: tài khoản đã kích hoạt"),
    "enrollment/messages/activation_code": _("Khách: mã kích hoạt tài khoản"),
    "enrollment/messages/confirmation_code": _("Khách: mã xác nhận sau khi tạo mã PIN"),
    "enrollment/messages/contested": _("Chủ hồ sơ: có người khác đăng ký cùng số giấy tờ"),
    "enrollment/messages/displaced": _("Khách: hồ sơ dừng vì người khác đã chứng minh"),
    "enrollment/messages/invitation": _("Khách tại quầy: đường dẫn làm tiếp trên điện thoại"),
    "enrollment/messages/invoice": _("Khách: hóa đơn điện tử"),
    "enrollment/messages/invoice_adjusted": _("Khách: hóa đơn đã điều chỉnh"),
    "enrollment/messages/known_account": _("Chủ tài khoản: số giấy tờ đã có tài khoản"),
    "enrollment/messages/known_application": _("Chủ hồ sơ: số giấy tờ đang có hồ sơ mở"),
    "enrollment/messages/moved_here": _("Khách: hồ sơ được chuyển sang quầy khác"),
    "enrollment/messages/phone_code": _("Khách: mã xác nhận số điện thoại"),
    "enrollment/messages/receipt": _("Khách: biên nhận thanh toán"),
    "enrollment/messages/reminder": _("Khách: nhắc hồ sơ đang chờ"),
    "enrollment/messages/reminder_account": _("Khách có tài khoản: nhắc hồ sơ đang chờ"),
    "enrollment/messages/resume_code": _("Khách: mã tiếp tục hồ sơ"),
}


def references(term: str) -> list[str]:
    """Applications by their reference, or by the number of whom they are of."""
    same = Q(reference=writing.document_number(term)) | Q(person_index=User.username_for(term))
    return [f"application:{pk}" for pk in Application.objects.filter(same).values_list("pk", flat=True)[:50]]
