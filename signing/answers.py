"""Why an act was not done, in words for the page that waits; the signer names the reason, the web process says it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

# The page tells the same of a PIN before anything is sent; only the signer sees what was chosen.
PIN_FAULTS: dict[str, Any] = {
    "pin-shape": _("Mã PIN gồm đúng 6 chữ số."),
    "pin-pattern": _(
        "Mã PIN cần ít nhất 4 chữ số khác nhau và không xếp theo quy luật, như 123456, 112233, 123123 hoặc 102030."
    ),
    "pin-birth": _("Mã PIN không được lấy từ ngày sinh của Quý khách."),
    "pin-number": _("Mã PIN không được là một phần của số điện thoại hoặc số giấy tờ."),
}
DIFFERENT = "different"  # only the page sees both times
PIN_RULES: dict[str, Any] = {  # what is to be fulfilled, in short: the page ticks it off
    "pin-shape": _("Đúng 6 chữ số"),
    "pin-pattern": _("Từ 4 chữ số khác nhau, không theo quy luật"),
    "pin-birth": _("Không lấy từ ngày sinh"),
    "pin-number": _("Không lấy từ số điện thoại, số giấy tờ"),
    DIFFERENT: _("Hai lần nhập giống nhau"),
}
ANSWERS: dict[str, Any] = {
    "late": _("Đã quá 2 phút từ lúc mở hộp xác nhận nên không ký. Quý khách hãy xác nhận lại."),
    "garbled": _("Trình duyệt gửi thiếu dữ liệu nên không ký. Quý khách hãy tải lại trang rồi xác nhận lại."),
    "other-document": _(
        "Tài liệu cần ký khác với tài liệu đã hiện cho Quý khách, nên không ký. Hãy tải lại trang và đọc lại."
    ),
    "wrong-secret": _("Mã PIN chưa đúng."),
    "wrong-passkey": _("Sinh trắc học này không mở được khóa. Quý khách hãy dùng mã PIN."),
    "locked": _(
        "Mã PIN đã bị khóa sau 5 lần nhập sai; chưa có gì được ký. Quý khách gọi 18001260 nhánh 1 hoặc mang giấy tờ "
        "đến quầy VNPT để cấp lại."
    ),
    "moved": _("Hồ sơ đã chuyển sang bước khác. Quý khách hãy tải lại trang."),
    "failed": _("Hệ thống ký đang gặp sự cố, chưa có gì được ký. Quý khách hãy thử lại sau ít phút."),
    "not-in-force": _("Chứng thư số không còn hiệu lực nên không ký được. Quý khách gọi 18001260 nhánh 1."),
    **PIN_FAULTS,
}
