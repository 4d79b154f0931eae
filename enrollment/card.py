"""From a photograph to what the card's QR says. It is decoded where it can do no harm; nothing of it is kept."""

from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from enrollment.identity import Card, read_card
from portal import isolation
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
