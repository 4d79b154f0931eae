"""The first page. The journey's own pages come with the journey."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from enrollment.models import Plan

# Guide 2: the nine steps, with the screen that each of them is.
NINE_STEPS = (
    (_("Đăng ký tài khoản"), _("Đọc và đồng ý điều khoản")),
    (_("Chọn gói dịch vụ"), _("Miễn phí hoặc trả phí")),
    (_("Khai báo thông tin"), _("Như trên giấy tờ")),
    (_("Khởi tạo dịch vụ"), _("Thanh toán nếu có phí")),
    (_("Nhập mã kích hoạt"), _("Từ SMS, tạo mật khẩu")),
    (_("Xác thực giấy tờ, khuôn mặt"), _("Bằng máy ảnh điện thoại")),
    (_("Ký hợp đồng điện tử"), _("Vẽ chữ ký trên màn hình")),
    (_("Tạo mã PIN ký số"), _("Sáu chữ số, chỉ mình biết")),
    (_("Ký biên bản nghiệm thu"), _("Bằng chứng thư số mới")),
)


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/home.html", {"plans": Plan.on_sale(), "steps": NINE_STEPS})


def register(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/door.html", {"door": "register"})


def activate(request: HttpRequest) -> HttpResponse:
    return render(request, "enrollment/door.html", {"door": "activate"})
