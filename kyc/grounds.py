"""On what grounds a check says what it says: its facts in words, as staff read them beside the outcome."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import corrections
from kyc.models import Check, Evidence
from kyc.reading import comparing

PASS, UNSURE, FAIL, SKIPPED = Check.Outcome.PASS, Check.Outcome.UNSURE, Check.Outcome.FAIL, Check.Outcome.NOT_PERFORMED
FAULTS: dict[str, Any] = {
    **{fault: corrections.REASONS[fault][1] for fault in ("blurred", "dark", "glare")},
    "small": gettext_lazy("Ảnh quá nhỏ"),
    "far": gettext_lazy("Giấy tờ quá nhỏ trong ảnh"),
    "front-shown": gettext_lazy("Có vẻ là mặt trước"),
    "back-shown": gettext_lazy("Có vẻ là mặt sau"),
}
UNUSUAL: dict[str, Any] = {
    "province-code": gettext_lazy("Ba số đầu không phải mã tỉnh quen thuộc"),
    "age": gettext_lazy("Trên 100 tuổi"),
    "minor": gettext_lazy("Chưa đủ 18 tuổi"),
}
AWAY: dict[str, Any] = {
    "no-service": gettext_lazy("Chưa nối dịch vụ eKYC"),
    "no-picture": gettext_lazy("Thiếu ảnh để hỏi dịch vụ eKYC"),
    "resting": gettext_lazy("Dịch vụ eKYC không trả lời"),
    "down": gettext_lazy("Dịch vụ eKYC không trả lời"),
}
SOURCES: dict[str, Any] = {"vneid": gettext_lazy("Không hỏi lại: VNeID đã xác nhận")}
FIELDS: dict[str, Any] = {
    **comparing.FIELDS,
    "issued_by": gettext_lazy("Nơi cấp"),
    "document": gettext_lazy("Loại giấy tờ"),
    "nationality": gettext_lazy("Quốc tịch"),
}
Words = Iterator[str]


def of(check: Check) -> str:
    """One line; empty where a pass needs no more words."""
    if not check.is_ours:
        return _("Kết quả này không do hệ thống ghi; hãy báo người vận hành")
    facts = check.facts or {}
    if check.outcome == SKIPPED and facts.get("source") in SOURCES:
        return str(SOURCES[facts["source"]])
    return " · ".join(TABLE[check.name](check, facts))


def said(outcome: Check.Outcome, words: Any) -> Callable[[Check, dict[str, Any]], Words]:
    """For a check that knows one reason alone."""

    def tell(check: Check, facts: dict[str, Any]) -> Words:
        if check.outcome == outcome:
            yield str(words)

    return tell


def quality(check: Check, facts: dict[str, Any]) -> Words:
    for side, fault in facts.get("faults", {}).items():
        yield f"{Evidence.Kind(side).label}: {str(FAULTS.get(fault, fault)).lower()}"
    for side in facts.get("gallery", []):
        yield f"{Evidence.Kind(side).label}: " + _("lấy từ thư viện ảnh, không chụp trực tiếp")


def same_card(check: Check, facts: dict[str, Any]) -> Words:
    if check.outcome == FAIL:
        yield _("Hai mặt nói khác nhau: mã QR là số …%(code)s, MRZ là số …%(machine)s") % facts
    elif check.outcome == UNSURE:
        yield _("Không đọc được cả mã QR lẫn MRZ nên không so được hai mặt")


def declared(check: Check, facts: dict[str, Any]) -> Words:
    if facts.get("unsaid"):
        yield _("Không còn đúng lời VNeID về người này; hãy báo người vận hành")
    sources: dict[str, list[str]] = {}
    for difference in facts.get("differing", []):
        field, _colon, source = difference.partition(":")
        sources.setdefault(field, []).append(str(comparing.SOURCES[source]))
    for field, names in sources.items():
        yield _("%(field)s khác %(sources)s") % {"field": FIELDS[field], "sources": ", ".join(names)}
    if check.outcome == UNSURE and not sources:
        yield _("Chưa có mã QR hay MRZ xác nhận đúng từng chữ số giấy tờ, họ tên và ngày sinh")
    if check.outcome == SKIPPED:
        yield _("Không đọc được gì trên giấy tờ để so")


def validity(check: Check, facts: dict[str, Any]) -> Words:
    ends = comparing.as_day(facts.get("ends", ""))
    day = {"day": date_format(ends, "d/m/Y") if ends else ""}
    if check.outcome == FAIL:
        yield _("Hết hạn ngày %(day)s") % day
    elif check.outcome == UNSURE and ends is None:
        yield _("Không đọc được hạn của giấy tờ")
    elif check.outcome == UNSURE and facts.get("odd"):
        yield _("Hạn in trên thẻ, %(day)s, không theo tuổi của chủ thẻ") % day
    elif check.outcome == UNSURE and ends and ends < timezone.localdate(check.at) + timedelta(days=30):
        yield _("Sắp hết hạn: %(day)s") % day
    elif check.outcome == UNSURE:
        yield _("Hạn %(day)s tính theo khai báo, không đọc được từ giấy tờ") % day


def number(check: Check, facts: dict[str, Any]) -> Words:
    if check.outcome == FAIL:
        yield _("Số không đúng cấu trúc, giới tính hay năm sinh")
    for name in facts.get("unusual", []):
        yield str(UNUSUAL[name])


def cues(check: Check, facts: dict[str, Any]) -> Words:
    if check.outcome == FAIL:
        ratio = facts.get("ratio") or 0
        yield (
            _("Khi lại gần, khuôn mặt lớn gấp %(times)s lần; phải từ 1,25 đến 4") % {"times": number_format(ratio, 2)}
            if ratio
            else _("Có lúc không thấy khuôn mặt ở chỗ được hướng dẫn")
        )


def reuse(check: Check, facts: dict[str, Any]) -> Words:
    used = {kind: references for kind, references in facts.get("used", {}).items() if references}
    for kind, references in used.items():
        yield f"{Evidence.Kind(kind).label}: {', '.join(references)}"
    if check.outcome == UNSURE and not used:
        yield _("Chưa so được với ảnh của mọi hồ sơ khác")


def asked(no: Any) -> Callable[[Check, dict[str, Any]], Words]:
    """Of the eKYC service."""

    def tell(check: Check, facts: dict[str, Any]) -> Words:
        if check.outcome == SKIPPED:
            yield str(AWAY.get(facts.get("why", ""), _("Không hỏi dịch vụ eKYC")))
        elif check.outcome == FAIL:
            yield str(no)
        elif check.outcome == UNSURE:
            yield _("Dịch vụ eKYC trả lời không chắc")
        if facts.get("prob") is not None:
            yield _("giống %(share)s %%") % {"share": number_format(facts["prob"], 1)}

    return tell


def vneid_face(check: Check, facts: dict[str, Any]) -> Words:
    if check.outcome == SKIPPED:
        yield _("VNeID không so khuôn mặt ở lần này")
        return
    if check.outcome == FAIL:
        yield _("VNeID báo khuôn mặt không khớp ảnh trong chip")
    if facts.get("score") is not None:
        yield _("điểm %(score)s") % {"score": number_format(facts["score"], 2)}
    if facts.get("at"):
        yield date_format(timezone.localtime(datetime.fromisoformat(facts["at"])), "H:i d/m/Y")


TABLE: dict[str, Callable[[Check, dict[str, Any]], Words]] = {
    "quality": quality,
    "qr": said(UNSURE, gettext_lazy("Không đọc được mã QR trong ảnh nào")),
    "mrz": said(UNSURE, gettext_lazy("Không đọc được MRZ trong ảnh nào")),
    "ocr": said(UNSURE, gettext_lazy("Không đọc được chữ nào in trên giấy tờ")),
    "same-card": same_card,
    "declared": declared,
    "validity": validity,
    "issuer": said(UNSURE, gettext_lazy("Nơi cấp không hợp với ngày cấp (Bộ Công an cấp từ 01/07/2024)")),
    "number": number,
    "card-face": said(UNSURE, gettext_lazy("Không thấy chân dung trên mặt trước")),
    "still-faces": said(FAIL, gettext_lazy("Không thấy khuôn mặt trong cả hai ảnh xa và gần")),
    "cues": cues,
    "alive": said(UNSURE, gettext_lazy("Chuyển động phẳng như một tờ giấy hay màn hình")),
    "reuse": reuse,
    "card-genuine": asked(gettext_lazy("Dịch vụ eKYC cho rằng không phải giấy tờ gốc")),
    "liveness": asked(gettext_lazy("Dịch vụ eKYC cho rằng không phải người thật trước máy")),
    "match": asked(gettext_lazy("Dịch vụ eKYC cho rằng không cùng một người")),
    "vneid-face": vneid_face,
}
