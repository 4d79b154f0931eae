"""The trail as its readers read it: values old and new in words and in their language, rows found by person or reference."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.models import Event, User
from portal.parts import Part, TwoHands, parts

FIELDS: dict[str, Any] = {  # of an entry's details, where no matter for two people has a word for it
    "after": gettext_lazy("sau"),
    "agent": gettext_lazy("Nhân viên quầy"),
    "alarm": gettext_lazy("báo động"),
    "amount": gettext_lazy("số tiền"),
    "before": gettext_lazy("trước"),
    "beside": gettext_lazy("đặt cạnh hồ sơ"),
    "blind": gettext_lazy("xem mù"),
    "branch": gettext_lazy("Đơn vị"),
    "by": gettext_lazy("bằng"),
    "change": gettext_lazy("đề nghị"),
    "code": gettext_lazy("mã"),
    "count": gettext_lazy("số lượng"),
    "destroyed": gettext_lazy("đã hủy"),
    "dialect": gettext_lazy("giao thức"),
    "difference": gettext_lazy("chênh lệch"),
    "doubt": gettext_lazy("có nghi ngờ"),
    "email": gettext_lazy("Email"),
    "evidence": gettext_lazy("số của ảnh"),
    "fault": gettext_lazy("chỗ sai"),
    "fields": gettext_lazy("các mục"),
    "file": gettext_lazy("dấu băm hồ sơ"),
    "fingerprint": gettext_lazy("dấu băm chứng thư"),
    "further_branches": gettext_lazy("Cũng làm ở"),
    "full_name": gettext_lazy("Họ tên"),
    "gateway": gettext_lazy("cổng thanh toán"),
    "hash": gettext_lazy("dấu băm"),
    "holder": gettext_lazy("người giữ hồ sơ"),
    "introduction": gettext_lazy("giới thiệu số"),
    "is_active": gettext_lazy("Đang hoạt động"),
    "kept": gettext_lazy("còn giữ"),
    "key": gettext_lazy("khóa ký"),
    "kind": gettext_lazy("loại"),
    "language": gettext_lazy("Ngôn ngữ"),
    "level": gettext_lazy("mức định danh"),
    "masked": gettext_lazy("có che bớt"),
    "matches": gettext_lazy("số hồ sơ khớp"),
    "number": gettext_lazy("số"),
    "origin": gettext_lazy("từ"),
    "passkey": gettext_lazy("bằng sinh trắc học"),
    "phone": gettext_lazy("Số điện thoại"),
    "policy": gettext_lazy("chính sách"),
    "public": gettext_lazy("dấu băm khóa công khai"),
    "purpose": gettext_lazy("mục đích"),
    "reason": gettext_lazy("lý do"),
    "remark": gettext_lazy("ghi chú số"),
    "roles": gettext_lazy("Vai trò"),
    "scenario": gettext_lazy("tình huống"),
    "score": gettext_lazy("điểm"),
    "seen": gettext_lazy("dấu băm điều đã xem"),
    "serial": gettext_lazy("số sê-ri"),
    "since": gettext_lazy("từ ngày"),
    "to": gettext_lazy("giao cho"),
    "topic": gettext_lazy("điều được hỏi"),
    "until": gettext_lazy("đến ngày"),
    "user": gettext_lazy("tài khoản"),
    "values": gettext_lazy("số giá trị"),
    "way": gettext_lazy("cách ký"),
    "why": gettext_lazy("vì sao"),
    "words": gettext_lazy("cụ thể"),
}


def lines(event: Event, words: Mapping[str, Any]) -> Iterator[str]:
    """Of what was changed each field with what stood there and what stands there now; then whatever else is known."""
    details = dict(event.details)
    hands = {kind: hands for part in parts(Part) for kind, hands in part.changes.items()}.get(details.get("kind", ""))
    labels = {**FIELDS, **(hands.fields if hands else {})}
    before, after = details.pop("before", None), details.pop("after", None)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            old, new = (side_in_words(hands, name, side.get(name), words) for side in (before, after))
            yield f"{labels.get(name, name)}: {old} → {new}"
    elif before is not None or after is not None:
        yield f"{in_words(before, words)} → {in_words(after, words)}"
    if hands:
        details["kind"] = str(hands.label)
    for name, value in details.items():
        yield f"{labels.get(name, name)}: {in_words(value, words)}"


def side_in_words(hands: TwoHands | None, name: str, value: Any, words: Mapping[str, Any]) -> str:
    """As whoever confirms such a matter sees it, where that still knows the value."""
    if hands and value is not None:
        with suppress(ValueError, TypeError, LookupError):
            return hands.shown(name, value)
    return in_words(value, words)


def in_words(value: Any, words: Mapping[str, Any]) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return _("có") if value else _("không")
        case list():
            return ", ".join(in_words(part, words) for part in value) or "–"
        case Mapping():
            return "; ".join(f"{FIELDS.get(name, name)}: {in_words(part, words)}" for name, part in value.items())
    text = str(value)
    return str(words.get(text) or FIELDS.get(text, text))


def about(term: str) -> set[str]:
    """What events and messages are about where they are about this: a person, or a reference that some part knows."""
    labels = {term} if ":" in term else set()
    for part in parts(Part):
        labels.update(part.references(term))
    return labels


def concerning(term: str, people: Q) -> Q:
    """Done by, or about, whoever this number, phone or e-mail belongs to; about what bears this reference; of this request."""
    users = list(User.objects.filter(people).values_list("pk", flat=True)[:20])
    labels = about(term) | {f"user:{user}" for user in users}
    concerned = Q(actor__in=users) | Q(about__in=sorted(labels)[:200])
    return concerned | Q(request_id=term) if len(term) == 36 else concerned
