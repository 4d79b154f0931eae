"""Names of people as they may stand in a certificate: the letters, by list. What only looks like one of them is none.

Asked where a name is typed (a declaration, an account), at the step, and before a certificate is signed."""

import re

from django.utils.translation import gettext as _

from portal import writing

# Each in one piece, as NFC has it; capitals, and the small ones follow.
VIETNAMESE = "AĂÂBCDĐEÊFGHIJKLMNOÔƠPQRSTUƯVWXYZÀÁẢÃẠẰẮẲẴẶẦẤẨẪẬÈÉẺẼẸỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌỒỐỔỖỘỜỚỞỠỢÙÚỦŨỤỪỨỬỮỰỲÝỶỸỴ"
# Further letters that passports carry: ICAO 9303-3, table of Latin letters, less those that look like another here (Ð, ı,
# ĳ, ŀ): these are written as the lines at the passport's foot write them.
OF_PASSPORTS = "ÄÅÆÇËÎÏÑÖØÛÜÞĀĄĆĈĊČĎĒĔĖĘĚĜĞĠĢĤĦĪĬĮĴĶĹĻĽŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŪŬŮŰŲŴŶŸŹŻŽ"
LETTERS = frozenset((VIETNAMESE + OF_PASSPORTS) + (VIETNAMESE + OF_PASSPORTS).lower() + "ß")
SIGNS = " '-."
_LETTER = f"[{''.join(sorted(LETTERS))}]"
_WORD = f"'?{_LETTER}+(?:['.-]{_LETTER}+)*['.]?"  # O'Brien, Jean-Luc, H'Hen, 't, J.R.
NAME = re.compile(f"{_WORD}(?: {_WORD})*")
ONE_SPELLING = str.maketrans({**dict.fromkeys("’‘ʼ′`´", "'"), **dict.fromkeys("‐‑‒–—−", "-")})


def spelled(typed: str) -> str:
    """In one spelling, whichever apostrophe and hyphen the keyboard has."""
    return writing.line(typed).translate(ONE_SPELLING)


def is_name(text: str) -> bool:
    return NAME.fullmatch(text) is not None


def fault(text: str) -> str:
    """What is wrong with it and what to do, or "". Signs are told by number too: some cannot be seen."""
    if is_name(text):
        return ""
    strange = dict.fromkeys(sign for sign in text if sign not in LETTERS and sign not in SIGNS)
    if not strange:
        return _("Họ tên chỉ gồm chữ cái và khoảng trắng, đúng như trên giấy tờ.")
    shown = [f"“{sign}” (U+{ord(sign):04X})" if sign.isprintable() else f"U+{ord(sign):04X}" for sign in strange]
    return _(
        "Họ tên có ký tự không dùng được: %(signs)s. Quý khách xóa và gõ lại bằng bàn phím tiếng Việt, đúng như trên giấy tờ; "
        "chữ nước ngoài thì viết như ở hai dòng cuối trang hộ chiếu, ví dụ GUDRUN."
    ) % {"signs": ", ".join(shown[:5])}


def is_written(text: str) -> bool:
    """For places and the like, which may be numbered: "Phường 1"."""
    return bool(text) and all(sign in LETTERS or sign in SIGNS or sign in "0123456789" for sign in text)


def brief(name: str) -> str:
    """As much of it as a slip of paper needs: initials, and the name by which a Vietnamese is called, which comes last."""
    *others, called = name.split() or [""]
    return " ".join([*(f"{word[0]}." for word in others), called])
