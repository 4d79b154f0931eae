"""What was declared beside what the card says, field by field, and where each came from. Accents and where the tone
mark stands do not matter to the comparison; what is shown is what was written."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment.identity import Declaration, Sex
from portal import writing

SAME, NEAR, OTHER, UNREAD = "same", "near", "other", "unread"
SOURCES: dict[str, Any] = {"code": _("Mã QR"), "machine": _("MRZ"), "printed": _("OCR"), "vneid": _("VNeID")}
FIELDS: dict[str, Any] = {
    "number": _("Số giấy tờ"),
    "full_name": _("Họ tên"),
    "birth_date": _("Ngày sinh"),
    "sex": _("Giới tính"),
    "issued_on": _("Ngày cấp"),
    "expires_on": _("Ngày hết hạn"),
}
Reads = dict[str, dict[str, Any]]  # source → field → value, as JSON keeps it


@dataclass(frozen=True)
class Statement:
    source: str
    text: str
    verdict: str


@dataclass(frozen=True)
class Row:
    field: str
    declared: str
    statements: tuple[Statement, ...]

    @property
    def label(self) -> Any:
        return FIELDS[self.field]

    @property
    def verdict(self) -> str:
        """The worst of them; empty where no source says anything."""
        return next(
            (
                verdict
                for verdict in (OTHER, NEAR, SAME)
                if any(statement.verdict == verdict for statement in self.statements)
            ),
            "",
        )


def rows(declared: Declaration, reads: Reads) -> list[Row]:
    compared = []
    for field in FIELDS:
        own = getattr(declared, field)
        statements = tuple(
            Statement(source, shown(field, facts.get(field)), verdict(field, own, facts.get(field), source))
            for source, facts in reads.items()
            if facts.get(field) or field in facts.get("unread", ())
        )
        compared.append(Row(field, shown(field, own), statements))
    return compared


def shown(field: str, value: Any) -> str:
    if field == "sex":
        return str(Sex(value).label) if value in Sex.values else ""
    day = as_day(value)
    return f"{day:%d/%m/%Y}" if day else str(value or "")


def as_day(value: Any) -> date | None:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        return None


def verdict(field: str, declared: Any, stated: Any, source: str) -> str:
    if not stated:
        return UNREAD  # which contradicts nothing
    if field == "full_name":
        return name_verdict(str(declared), str(stated), cut=source == "machine")
    if field in ("birth_date", "issued_on", "expires_on"):
        if not declared:
            return ""  # nothing was declared to differ from
        return SAME if as_day(stated) == as_day(declared) else OTHER
    return SAME if str(stated) == str(declared) else OTHER


def name_verdict(declared: str, stated: str, *, cut: bool = False) -> str:
    """Same but for accents: near, unless the source has none to tell."""
    own, other = plain(declared), plain(stated)
    if exact(declared) == exact(stated):
        return SAME
    if own == other or (cut and len(stated) >= 24 and own.startswith(other)):
        return SAME if stated.isascii() else NEAR
    return OTHER


def exact(text: str) -> str:
    """Letters as meant: one case, and the tone mark wherever it was put ("hòa" is "hoà")."""
    parts = unicodedata.normalize("NFD", text.casefold())
    words = []
    for word in re.split(r"[\s'’.-]+", parts):
        tones = "".join(sorted(letter for letter in word if letter in TONES))
        words.append("".join(letter for letter in word if letter not in TONES) + tones)
    return " ".join(filter(None, words))


TONES = "\u0300\u0301\u0303\u0309\u0323"


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", writing.fold(text).casefold()))
