"""What a counter has: the applications of its own branch, by what their customers have to do next."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment import journey, nine
from enrollment.journey import Channel, Step
from enrollment.models import Application
from portal.models import User
from portal.parts import CALM, SOON, Waiting, Watch, up_to

WATCHES = {
    "portal_vneid_reports_dead": Watch(
        title=_("VNeID chưa nghe được tin báo"),
        tone=SOON,
        sentence=_("Xem lỗi của từng tin; đường tới VNeID thông rồi thì chọn tin và báo lại."),
        page="admin:enrollment_report_changelist",
        query="?status__exact=dead",
        section="vneid",
    ),
    "portal_vneid_report_age_seconds": Watch(
        title=_("Tin báo VNeID chờ lâu"),
        above=1800,
        seconds=True,
        sentence=_(
            "VNeID không trả lời: khách vẫn đăng ký được bằng cách khác. Xem đường tới VNeID và tiến trình nền."
        ),
        page="admin:enrollment_report_changelist",
        query="?status__exact=due",
        section="vneid",
    ),
}
STEPS = (Step.PAYMENT, Step.ACTIVATION, Step.CAPTURE, Step.CONTRACT, Step.PIN, Step.ACCEPTANCE)


def of_customer(user: User) -> Iterator[Waiting]:
    """The one that is open, and whose turn it is."""
    if application := Application.objects.filter(user=user).exclude(step__in=journey.ENDS).order_by("-pk").first():
        channel, step, reached = Channel(application.channel), Step(application.step), Step(application.reached)
        way = nine.way(channel, step, reached, application.redo)
        is_mine = application.turn.actor == journey.Actor.CUSTOMER
        yield Waiting(
            title=_("Hồ sơ %(reference)s") % {"reference": application.reference},
            words=f"{way.number}/{len(nine.NINE)}",
            address=reverse(application.turn.page),
            tone=SOON if is_mine else CALM,
            sentence=_("Đến lượt Quý khách: %(step)s") % {"step": application.get_step_display()}
            if is_mine
            else application.get_step_display(),
        )


def waits(user: User) -> Iterator[Waiting]:
    if not user.is_staff:
        yield from of_customer(user)
    if not ({"agent", "lead"} & set(user.roles) and user.branch_ids):
        return
    rows, page = (
        Application.objects.filter(branch__in=user.branch_ids),
        reverse("admin:enrollment_application_changelist"),
    )
    yield Waiting(
        title=_("Hồ sơ đang mở của đơn vị"),
        number=up_to(rows.exclude(step__in=journey.ENDS)),
        address=page,
        sentence=_("Khách đến quầy: tìm bằng mã hồ sơ, số giấy tờ, số điện thoại hoặc email."),
    )
    for step in STEPS:
        if number := up_to(rows.filter(step=step)):
            title = _("Khách đang ở bước “%(step)s”") % {"step": step.label}
            yield Waiting(title=title, number=number, address=f"{page}?step__exact={step}")
