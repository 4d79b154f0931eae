"""Passwords: how they are kept, and what one must be."""

import re
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import writing
from portal.models import User

SPECIALS = "~!@#$%^&*_-+=`|(){}[]:;\"'<>,.?/\\"
KINDS: dict[str, tuple[str, Any]] = {  # the page's live checklist reads the same table
    "length": (r"^.{8,30}$", gettext_lazy("Từ 8 đến 30 ký tự")),
    "upper": (r"[A-Z]", gettext_lazy("Có chữ in hoa (A–Z)")),
    "lower": (r"[a-z]", gettext_lazy("Có chữ in thường (a–z)")),
    "digit": (r"[0-9]", gettext_lazy("Có chữ số (0–9)")),
    "special": (r"[^A-Za-z0-9\s]", gettext_lazy("Có ký tự đặc biệt, ví dụ @ # ! %")),
    "plain": (r"^[!-~]*$", gettext_lazy("Không dấu tiếng Việt, không khoảng trắng")),
}


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id at 19 MiB, two passes: what OWASP asks for, about 30 ms."""

    time_cost, memory_cost, parallelism = 2, 19_456, 1


class FourKinds:
    """Guide 2: at least 8 characters with upper case, lower case, digit and special character."""

    def validate(self, password: str, user: User | None = None) -> None:
        missing = [label for pattern, label in KINDS.values() if not re.search(pattern, password)]
        if missing:
            raise ValidationError([ValidationError(label, code="missing") for label in missing])

    def get_help_text(self) -> str:
        return _("8–30 ký tự, gồm chữ in hoa, chữ in thường, chữ số và ký tự đặc biệt.")


class NotAboutThePerson:
    """Not the ID number, the phone or the name, whole or in part. A short part of a name does not count: it is inside many
    words, and the guide's own example, Hoa@1234, is no riddle more or less to a Mrs Hòa."""

    RULE = gettext_lazy(
        "Không chứa họ tên (từ 4 chữ cái), số giấy tờ, số điện thoại, email; không phải mật khẩu phổ biến"
    )

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or not user.id_number:
            return
        typed = password.casefold()
        digits = [user.id_number, user.id_number[-6:], user.phone, user.phone[-6:]]
        name = writing.fold(user.full_name).casefold().split()
        mailbox = user.email.partition("@")[0].casefold()
        inside = [*digits, "".join(name), *([mailbox] if len(mailbox) > 3 else [])]
        words = set(re.findall(r"[a-z]+", typed)) & {word for word in name if len(word) > 3}
        if words or any(part and part.casefold() in typed for part in inside):
            raise ValidationError(
                _("Mật khẩu không được chứa họ tên, số giấy tờ, số điện thoại hoặc email."), code="about-the-person"
            )

    def get_help_text(self) -> str:
        return _("Không chứa họ tên, số giấy tờ, số điện thoại hoặc email.")


class NotCommon(CommonPasswordValidator):
    """Nor a common one in disguise: "P@ssw0rd!2026" is "password" and a year."""

    DISGUISES = str.maketrans("@$!013457", "asioleast")

    def validate(self, password: str, user: Any = None) -> None:
        small = password.casefold()
        bare = re.sub(r"[^a-z0-9]", "", small)
        undone = re.sub(r"[^a-z]", "", re.sub(r"[\d\W_]+$", "", small).translate(self.DISGUISES))
        if {small, bare, *({undone, undone + "1"} if len(undone) > 3 else ())} & self.passwords:
            raise ValidationError(
                _("Mật khẩu này quá phổ biến, dễ bị đoán. Quý khách hãy chọn mật khẩu khác."), code="common"
            )

    def get_help_text(self) -> str:
        return _("Không phải mật khẩu phổ biến.")


def check_password_for(password: str, *, number: str, full_name: str, phone: str, email: str) -> None:
    """For somebody who has no account yet."""
    validate_password(password, User(id_number=number, full_name=full_name, phone=phone, email=email))
