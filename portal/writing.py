"""How Vietnamese is written: accents folded, numbers and phones brought to one form, what may be shown of them."""

import re
import unicodedata
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

# Telephone prefixes that moved from 11 to 10 digits in 2018 are refused, not mapped: the person should read them again.
MOBILE = re.compile(r"0[35789][0-9]{8}")
PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "·": "-", "₫": "d"})
INVISIBLE = "\u200b-\u200f\ufeff"


def fold(text: str) -> str:
    """ASCII without accents, for SMS and for look-ups: "Đặng Thị Hoà" → "Dang Thi Hoa"."""
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return unicodedata.normalize("NFKC", plain.translate(PLAIN)).encode("ascii", "ignore").decode()


def ascii_digits(text: str) -> str:
    """Full-width letters and every script's digits in their plain form: one number has one spelling."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in plain)


def document_number(text: str) -> str:
    """One form of a number however typed: full-width digits, spaces, dots and dashes inside, small letters."""
    return re.sub(rf"[\s.\-‐–—{INVISIBLE}]", "", ascii_digits(text)).upper()


def is_document_number(number: str) -> bool:
    """Whether it has the shape of one: CCCD or CMND, or a passport's."""
    return bool(re.fullmatch(r"[0-9]{9}|[0-9]{12}|[A-Z]{1,2}[0-9]{6,8}", number))


def mobile(text: str) -> str:
    """The national form 09… of a Vietnamese mobile number, or "" where it is none."""
    bare = re.sub(rf"[\s.\-(){INVISIBLE}]", "", ascii_digits(text))
    digits = re.sub(r"^(\+84|0084|84(?=\d{9}$))0?", "0", bare)
    return digits if MOBILE.fullmatch(digits) else ""


def email(text: str) -> str:
    address = unicodedata.normalize("NFKC", text).strip()
    name, _, domain = address.rpartition("@")
    try:
        validate_email(address)
        domain.encode("idna")  # what cannot be written in plain letters has no place in a certificate
    except (ValidationError, UnicodeError):
        return ""
    return f"{name}@{domain.lower()}" if name.isascii() else ""


def mailbox(address: str) -> str:
    """The box behind an address: what follows a plus, and Gmail's dots, lead into the same one."""
    name, _, domain = address.lower().rpartition("@")
    name = name.partition("+")[0]
    return f"{name.replace('.', '') if domain == 'gmail.com' else name}@{domain}"


def masked(value: str) -> str:
    """What may be shown of a number or an address: enough to recognise one's own, too little to use it."""
    if "@" in value:
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}•••@{domain}"[:80]
    return f"{value[:2]}•••••{value[-3:]}" if len(value) > 6 else "•••"


def initials(name: str) -> str:
    """Enough to recognise whom one knows: Nguyễn Thị Mẫu An → N. T. M. A."""
    return " ".join(f"{word[0]}." for word in name.split())


def line(text: str) -> str:
    """One line as a person means it: one Unicode form, single spaces, nothing that cannot be seen or stored."""
    plain = unicodedata.normalize("NFC", text.encode(errors="ignore").decode())
    return " ".join(
        "".join(" " if unicodedata.category(letter) in ("Cc", "Cf") else letter for letter in plain).split()
    )


def money(amount: int, language: str = "vi") -> str:
    """As people write it: 1.250.000 đ here, 1,250,000 đ in English."""
    return f"{amount:,}".replace(",", "," if language == "en" else ".") + " đ"


def spaced(phone: str) -> str:
    """In groups, as people read a number aloud: 0912 345 678."""
    return f"{phone[:4]} {phone[4:7]} {phone[7:]}".strip()


def disposition(name: str, *, keep: bool = True) -> str:
    """How a file is called that is kept, or shown: in full (RFC 5987), and without accents for who reads no more."""
    clean = "".join(
        letter if letter.isalnum() or letter in " ._" else "-" for letter in unicodedata.normalize("NFC", name)
    )
    return f"{'attachment' if keep else 'inline'}; filename=\"{fold(clean)}\"; filename*=UTF-8''{quote(clean)}"
