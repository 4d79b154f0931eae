"""The second factor: secrets sealed, tries counted, none taken from staff."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import audit, sealing, writing
from portal.accounts.binding import PLACE
from portal.accounts.signing_in import locked
from portal.allowances import Limit
from portal.models import User

SECOND_FACTOR = Limit("second factor", 5, timedelta(minutes=5), sliding=True)
SECOND_FACTOR_DAY = Limit("second factor day", 30, timedelta(days=1))
LOCKED = gettext_lazy(
    "Mã xác thực vừa được nhập sai 5 lần nên tạm khóa. Vui lòng thử lại sau %(minutes)s phút (lúc %(until)s)."
)
LOCKED_DAY = gettext_lazy(
    "Trong một ngày mã xác thực đã được nhập sai 30 lần nên tạm khóa đến %(until)s. Nếu không phải Quý khách nhập, hãy đổi "
    "mật khẩu và gọi 18001260."
)

MESSAGES: dict[str, Any] = {
    **DefaultMFAAdapter.error_messages,
    "cannot_delete_authenticator": gettext_lazy("Nhân viên phải giữ ít nhất một lớp xác thực thứ hai."),
    "incorrect_code": gettext_lazy("Mã chưa đúng. Quý khách hãy xem mã mới trong ứng dụng rồi nhập lại."),
}


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: secrets sealed, a name that shows no user name, and none taken from staff."""

    error_messages = MESSAGES

    def encrypt(self, text: str) -> str:
        return sealing.seal(text.encode(), PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, PLACE).decode()

    def _get_user_identifier(self, user: Any) -> str:
        return writing.masked(user.id_number)

    def _get_site_name(self) -> str:
        return "VNPT SmartCA"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return _("Thiết bị %(number)d") % {"number": Authenticator.objects.filter(user=user, type=type).count() + 1}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return bool(not authenticator.user.is_staff or others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def check_second_factor(user: User, check: Callable[[], str]) -> str:
    """Spend a try, then let allauth look."""
    for limit, words in ((SECOND_FACTOR, LOCKED), (SECOND_FACTOR_DAY, LOCKED_DAY)):
        if limit.spend(str(user.pk)) is None:
            raise locked(limit, str(user.pk), words)
    try:
        code = check()
    except ValidationError:
        audit.record("second factor", user, result="refused")
        raise
    # allauth remembers a used code for 30 s, but takes it for 90.
    if not cache.add(sealing.blind_index("used second factor", f"{user.pk} {code}"), True, 120):
        raise MFAAdapter().validation_error("incorrect_code")
    for limit in (SECOND_FACTOR, SECOND_FACTOR_DAY):
        limit.restore(str(user.pk))
    return code


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())
