"""Why an application stopped, and what can be done."""

from typing import Any

from django.utils.translation import gettext_lazy as _

REASONS: dict[str, tuple[Any, Any]] = {
    "cancelled": (
        _("Quý khách đã hủy hồ sơ này."),
        _("Quý khách có thể đăng ký lại bất cứ lúc nào. Tiền đã trả, nếu có, được hoàn về nơi đã trả."),
    ),
    "anew": (
        _("Quý khách đã bắt đầu một hồ sơ mới thay cho hồ sơ này."),
        _("Quý khách tiếp tục với hồ sơ mới. Tiền đã trả cho hồ sơ cũ, nếu có, được hoàn về nơi đã trả."),
    ),
    "expired": (
        _("Hồ sơ để lâu không hoàn tất nên đã hết hạn; thông tin đã khai được xóa theo lịch."),
        _("Quý khách vui lòng đăng ký lại, chỉ mất khoảng 10 phút."),
    ),
    "consent-withdrawn": (
        _("Quý khách đã rút lại đồng ý xử lý dữ liệu cá nhân nên hồ sơ không thể tiếp tục."),
        _("Nếu đổi ý, Quý khách có thể đăng ký lại từ đầu."),
    ),
    "known": (
        _("Số giấy tờ này không đăng ký mới được."),
        _(
            "Nếu Quý khách từng đăng ký, hãy xem hướng dẫn vừa gửi qua SMS và email; nếu không nhận được, gọi 18001260 nhánh 1."
        ),
    ),
    "displaced": (
        _(
            "Có người đã xác nhận điện thoại hoặc email của mình cho cùng số giấy tờ, mà hồ sơ này chưa chứng minh bằng giấy tờ."
        ),
        _("Nếu không phải Quý khách, hãy gọi 18001260 nhánh 1 hoặc mang giấy tờ đến quầy VNPT."),
    ),
    "left": (
        _("Khách rời quầy khi hồ sơ chưa xong."),
        _("Quý khách có thể quay lại quầy bất cứ lúc nào, hoặc đăng ký trên trang này."),
    ),
    "moved-here": (
        _("Quý khách đã có một hồ sơ khác, và làm tiếp hồ sơ đó tại quầy."),
        _("Hồ sơ này không cần làm gì nữa; thông tin đã khai được xóa theo lịch."),
    ),
    "staff": (
        _("VNPT đã dừng hồ sơ này."),
        _("Quý khách vui lòng gọi 18001260 nhánh 1 để biết chi tiết hoặc khiếu nại, hoặc đăng ký lại."),
    ),
    "rejected": (
        _("Hồ sơ không đạt thẩm định."),
        _("Quý khách có quyền khiếu nại qua 18001260 nhánh 1, hoặc mang giấy tờ đến quầy VNPT để đăng ký lại."),
    ),
}
