"""What may be asked for again, why, and how that is said to the customer. The step at which each is done again is in
journey.ITEMS; what a reason allows to be sent back is here."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Any] = {
    "name": _("Họ tên"),
    "birth-date": _("Ngày sinh, giới tính"),
    "document-dates": _("Ngày cấp, nơi cấp, ngày hết hạn"),
    "address": _("Địa chỉ liên hệ"),
    "card-front": _("Ảnh mặt trước giấy tờ"),
    "card-back": _("Ảnh mặt sau giấy tờ"),
    "face": _("Xác thực khuôn mặt"),
    "contract": _("Hợp đồng điện tử"),
}
# The number is not among them: it is the account's name, so a wrong one means another application.
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("full_name",),
    "birth-date": ("birth_date", "sex"),
    "document-dates": ("issued_on", "issued_by", "expires_on"),
    "address": ("province", "ward", "address"),
}
_DECLARED = tuple(FIELDS)
_CARD = ("card-front", "card-back")
# code: the items it may concern, how staff read it, and what the customer is told to do.
REASONS: dict[str, tuple[tuple[str, ...], Any, Any]] = {
    "differs": (
        _DECLARED,
        _("Khác giấy tờ"),
        _("Thông tin đã khai khác với giấy tờ. Quý khách vui lòng sửa cho đúng như in trên giấy tờ."),
    ),
    "incomplete": (
        _DECLARED,
        _("Thiếu hoặc chưa rõ"),
        _("Thông tin còn thiếu hoặc chưa rõ. Quý khách vui lòng ghi đầy đủ, không viết tắt."),
    ),
    "blurred": (_CARD, _("Mờ, không đọc được"), _("Ảnh bị mờ. Quý khách giữ chắc tay, chờ khung báo rõ rồi chụp lại.")),
    "dark": (
        (*_CARD, "face"),
        _("Quá tối"),
        _("Ảnh quá tối. Quý khách chụp lại ở nơi đủ sáng, nguồn sáng ở phía trước."),
    ),
    "glare": (
        _CARD,
        _("Lóa"),
        _("Ảnh bị lóa, che mất chữ. Quý khách nghiêng nhẹ giấy tờ hoặc tránh đèn rồi chụp lại."),
    ),
    "cut": (
        _CARD,
        _("Thiếu góc, bị che"),
        _("Ảnh chưa thấy đủ bốn góc giấy tờ. Quý khách đặt giấy tờ trọn trong khung."),
    ),
    "copy": (
        _CARD,
        _("Chụp bản sao hoặc màn hình"),
        _("Cần ảnh chụp trực tiếp giấy tờ gốc, không phải bản sao hay màn hình. Quý khách vui lòng chụp lại."),
    ),
    "other-side": (
        _CARD,
        _("Nhầm mặt"),
        _("Ảnh chụp nhầm mặt. Quý khách vui lòng chụp đúng mặt giấy tờ được yêu cầu."),
    ),
    "other-card": (
        _CARD,
        _("Hai mặt khác thẻ"),
        _("Mặt trước và mặt sau không phải của cùng một thẻ. Quý khách vui lòng chụp cả hai mặt của thẻ đang dùng."),
    ),
    "expired": (
        ("card-front", "card-back", "document-dates"),
        _("Giấy tờ hết hạn"),
        _("Giấy tờ đã hết hạn. Quý khách vui lòng dùng giấy tờ còn hạn."),
    ),
    "covered": (
        ("face",),
        _("Mặt bị che"),
        _("Khuôn mặt bị che. Quý khách bỏ khẩu trang, kính râm, mũ rồi làm lại bước khuôn mặt."),
    ),
    "not-alone": (
        ("face",),
        _("Có người khác"),
        _("Trong hình có người khác. Quý khách vui lòng làm lại, chỉ một mình."),
    ),
    "not-followed": (
        ("face",),
        _("Không theo hướng dẫn"),
        _(
            "Đoạn ghi chưa theo đúng hướng dẫn xa – gần. Quý khách làm lại, đưa khuôn mặt vừa khung; có thể chọn chế độ chậm."
        ),
    ),
    "unlike": (
        ("face",),
        _("Chưa so được với ảnh trên thẻ"),
        _("Chưa đủ rõ để so khuôn mặt với ảnh trên giấy tờ. Quý khách làm lại ở nơi sáng, nhìn thẳng."),
    ),
    "contract-wrong": (
        ("contract",),
        _("Hợp đồng ký chưa đạt"),
        _("Hợp đồng chưa được ký đúng. Quý khách vui lòng đọc và ký lại."),
    ),
}


def fits(item: str, reason: str) -> bool:
    return reason in REASONS and item in REASONS[reason][0]


def reasons_for(item: str) -> list[tuple[str, Any]]:
    """What staff choose from."""
    return [(code, name) for code, (items, name, _said) in REASONS.items() if item in items]


def named(items: Mapping[str, str]) -> list[str]:
    """For staff."""
    return [f"{NAMES[item]}: {REASONS[reason][1]}" for item, reason in items.items()]


def instructions(items: Mapping[str, str]) -> list[tuple[Any, Any]]:
    """For the customer: what, and what to do about it."""
    return [(NAMES[item], REASONS[reason][2]) for item, reason in items.items()]


def unchanged(items: Mapping[str, str], before: Any, now: Any) -> list[Any]:
    """Of what was to be corrected in the declaration, what was sent again as it was."""
    return [
        NAMES[item]
        for item in items
        if item in FIELDS and all(getattr(before, field) == getattr(now, field) for field in FIELDS[item])
    ]
