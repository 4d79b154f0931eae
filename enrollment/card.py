"""What the card's QR says: from a photograph, decoded where it can do no harm and not kept; or as a reader at a counter
types it, which a keyboard's input method may have changed on the way."""

import re
import unicodedata
from datetime import date
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from enrollment.identity import CITIZEN_NUMBER, Card, born_per_number, read_card
from portal import isolation, names
from portal.refusals import Refusal

MAX_BYTES = 12_000_000
READER = isolation.Program("portal.pictures")


def read(photo: IO[bytes], size: int) -> Card:
    if size > MAX_BYTES:
        raise Refusal("photo-too-large", _("Ảnh quá lớn. Quý khách hãy chụp lại ở cỡ ảnh thường."), status=413)
    for text in codes_of(photo.read()):
        if card := read_card(text):
            return card
    raise unread(
        "no-card-code",
        _(
            "Chưa đọc được mã QR của thẻ. Quý khách đưa mã QR vào giữa khung, đủ sáng, không lóa, rồi chụp lại; hoặc tự nhập."
        ),
    )


def codes_of(photo: bytes) -> list[str]:
    try:
        facts, _files = READER.ask("codes", photo)
        with isolation.checked():
            texts = [text for text in facts.get("codes", ()) if isinstance(text, str) and len(text) < 4000]
    except isolation.Failed:
        raise unread("photo-not-read", _("Ảnh này chưa đọc được. Quý khách hãy chụp lại, hoặc tự nhập.")) from None
    if facts.get("unreadable"):
        raise unread("not-a-photo", _("Tệp này không phải ảnh đọc được. Quý khách hãy chọn ảnh JPEG hoặc PNG."))
    return texts


def unread(code: str, words: Any) -> Refusal:
    return Refusal(code, words, status=422)


# ── As typed by a reader ──

TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}  # of which a Vietnamese word has one at most
OF_PLACES = re.compile(r"[\w\s.,/()'&:;+-]*")
WHAT_TO_DO = _("Chuyển bộ gõ sang tiếng Anh (E) rồi quét lại, hoặc dán nội dung mã, hoặc quét bằng máy ảnh.")
MANGLED = {
    "fields": _("Không phải mã QR trên thẻ căn cước, hoặc bộ gõ đã đổi mất dấu ngăn giữa các mục."),
    "letters": _("Chữ đọc được không thể là tên hay địa chỉ: bộ gõ tiếng Việt hoặc bảng mã đã đổi chữ."),
    "dates": _("Ngày sinh hoặc ngày cấp đọc được không phải một ngày có thật."),
    "number": _("Số căn cước đọc được không khớp với năm sinh hoặc giới tính: đã mất hoặc đổi chữ số."),
}


def typed(text: str, today: date) -> Card:
    """Of what is certain about every card nothing may be amiss: else something came between the reader and us."""
    if fault := mangled(text, today):
        raise unread("card-mangled", f"{MANGLED[fault]} {WHAT_TO_DO}")
    card = read_card(text)
    assert card
    return card


def mangled(text: str, today: date) -> str:
    """By what it shows, or ""."""
    parts = [unicodedata.normalize("NFC", part).strip() for part in text.split("|")]
    if len(parts) < 7 or not CITIZEN_NUMBER.fullmatch(parts[0]):
        return "fields"
    card = read_card("|".join([*parts[:3], "01012000", parts[4], parts[5], "01012020"]))
    if card is None or not all(map(is_said, card.full_name.split())) or not is_place(card.residence):
        return "letters"
    card = read_card(text)
    if card is None or not card.birth_date < card.issued_on <= today:
        return "dates"
    return "" if born_per_number(card.number) == (card.sex, card.birth_date.year) else "number"


def is_said(word: str) -> bool:
    """Two tones in one word are two keystrokes that an input method took for its own."""
    return sum(sign in TONES for sign in unicodedata.normalize("NFD", word)) <= 1


def is_place(text: str) -> bool:
    strange = [sign for sign in text if sign.isalpha() and sign not in names.LETTERS]
    return bool(OF_PLACES.fullmatch(text)) and not strange and all(map(is_said, text.split()))
