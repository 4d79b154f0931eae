"""Telling a person what was changed about the account, by the ways that led there before."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from portal import audit, outbox, wording
from portal.models import User

CHANGES: dict[str, Any] = {
    "contact_changed": gettext_lazy("số điện thoại hoặc email nhận mã"),
    "second_factor_reset": gettext_lazy("lớp xác thực thứ hai (nhân viên VNPT đã gỡ, vì Quý khách báo mất)"),
    "password_changed": gettext_lazy("mật khẩu"),
    "totp_activated": gettext_lazy("ứng dụng xác thực (bật)"),
    "totp_deactivated": gettext_lazy("ứng dụng xác thực (tắt)"),
    "webauthn_added": gettext_lazy("khóa sinh trắc học (thêm)"),
    "webauthn_removed": gettext_lazy("khóa sinh trắc học (gỡ)"),
    "recovery_codes_generated": gettext_lazy("mã dự phòng"),
}


@transaction.atomic
def notify_change(user: User, what: str) -> None:
    if what not in ("password_changed", "contact_changed", "second_factor_reset"):  # those have entries of their own
        audit.record(what.replace("_", " "), user, user=user)
    with wording.in_language_of(user):
        name = str(CHANGES[what])
    moment = timezone.localtime()
    outbox.post(
        "portal/messages/security_changed",
        [name, f"{moment:%H:%M %d/%m/%Y}"],
        user,
        intent=f"security {user.pk} {what} {moment:%s%f}",
        good_until=timezone.now() + timedelta(days=1),
    )
