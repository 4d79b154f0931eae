"""An entry: who did what about whom, with a MAC of its own."""

import hashlib
import hmac
import json
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import logs, sealing
from portal.gateways import keys
from portal.models import Event, User

log = structlog.get_logger(__name__)
VERBS: dict[str, Any] = {  # as staff read them; a test finds a verb that is missing here
    "account activated": _("Kích hoạt tài khoản"),
    "account changed": _("Sửa tài khoản"),
    "account opened": _("Mở tài khoản"),
    "application erased": _("Xóa dữ liệu hồ sơ"),
    "application opened up": _("Mở số giấy tờ của hồ sơ"),
    "application resumed": _("Tiếp tục hồ sơ trên máy khác"),
    "application stopped": _("Dừng hồ sơ"),
    "applications searched": _("Tìm hồ sơ"),
    "authority made": _("Tạo khóa cấp chứng thư số"),
    "branch changed": _("Sửa đơn vị"),
    "case assigned": _("Giao hồ sơ"),
    "control case added": _("Thêm hồ sơ mẫu"),
    "case taken over": _("Lấy lại hồ sơ người khác giữ"),
    "certificate intended": _("Chuẩn bị cấp chứng thư số"),
    "certificate issued": pgettext_lazy("đã", "Cấp chứng thư số"),
    "certificate restored": _("Khôi phục chứng thư số"),
    "certificate revoked": _("Thu hồi chứng thư số"),
    "certificate suspended": _("Tạm dừng chứng thư số"),
    "code resent": _("Gửi lại mã kích hoạt"),
    "consent withdrawn": _("Rút lại đồng ý"),
    "contract begun": _("Bắt đầu ký hợp đồng"),
    "contract sealed": _("Đóng dấu hợp đồng"),
    "contract signed": _("Khách ký hợp đồng"),
    "demo sign-in": _("Vào từ bàn trình diễn"),
    "evidence looked at": _("Xem ảnh giấy tờ, khuôn mặt"),
    "face tries allowed": _("Cho làm lại bước khuôn mặt"),
    "file appraised": _("Thẩm định hồ sơ"),
    "file approved": _("Duyệt hồ sơ"),
    "file opened": _("Mở hồ sơ thẩm định"),
    "invoices tried again": _("Phát hành lại hóa đơn"),
    "master key made": _("Tạo khóa chủ"),
    "messages resent": _("Gửi lại tin"),
    "minutes signed": _("Khách ký biên bản nghiệm thu"),
    "paper looked at": _("Xem tài liệu đã ký"),
    "password changed": _("Đổi mật khẩu"),
    "password reset asked": _("Xin đặt lại mật khẩu"),
    "password reset": _("Đặt lại mật khẩu"),
    "payment received": _("Nhận thanh toán"),
    "people searched": _("Tìm tài khoản"),
    "pin locked": _("Mã PIN bị khóa"),
    "pin made": _("Tạo mã PIN"),
    "plan changed": _("Sửa gói cước"),
    "policy changed": _("Sửa chính sách"),
    "policy live": _("Áp dụng chính sách"),
    "policy retired": _("Thôi áp dụng chính sách"),
    "policy tried": _("Chạy thử chính sách"),
    "recovery codes generated": _("Tạo mã dự phòng"),
    "refund done": _("Đã hoàn tiền"),
    "refund due": _("Chờ hoàn tiền"),
    "rejection objected to": _("Khiếu nại từ chối"),
    "roles changed": _("Đổi vai trò"),
    "roles confirmed": _("Xác nhận vai trò"),
    "sample judged": _("Xem lại mù"),
    "sealed again": _("Niêm phong lại"),
    "second factor": _("Lớp xác thực thứ hai"),
    "sessions ended": _("Đăng xuất thiết bị"),
    "sign-in": _("Đăng nhập"),
    "sign-out": _("Đăng xuất"),
    "totp activated": _("Bật ứng dụng xác thực"),
    "totp deactivated": _("Tắt ứng dụng xác thực"),
    "webauthn added": _("Thêm khóa sinh trắc học"),
    "webauthn removed": _("Gỡ khóa sinh trắc học"),
}
RESULTS: dict[str, Any] = {"ok": _("được"), "refused": _("bị từ chối")}


@dataclass(frozen=True)
class Actor:
    """Who is at work and from where; the middleware sets it, so that steps need not know of requests."""

    user: User | None = None
    place: str = ""


NOBODY = Actor()
actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)


def record(
    verb: str, about: models.Model | str = "", *, user: User | None = None, result: str = "ok", **details: Any
) -> Event:
    """One entry, in the transaction of the change it tells of. Details name no one: ids and kinds only."""
    user = user or actor.get().user
    event = Event(
        at=timezone.now(),
        actor=user,
        role=",".join(user.roles) if user else "",
        branch=user.branch.name if user and user.branch else "",
        verb=verb,
        about=f"{about._meta.model_name}:{about.pk}" if isinstance(about, models.Model) else about,
        result=result,
        place=actor.get().place,
        request_id=logs.request_id(),
        details=details,
    )
    event.mac = mac_of(event)
    event.save(force_insert=True)
    log.info("audit", verb=verb, about=event.about, actor=event.actor_id, result=result)
    return event


def mac_of(event: Event) -> str:
    content = [
        event.at.isoformat(),
        event.actor_id,
        event.role,
        event.branch,
        event.verb,
        event.about,
        event.result,
        event.place,
        event.request_id,
        event.details,
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hmac.new(derived_key("audit entry"), text.encode(), hashlib.sha256).hexdigest()


def derived_key(purpose: str) -> bytes:
    return sealing.derived(keys.provider().keyring().index, purpose)
