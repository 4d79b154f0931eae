"""What waits for somebody of staff: each app's rows by that person's rights; the operator's are what the gauges say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import changes, looks
from portal.audit import verification
from portal.models import Change, Event, User
from portal.parts import LATE, MOST, SOON, TONES, WELL, Part, Waiting, Watch, parts, up_to

OPERATES = "portal.view_failure"  # whoever has this right sees how the machines are
READS_TRAIL = {"auditor", "operator"}  # who sees to it that it is whole
WATCHES: dict[str, Watch] = {
    "portal_messages": Watch(
        title=_("Tin nhắn đã ngừng thử"),
        labels={"status": "dead"},
        sentence=_("Xem lỗi của từng tin; sửa xong nguyên nhân thì chọn tin và gửi lại."),
        page="admin:portal_message_changelist",
        query="?status__exact=dead",
    ),
    "portal_message_overdue_seconds": Watch(
        title=_("Tin nhắn gửi chậm"),
        above=60,
        seconds=True,
        sentence=_("Xem tiến trình nền còn chạy không, rồi xem đường tới nhà cung cấp SMS và máy chủ email."),
        page="admin:portal_message_changelist",
        query="?status__exact=due",
    ),
    "portal_audit_unsealed": Watch(
        title=_("Sự kiện chưa niêm phong"),
        above=2000,
        sentence=_("Không ai đang niêm phong nhật ký: xem tiến trình nền và nơi giữ mốc neo."),
        section="verifying-the-audit-trail",
    ),
    "portal_worker_silent_seconds": Watch(
        title=_("Tiến trình nền im lặng"),
        above=60,
        seconds=True,
        sentence=_("Khởi động lại tiến trình nền; nếu vẫn im lặng thì xem Redis và tiến trình lịch."),
        section="the-processes",
    ),
    "portal_jobs_failing": Watch(
        title=_("Việc nền bị lỗi"),
        sentence=_("Mỗi dòng nêu việc nào, lỗi gì; các việc khác vẫn chạy, dòng tự mất khi làm được."),
        page="admin:portal_failure_changelist",
    ),
    "portal_people_looking_much": Watch(
        title=_("Người xem dữ liệu nhiều bất thường"),
        sentence=_("Xem trong nhật ký ai đã xem gì, vì sao, rồi báo người giám sát của họ."),
        page="admin:portal_event_changelist",
        query="?verb=many+looks+in+an+hour",
    ),
}


def waiting_for(user: User) -> list[Waiting]:
    """What is late before what soon will be, and last what is well."""
    rows = [row for part in parts(Part) for row in part.waits(user)]
    return sorted(rows, key=lambda row: TONES.index(row.haste))


def waits(user: User) -> Iterator[Waiting]:
    """The ground floor's own."""
    if user.has_perm("portal.confirm_user"):
        yield Waiting(
            title=_("Chờ bạn xác nhận"),
            number=len(decidable(user)),
            address=f"{reverse('admin:portal_change_changelist')}?decision=waits",
            tone=SOON,
            sentence=_("Việc về quyền hoặc tiền do người khác đề nghị: hỏi lại họ bằng kênh khác, rồi xác nhận."),
        )
    if READS_TRAIL & set(user.roles):
        yield seals()
    if user.has_perm("portal.view_event"):
        yield from entries()
    if user.has_perm(OPERATES):
        yield from health()


def decidable(user: User) -> list[Change]:
    """What others proposed and this person may confirm."""
    rows = Change.objects.filter(decision="", expires_at__gt=timezone.now()).exclude(proposed_by=user)
    return [change for change in rows.order_by("-proposed_at")[: MOST + 1] if changes.may_decide(change, user)]


def seals() -> Waiting:
    """Whether the trail was whole when it was last verified, and when that was."""
    last = verification.last_check()
    is_old = last is None or (timezone.now() - last.at).days >= 2
    is_broken = last is not None and not verification.was_whole(last)
    return Waiting(
        title=_("Niêm phong của nhật ký"),
        words=ago(last.at) if last else _("chưa kiểm tra"),
        address=f"{reverse('admin:portal_event_changelist')}?verb=trail+verified",
        tone=LATE if is_broken else SOON if is_old else WELL,
        sentence=_("Lần kiểm tra gần nhất thấy chỗ sai: mở ra để xem, và báo bộ phận an ninh ngay.")
        if is_broken
        else _("Mỗi ngày được đối chiếu với mốc neo bên ngoài; lâu không kiểm tra thì xem tiến trình nền."),
        section="verifying-the-audit-trail",
    )


def entries() -> Iterator[Waiting]:
    """What of the trail its readers ask for first."""
    for verb, title in (
        (looks.OPENED, _("Mở dữ liệu không do mình giữ, 7 ngày qua")),
        ("trail exported", _("Xuất nhật ký, 7 ngày qua")),
    ):
        yield Waiting(
            title=title,
            number=up_to(Event.objects.filter(verb=verb, at__gt=timezone.now() - timedelta(days=7))),
            address=f"{reverse('admin:portal_event_changelist')}?{urlencode({'verb': verb})}",
        )


def health() -> Iterator[Waiting]:
    for part in parts(Part):
        for family in part.gauges():
            if watch := part.watches.get(family.name):
                samples = [sample for sample in family.samples if watch.labels.items() <= sample.labels.items()]
                yield judged(watch, sum(sample.value for sample in samples))


def judged(watch: Watch, value: float) -> Waiting:
    return Waiting(
        title=watch.title,
        number=int(value),
        words=(span(value) if value >= 0 else _("chưa có")) if watch.seconds else "",
        address=f"{reverse(watch.page)}{watch.query}" if watch.page else "",
        tone=watch.tone if watch.is_wrong(value) else WELL,
        sentence=watch.sentence,
        section=watch.section,
    )


def span(seconds: float) -> str:
    """How long, as people say it; Django's own words for it are not in Vietnamese."""
    minutes = int(seconds // 60)
    hours = minutes // 60
    if hours >= 48:
        return ngettext("%(n)d ngày", "%(n)d ngày", hours // 24) % {"n": hours // 24}
    if hours:
        return ngettext("%(n)d giờ", "%(n)d giờ", hours) % {"n": hours}
    return ngettext("%(n)d phút", "%(n)d phút", minutes) % {"n": minutes}


def ago(moment: Any) -> str:
    return str(_("%(span)s trước") % {"span": span((timezone.now() - moment).total_seconds())})
