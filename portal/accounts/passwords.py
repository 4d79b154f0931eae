"""Passwords: how they are kept, and what one must be."""

import re
from dataclasses import dataclass
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

    RULE = gettext_lazy("Không chứa họ tên (từ 4 chữ cái), số giấy tờ, số điện thoại, email")

    @staticmethod
    def pattern(user: User) -> str:
        """What a password of this person must not match, in whatever case; a browser reads it as well."""
        name = writing.fold(user.full_name).casefold().split()
        mailbox = user.email.partition("@")[0].casefold()
        digits = [user.id_number, user.id_number[-6:], user.phone, user.phone[-6:]]
        inside = [*digits, "".join(name), *([mailbox] if len(mailbox) > 3 else [])]
        words = [f"(?:^|[^a-z]){re.escape(word)}(?:[^a-z]|$)" for word in name if len(word) > 3]
        return "|".join([*(re.escape(part.casefold()) for part in inside if part), *words])

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or not user.id_number:
            return
        if re.search(self.pattern(user), password.casefold()):
            raise ValidationError(
                _("Mật khẩu không được chứa họ tên, số giấy tờ, số điện thoại hoặc email."), code="about-the-person"
            )

    def get_help_text(self) -> str:
        return _("Không chứa họ tên, số giấy tờ, số điện thoại hoặc email.")


class NotCommon(CommonPasswordValidator):
    """Nor a common one in disguise: "P@ssw0rd!2026" is "password" and a year."""

    DISGUISES = str.maketrans("@$!013457", "asioleast")
    RULE = gettext_lazy("Không phải mật khẩu phổ biến")
    # Of the thousands that the server knows, those that a browser is told beforehand.
    BEST_KNOWN = (
        "password",
        "qwerty",
        "welcome",
        "iloveyou",
        "admin",
        "letmein",
        "monkey",
        "dragon",
        "sunshine",
        "princess",
    )

    @classmethod
    def pattern(cls) -> str:
        worn = {
            letter: "".join(chr(mark) for mark, bare in cls.DISGUISES.items() if chr(bare) == letter)
            for letter in "asiolet"
        }
        words = ("".join(f"[{letter}{worn.get(letter, '')}]" for letter in word) for word in cls.BEST_KNOWN)
        return rf"^(?:{'|'.join(words)})[\d\W_]*$"

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


@dataclass(frozen=True)
class Check:
    """A rule as the page's live checklist reads it; without a pattern only the server can tell."""

    label: Any
    pattern: str = ""
    flags: str = ""
    is_final: bool = True  # else the server has more to say


def checks(user: User | None) -> list[Check]:
    """All rules, for somebody whom this page may know; nobody learns here whom a reset is for."""
    kinds = [Check(label, pattern) for pattern, label in KINDS.values()]
    about = f"^(?!.*(?:{NotAboutThePerson.pattern(user)}))" if user and user.id_number else ""
    return [
        *kinds,
        Check(NotAboutThePerson.RULE, about, "i", is_final=bool(about)),
        Check(NotCommon.RULE, f"^(?!{NotCommon.pattern().removeprefix('^')})", "i", is_final=False),
    ]


def check_password_for(password: str, *, number: str, full_name: str, phone: str, email: str) -> None:
    """For somebody who has no account yet."""
    validate_password(password, User(id_number=number, full_name=full_name, phone=phone, email=email))
