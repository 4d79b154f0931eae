"""By what the queue is sifted: each filter stands in the address, several at once, and a person keeps some by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.journey import Channel
from enrollment.orders.models import Plan
from kyc.models import Case, Mark, SavedFilter
from kyc.steps import flags
from portal import writing
from portal.models import Branch, User
from portal.refusals import Refusal

MOST = 12  # that one person keeps
Choices = list[tuple[str, Any]]
FLAGS: dict[str, Any] = {
    "fail": _("Có kiểm tra không đạt"),
    "gallery": _("Ảnh từ thư viện"),
    **{kind: Mark.KINDS[kind] for kind in flags.COMMON},
}
AGES: dict[str, tuple[Any, timedelta]] = {
    "1h": (_("Trên 1 giờ"), timedelta(hours=1)),
    "4h": (_("Trên 4 giờ"), timedelta(hours=4)),
    "1d": (_("Trên 1 ngày"), timedelta(days=1)),
}
ONLINE = "online"


@dataclass(frozen=True)
class Filter:
    label: Any
    choices: Callable[[], Choices]
    rows: Callable[[str], Q]


def branches() -> Choices:
    return [(ONLINE, _("Trực tuyến")), *((str(pk), name) for pk, name in Branch.objects.values_list("pk", "name"))]


def flagged(name: str) -> Q:
    return {"any": ~Q(flags=""), "none": Q(flags="")}.get(name, Q(flags__contains=name))


FILTERS: dict[str, Filter] = {
    "plan": Filter(
        _("Gói cước"),
        lambda: [(str(plan.pk), str(plan)) for plan in Plan.objects.all()],
        lambda plan: Q(plan=int(plan)),
    ),
    "channel": Filter(_("Kênh"), lambda: list(Channel.choices), lambda channel: Q(channel=channel)),
    "branch": Filter(
        _("Đơn vị"), branches, lambda branch: Q(branch=None) if branch == ONLINE else Q(branch=int(branch))
    ),
    "flag": Filter(
        _("Dấu hiệu"), lambda: [("any", _("Có dấu hiệu")), ("none", _("Không có dấu hiệu")), *FLAGS.items()], flagged
    ),
    "age": Filter(
        _("Đã chờ"),
        lambda: [(age, label) for age, (label, _span) in AGES.items()],
        lambda age: Q(received_at__lt=timezone.now() - AGES[age][1]),
    ),
    "language": Filter(_("Ngôn ngữ"), lambda: [("vi", "Tiếng Việt"), ("en", "English")], lambda code: Q(language=code)),
    "asking": Filter(_("Hỏi đáp"), lambda: list(Case.Asking.choices), lambda asking: Q(asking=asking)),
}


def chosen(query: Mapping[str, str], offered: Mapping[str, Choices]) -> dict[str, str]:
    """What of an address is a filter and one of its choices; anything else is nobody's wish."""
    return {
        name: query[name]
        for name, choices in offered.items()
        if query.get(name, "") in {code for code, _label in choices}
    }


def rows(choice: Mapping[str, str]) -> Q:
    sifted = Q()
    for name, value in choice.items():
        sifted &= FILTERS[name].rows(value)
    return sifted


def page(user: User, query: Mapping[str, str]) -> dict[str, Any]:
    """The boxes with what is chosen in each, and what this person has kept."""
    offered = {name: offer.choices() for name, offer in FILTERS.items()}
    choice = chosen(query, offered)
    saved = list(SavedFilter.objects.filter(by=user).order_by("name"))
    address = urlencode(choice)
    return {
        "choice": choice,
        "sifted": address,
        "filters": [(name, FILTERS[name].label, offered[name], choice.get(name, "")) for name in FILTERS],
        "saved": saved,
        "is_saved": any(kept.query == address for kept in saved),
    }


# ── Kept by name ──


def save(user: User, name: str, query: Mapping[str, str]) -> SavedFilter:
    """The same name again is the same filter, changed."""
    name = writing.line(name)[:40]
    choice = chosen(query, {name: offer.choices() for name, offer in FILTERS.items()})
    if not name or not choice:
        raise Refusal("incomplete", _("Chọn ít nhất một bộ lọc và đặt tên trước khi lưu."), status=422)
    others = SavedFilter.objects.filter(by=user).exclude(name=name)
    if others.count() >= MOST:
        raise Refusal("too-many", _("Mỗi người lưu được 12 bộ lọc. Hãy bỏ bớt một bộ lọc."), status=409)
    kept, _new = SavedFilter.objects.update_or_create(by=user, name=name, defaults={"query": urlencode(choice)})
    return kept


def remove(user: User, pk: int) -> None:
    SavedFilter.objects.filter(by=user, pk=pk).delete()
