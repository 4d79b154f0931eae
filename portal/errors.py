"""How a no is told: a page for people, a problem (RFC 9457) for programs."""

import sys
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal import logs, sealing
from portal.gateways import storage
from portal.refusals import Refusal

log = structlog.get_logger(__name__)
RESTS_FOR = 15  # seconds after which it is worth asking again

PAGES: dict[int, tuple[str, Any, Any]] = {
    400: (
        "bad-request",
        _("Yêu cầu chưa hợp lệ"),
        _("Máy chủ không hiểu yêu cầu vừa gửi. Quý khách vui lòng quay lại trang trước và thử lại."),
    ),
    403: (
        "forbidden",
        _("Quý khách không có quyền xem trang này"),
        _("Tài khoản đang dùng không được phép mở trang này. Nếu cần, hãy đăng nhập bằng tài khoản khác."),
    ),
    404: (
        "not-found",
        _("Không tìm thấy trang"),
        _("Địa chỉ có thể đã đổi hoặc gõ nhầm. Quý khách hãy kiểm tra lại hoặc bắt đầu từ trang chủ."),
    ),
    405: (
        "not-allowed",
        _("Trang này không nhận cách gửi vừa dùng"),
        _("Quý khách hãy mở lại trang từ đường dẫn hoặc từ trang chủ."),
    ),
    409: (
        "conflict",
        _("Thông tin đã thay đổi"),
        _("Việc này vừa được thực hiện ở nơi khác. Quý khách hãy tải lại trang để xem trạng thái mới nhất."),
    ),
    413: (
        "too-large",
        _("Nội dung gửi lên quá lớn"),
        _("Quý khách hãy chọn ảnh hoặc tệp nhỏ hơn rồi gửi lại."),
    ),
    429: (
        "too-many",
        _("Quý khách thao tác quá nhanh"),
        _("Để bảo vệ tài khoản, hệ thống tạm dừng nhận yêu cầu này. Quý khách vui lòng chờ ít phút rồi thử lại."),
    ),
    500: (
        "error",
        _("Hệ thống gặp sự cố"),
        _("Lỗi đã được ghi lại. Thông tin đã lưu vẫn còn nguyên; quý khách vui lòng thử lại sau ít phút."),
    ),
    503: (
        "resting",
        _("Dịch vụ đang tạm nghỉ"),
        _("Hệ thống đang được khôi phục và thường trở lại trong vòng một phút. Thông tin đã lưu không bị mất."),
    ),
}
UNOPENED = (
    "unopened",
    _("Một dữ liệu niêm phong không mở được. Xin báo bộ phận vận hành kèm mã yêu cầu dưới đây; thử lại sẽ không đổi."),
)
CSRF = (
    "csrf",
    _("Trang đã để lâu hoặc bị chặn cookie"),
    _("Quý khách hãy tải lại trang rồi gửi lại. Nếu vẫn gặp lỗi, hãy cho phép cookie trong trình duyệt."),
)


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/json")


def answer(
    request: HttpRequest, status: int, code: str = "", message: Any = "", *, title: Any = "", wait: int | None = None
) -> HttpResponse:
    """One answer for every no. It reads nothing from the database, which may be what is missing."""
    page_code, page_title, page_message = PAGES.get(status, PAGES[400])
    facts = {
        "status": status,
        "code": code or page_code,
        "title": title or page_title,
        "detail": message or page_message,
        "request_id": logs.request_id(),
        "wait": wait,
    }
    if wants_json(request):
        given = {name: fact if isinstance(fact, int) else str(fact) for name, fact in facts.items() if fact}
        problem = {"type": f"{settings.SITE_URL}/problems/{facts['code']}", **given}
        response: HttpResponse = JsonResponse(problem, status=status, content_type="application/problem+json")
    else:
        known = {"hotline": settings.HOTLINE, "path": request.path, "language": get_language()}
        facts["screen"], facts["rehearsed"] = getattr(request, "screen", None), hasattr(request, "rehearsal")
        page = render_to_string("portal/refused.html", {**facts, **known})
        response = HttpResponse(page, status=status)
    if wait or status == 503:
        response["Retry-After"] = str(wait or RESTS_FOR)
    response["Cache-Control"] = "no-store"
    return response


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    log.info("refused", code=refusal.code, status=refusal.status)
    return answer(request, refusal.status, refusal.code, refusal.message, wait=refusal.wait)


def is_out_of_order(error: BaseException | None) -> bool:
    """A part we stand on is away (not a fault of ours): the database, the broker, the disk."""
    return isinstance(error, (OperationalError, InterfaceError, *storage.AWAY))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    wrong = sys.exc_info()[1]
    if isinstance(wrong, (sealing.Broken, sealing.Erased)):
        code, message = UNOPENED
        return answer(request, 500, code, message)
    return answer(request, 503 if is_out_of_order(wrong) else 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    code, title, message = CSRF
    return answer(request, 403, code, message, title=title)
