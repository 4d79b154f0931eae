"""Cash and rehearsals that wait for an agent, or for the head of a counter."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment.counter.rights import LEAD, SERVE
from enrollment.counter.steps import rehearsing
from enrollment.orders.models import Drawer
from enrollment.orders.steps import cash
from enrollment.orders.steps import drawer as drawers
from portal.models import Branch, User
from portal.parts import LATE, SOON, Waiting, up_to


def waits(user: User) -> Iterator[Waiting]:
    if user.has_perm(SERVE):
        yield from rehearsals(user)
    if user.has_perm(LEAD):
        yield Waiting(
            title=_("Nhân viên cần diễn tập"),
            number=sum(row.is_due for row in rehearsing.trained(Branch.objects.filter(pk__in=user.branch_ids))),
            address=reverse("counter:training"),
            tone=SOON,
            sentence=_("Quầy chưa mở, đã đóng hoặc sắp đóng với họ: nhắc họ đạt ba bài."),
        )
    yield from cash_of(user)


def rehearsals(user: User) -> Iterator[Waiting]:
    """Thirty days before the year is over, seven days before, and when it is."""
    until = rehearsing.enabled_until(user)
    reminder = rehearsing.reminder(until)
    if reminder or not rehearsing.is_open(until):
        yield Waiting(
            title=_("Diễn tập tại quầy"),
            words=f"{until:%d/%m/%Y}" if until else _("chưa mở"),
            address=reverse("counter:rehearsal"),
            tone=SOON if reminder and not reminder[1] else LATE,
            sentence=_("Đạt lại ba bài trước ngày này để quầy không đóng.")
            if reminder
            else _("Quầy chỉ mở cho bạn sau khi đạt ba bài diễn tập."),
        )


def cash_of(user: User) -> Iterator[Waiting]:
    if user.has_perm(drawers.TAKE) and (mine := drawers.still_open(user)) and drawers.is_forgotten(mine):
        yield Waiting(
            title=_("Quỹ tiền mặt chưa chốt"),
            words=f"{mine.day:%d/%m}",
            address=reverse("counter:drawer"),
            tone=LATE,
            sentence=_("Kiểm đếm và chốt ngày đó trước khi mở quỹ mới."),
        )
    if user.has_perm(drawers.CONFIRM):
        yield Waiting(
            title=_("Ngày chờ bạn chốt"),
            number=up_to(drawers.seen_by(user).filter(status=Drawer.Status.CLOSED).exclude(agent=user)),
            address=reverse("counter:drawers"),
            tone=SOON,
            sentence=_("Xem kiểm đếm, chênh lệch và giải trình, rồi xác nhận bằng mã xác thực."),
        )
        yield Waiting(
            title=_("Khoản chờ chi tiền mặt"),
            number=sum(drawers.leads(user, asked.drawer.branch_id) for asked in cash.asked()),
            address=reverse("counter:drawers"),
            tone=SOON,
            sentence=_("Khách đang đứng tại quầy: đến xem, rồi cho chi hoặc từ chối."),
        )
