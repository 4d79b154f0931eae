"""An amount in Vietnamese words, as invoices state it."""

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
GROUPS = ("", "nghìn", "triệu", "tỷ")


def dong(amount: int) -> str:
    """Up to a thousand thousand million: 221015 is "Hai trăm hai mươi mốt nghìn không trăm mười lăm đồng"."""
    if not 0 <= amount < 10**12:
        raise ValueError(amount)
    thousands = [amount // 1000**place % 1000 for place in range(len(GROUPS))]
    highest = max((place for place, group in enumerate(thousands) if group), default=0)
    words = [
        f"{_below_thousand(group, is_first=place == highest)} {GROUPS[place]}"
        for place, group in reversed(list(enumerate(thousands)))
        if group or amount == place == 0
    ]
    text = " ".join(f"{' '.join(words)} đồng".split())
    return text[0].upper() + text[1:]


def _below_thousand(group: int, *, is_first: bool) -> str:
    hundreds, tens, units = group // 100, group // 10 % 10, group % 10
    if is_first and not hundreds:
        return _below_hundred(tens, units, after="")
    rest = _below_hundred(tens, units, after="linh ") if tens or units else ""
    return f"{DIGITS[hundreds]} trăm {rest}".strip()


def _below_hundred(tens: int, units: int, *, after: str) -> str:
    if not tens:
        return f"{after}{DIGITS[units]}"
    first = "mười" if tens == 1 else f"{DIGITS[tens]} mươi"
    last = {0: "", 1: "một" if tens == 1 else "mốt", 5: "lăm"}.get(units, DIGITS[units])
    return f"{first} {last}".strip()
