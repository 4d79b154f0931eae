"""An entry: who did what about whom, with a MAC of its own."""

import hashlib
import hmac
import json
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal import logs, sealing
from portal.gateways import keys
from portal.models import Event, User
from portal.parts import Part, parts

log = structlog.get_logger(__name__)
VERBS: dict[str, Any] = {  # the ground floor's own, as staff read them
    "account closed": _("Đóng tài khoản"),
    "account erased": _("Xóa dữ liệu tài khoản"),
    "account opened": _("Mở tài khoản"),
    "branch changed": _("Sửa đơn vị"),
    "change confirmed": _("Xác nhận việc cần hai người"),
    "change lapsed": _("Đề nghị quá hạn"),
    "change proposed": _("Đề nghị việc cần hai người"),
    "change rejected": _("Từ chối đề nghị"),
    "change withdrawn": _("Rút lại đề nghị"),
    "demo sign-in": _("Vào từ bàn trình diễn"),
    "file looked at": _("Xem dữ liệu cá nhân của hồ sơ"),
    "many looks in an hour": _("Xem nhiều bất thường trong một giờ"),
    "invitation sent again": _("Gửi lại lời mời"),
    "invitation withdrawn": _("Thu hồi lời mời"),
    "master key made": _("Tạo khóa chủ"),
    "messages resent": _("Gửi lại tin"),
    "opened for a reason": _("Mở dữ liệu không do mình giữ, có lý do"),
    "password changed": _("Đổi mật khẩu"),
    "password reset asked": _("Xin đặt lại mật khẩu"),
    "password reset": _("Đặt lại mật khẩu"),
    "messages searched": _("Tìm tin nhắn"),
    "people searched": _("Tìm tài khoản"),
    "picture looked at": _("Xem ảnh giấy tờ, khuôn mặt"),
    "recovery codes generated": _("Tạo mã dự phòng"),
    "sealed again": _("Niêm phong lại"),
    "second factor": _("Lớp xác thực thứ hai"),
    "sessions ended": _("Đăng xuất thiết bị"),
    "sign-in": _("Đăng nhập"),
    "sign-out": _("Đăng xuất"),
    "trail exported": _("Xuất nhật ký"),
    "trail searched": _("Tìm trong nhật ký"),
    "trail verified": _("Kiểm tra niêm phong nhật ký"),
    "totp activated": _("Bật ứng dụng xác thực"),
    "totp deactivated": _("Tắt ứng dụng xác thực"),
    "webauthn added": _("Thêm khóa sinh trắc học"),
    "webauthn removed": _("Gỡ khóa sinh trắc học"),
}
MESSAGES: dict[str, Any] = {  # likewise, of the outbox: to whom, what
    "portal/messages/account_opened": _("Chủ tài khoản: tài khoản mới"),
    "portal/messages/password_reset": _("Chủ tài khoản: mã đặt lại mật khẩu"),
    "portal/messages/security_changed": _("Chủ tài khoản: thay đổi về bảo mật"),
}
RESULTS: dict[str, Any] = {"ok": _("được"), "refused": _("bị từ chối"), "failed": _("không đạt")}


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
        about=named(about),
        result=result,
        place=actor.get().place,
        request_id=logs.request_id(),
        details=details,
    )
    event.mac = mac_of(event)
    event.save(force_insert=True)
    log.info("audit", verb=verb, about=event.about, actor=event.actor_id, result=result)
    return event


def named(about: models.Model | str) -> str:
    return f"{about._meta.model_name}:{about.pk}" if isinstance(about, models.Model) else about


@cache
def verbs() -> dict[str, Any]:
    """Of every app, as staff read them; a test finds one that is missing."""
    return dict(sorted((verb, words) for part in parts(Part) for verb, words in part.verbs.items()))


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


def is_ours(event: Event) -> bool:
    return hmac.compare_digest(event.mac, mac_of(event))


def derived_key(purpose: str) -> bytes:
    return sealing.derived(keys.provider().keyring().index, purpose)
