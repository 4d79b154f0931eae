"""Who somebody says they are: what a declaration holds, what its numbers and dates must fulfil, what a card's QR tells.

A fault refuses; a doubt asks the person to look again. Rules: DOMAIN §4."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from portal import names, writing


class Document(TextChoices):
    CITIZEN = "citizen", _("Căn cước công dân / Căn cước")
    PASSPORT = "passport", _("Hộ chiếu")
    OLD_CARD = "cmnd", _("Chứng minh nhân dân (đã hết giá trị)")


class Sex(TextChoices):
    MALE = "male", _("Nam")
    FEMALE = "female", _("Nữ")


@dataclass(frozen=True)
class Declaration:
    full_name: str
    number: str
    document: str
    nationality: str
    birth_date: date
    sex: str
    issued_on: date
    issued_by: str
    expires_on: date | None
    email: str
    phone: str
    province: str
    ward: str
    address: str
    referral: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Declaration":
        """Of one that was stored before a field was added, the field has its default: a new one needs one."""
        values = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        for name in ("birth_date", "issued_on", "expires_on"):
            values[name] = date.fromisoformat(values[name]) if values[name] else None
        return cls(**values)


# The first three digits: where the birth was registered (63 old province codes). Births abroad have country codes, which
# no public list gives: an unknown one is a doubt, not a fault.
PROVINCES = frozenset(
    """001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042
    044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086
    087 089 091 092 093 094 095 096""".split()
)
CITIZEN_NUMBER = re.compile(r"[0-9]{12}")
PASSPORT_NUMBER = re.compile(r"[A-Z]{1,2}[0-9]{6,8}")
OLD_NUMBER = re.compile(r"[0-9]{9}|[0-9]{12}")
CARD_AGES = (14, 25, 40, 60)  # at which a card ends; one issued in the two years before such an age runs to the next
# Who is named as the place of issue, and since when every citizen's card names this one (DOMAIN §4).
ISSUERS = {
    "Bộ Công an": date(2024, 7, 1),
    "Cục Cảnh sát quản lý hành chính về trật tự xã hội": date(2021, 1, 1),
    "Cục CS QLHC về TTXH": None,  # the same, as guide 1 writes it
    "Cục Cảnh sát ĐKQL cư trú và DLQG về dân cư": None,
    "Cục Quản lý xuất nhập cảnh": None,
}
# Addresses that live for minutes: a contract sent there is lost.
DISPOSABLE = frozenset(
    """mailinator.com guerrillamail.com 10minutemail.com tempmail.com temp-mail.org yopmail.com trashmail.com
    sharklasers.com getnada.com maildrop.cc dispostable.com throwawaymail.com fakeinbox.com mintemail.com
    moakt.com emailondeck.com mohmal.com tempail.com""".split()
)
MAILS = ("gmail.com", "yahoo.com", "yahoo.com.vn", "outlook.com", "hotmail.com", "icloud.com", "vnpt.vn")


def born_per_number(number: str) -> tuple[str, int]:
    """Sex and year of birth as a 12-digit number tells them."""
    century, year = int(number[3]), int(number[4:6])
    return (Sex.FEMALE if century % 2 else Sex.MALE), 1900 + 100 * (century // 2) + year


def birthday(born: date, age: int) -> date:
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # 29 February
        return date(born.year + age, 3, 1)


def card_ends(born: date, issued: date) -> date | None:
    """When a citizen card runs out by the holder's age, or None for never."""
    for age in CARD_AGES:
        if issued < birthday(born, age - 2):
            return birthday(born, age)
    return None


def age_on(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class Gap(AttributeError):
    """What a check looks at was not typed, or cannot be read."""


class Partly:
    """A declaration as far as it is known by now."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known

    def __getattr__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        raise Gap(name)


Faults = Iterator[tuple[str, Any]]


def faults(declaration: Declaration | Partly, today: date) -> Faults:
    """What cannot be: the field, and what to do. All at once: of a declaration with gaps, what is known of it already."""
    for check in (_name, _born, _issued, _by_document):
        try:
            yield from check(declaration, today)
        except Gap:
            continue


def _by_document(declaration: Any, today: date) -> Faults:
    for check in CHECKS[Document(declaration.document)]:
        try:
            yield from check(declaration, today)
        except Gap:
            continue


def _name(declaration: Any, today: date) -> Faults:
    if wrong := names.fault(declaration.full_name):
        yield "full_name", wrong


def _born(declaration: Any, today: date) -> Faults:
    if declaration.birth_date >= today or declaration.birth_date.year < 1900:
        yield "birth_date", _("Ngày sinh phải là một ngày đã qua. Quý khách nhập ngày/tháng/năm, ví dụ 05/01/1993.")
    elif age_on(declaration.birth_date, today) < 14:
        yield "birth_date", _("Người đăng ký phải từ đủ 14 tuổi. Quý khách vui lòng kiểm tra lại ngày sinh.")


def _issued(declaration: Any, today: date) -> Faults:
    if declaration.issued_on > today:
        yield "issued_on", _("Ngày cấp không thể ở tương lai. Quý khách vui lòng xem lại trên giấy tờ.")
    elif declaration.issued_on < declaration.birth_date:
        yield "issued_on", _("Ngày cấp không thể trước ngày sinh. Quý khách vui lòng xem lại trên giấy tờ.")


def _citizen_number(declaration: Any, today: date) -> Faults:
    if not CITIZEN_NUMBER.fullmatch(declaration.number):
        yield "number", _("Số căn cước gồm đúng 12 chữ số, in ở mặt trước thẻ.")


def _year_in_number(declaration: Any, today: date) -> Faults:
    year = declaration.birth_date.year
    if CITIZEN_NUMBER.fullmatch(declaration.number) and born_per_number(declaration.number)[1] != year:
        yield "number", _("Số căn cước và năm sinh không khớp nhau. Quý khách vui lòng xem lại cả hai trên thẻ.")


def _sex_in_number(declaration: Any, today: date) -> Faults:
    if CITIZEN_NUMBER.fullmatch(declaration.number) and born_per_number(declaration.number)[0] != declaration.sex:
        yield "number", _("Số căn cước và giới tính không khớp nhau. Quý khách vui lòng xem lại cả hai trên thẻ.")


def _citizen(declaration: Any, today: date) -> Faults:
    if writing.fold(declaration.nationality).casefold().replace(" ", "") != "vietnam":
        yield "nationality", _("Thẻ căn cước chỉ cấp cho công dân Việt Nam. Người nước ngoài vui lòng chọn Hộ chiếu.")


def _card_in_force(declaration: Any, today: date) -> Faults:
    ends = card_ends(declaration.birth_date, declaration.issued_on)
    if declaration.birth_date < today and ends and ends < today:
        yield (
            "issued_on",
            _("Theo ngày sinh và ngày cấp, thẻ đã hết hạn ngày %(day)s. Quý khách vui lòng dùng thẻ mới hoặc hộ chiếu.")
            % {"day": f"{ends:%d/%m/%Y}"},
        )


def _passport_number(declaration: Any, today: date) -> Faults:
    if not PASSPORT_NUMBER.fullmatch(declaration.number):
        yield "number", _("Hộ chiếu không đúng định dạng: chữ cái rồi đến các chữ số, ví dụ C1234567.")


def _passport_in_force(declaration: Any, today: date) -> Faults:
    if declaration.expires_on is None:
        yield "expires_on", _("Quý khách vui lòng nhập ngày hết hạn in trên hộ chiếu.")
    elif declaration.expires_on < today:
        yield "expires_on", _("Hộ chiếu đã hết hạn. Quý khách vui lòng dùng giấy tờ còn hạn.")
    elif declaration.expires_on <= declaration.issued_on:
        yield "expires_on", _("Ngày hết hạn phải sau ngày cấp.")


def _old_number(declaration: Any, today: date) -> Faults:
    if not OLD_NUMBER.fullmatch(declaration.number):
        yield "number", _("Số chứng minh nhân dân gồm 9 hoặc 12 chữ số.")


CHECKS = {
    Document.CITIZEN: (_citizen_number, _year_in_number, _sex_in_number, _citizen, _card_in_force),
    Document.PASSPORT: (_passport_number, _passport_in_force),
    Document.OLD_CARD: (_old_number,),
}


def doubts(declaration: Declaration, today: date) -> Iterator[tuple[str, Any]]:
    """What is unusual: a name for it, and what to look at."""
    if declaration.document == Document.CITIZEN and declaration.number[:3] not in PROVINCES:
        yield (
            "province-code",
            _("Ba số đầu của số căn cước không phải mã tỉnh quen thuộc (thường là khai sinh ở nước ngoài)."),
        )
    age = age_on(declaration.birth_date, today)
    if age > 100:
        yield "age", _("Theo ngày sinh, Quý khách %(age)s tuổi.") % {"age": age}
    if age < 18:
        yield "minor", _("Quý khách chưa đủ 18 tuổi; VNPT có thể cần ý kiến của người đại diện theo pháp luật.")
    if len(declaration.full_name.split()) < 2:
        yield "short-name", _("Họ tên chỉ có một từ.")
    if declaration.document == Document.CITIZEN:
        yield from _issuer_doubts(declaration)
    if meant := meant_domain(declaration.email):
        yield (
            "email",
            _("Email có đuôi @%(typed)s; có phải Quý khách muốn nhập @%(meant)s?")
            % {"typed": declaration.email.rpartition("@")[2], "meant": meant},
        )


def issuer_on(issued: date) -> str:
    """Who issued a card, where its date makes that certain; older ones name several offices."""
    return next((issuer for issuer, since in ISSUERS.items() if since and issued >= since), "")


def _issuer_doubts(declaration: Declaration) -> Iterator[tuple[str, Any]]:
    """By date the card was issued by one authority or another; people abbreviate, so this asks and never refuses."""
    ministry = "bo cong an" in writing.fold(declaration.issued_by).casefold()
    if ministry and declaration.issued_on < date(2024, 7, 1):
        yield "issuer", _("Thẻ cấp trước ngày 01/07/2024 thường ghi nơi cấp là Cục Cảnh sát, không phải Bộ Công an.")
    if not ministry and declaration.issued_on >= date(2024, 7, 1):
        yield "issuer", _("Thẻ cấp từ ngày 01/07/2024 thường ghi nơi cấp là Bộ Công an.")


def is_disposable(email: str) -> bool:
    domain = email.rpartition("@")[2]
    return any(domain == known or domain.endswith(f".{known}") for known in DISPOSABLE)


def meant_domain(email: str) -> str:
    """The well-known domain that is one slip away: "gmial.com" → "gmail.com"."""
    domain = email.rpartition("@")[2]
    if domain in MAILS:
        return ""
    return next((known for known in MAILS if _slips(domain, known) == 1), "")


def _slips(typed: str, meant: str) -> int:
    """Letters changed, missing, added or swapped with their neighbour, counted up to 2."""
    if abs(len(typed) - len(meant)) > 1:
        return 2
    pairs = enumerate(zip(typed, meant, strict=False))
    start = next((place for place, (letter, right) in pairs if letter != right), None)
    if start is None:
        return abs(len(typed) - len(meant))
    rest, right = typed[start:], meant[start:]
    alike = (rest[1:] == right[1:], rest == right[1:], rest[1:] == right, rest[1::-1] + rest[2:] == right)
    return 1 if any(alike) else 2


# ── The QR on the card: number|old number|name|ddmmyyyy|sex|residence|ddmmyyyy, newer cards say more ──


@dataclass(frozen=True)
class Card:
    number: str
    full_name: str
    birth_date: date
    sex: str
    residence: str
    issued_on: date


def read_card(text: str) -> Card | None:
    """What a card's QR says, or None if it is no card's."""
    parts = [unicodedata.normalize("NFC", part).strip() for part in text.split("|")]
    if len(parts) < 7 or not CITIZEN_NUMBER.fullmatch(parts[0]):
        return None
    born, issued = day(parts[3]), day(parts[6])
    sex = {"nam": Sex.MALE, "nu": Sex.FEMALE}.get(writing.fold(parts[4]).casefold())
    full_name = names.spelled(parts[2])
    if not (born and issued and sex and names.is_name(full_name)):
        return None
    return Card(parts[0], full_name, born, sex, writing.line(parts[5])[:200], issued)


def day(text: str) -> date | None:
    digits = re.sub(r"\D", "", text)
    try:
        return date(int(digits[4:]), int(digits[2:4]), int(digits[:2])) if len(digits) == 8 else None
    except ValueError:
        return None
