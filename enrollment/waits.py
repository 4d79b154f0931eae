"""What a counter has: the applications of its own branch, by what their customers have to do next."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment import journey
from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from portal.parts import Waiting, up_to

STEPS = (Step.PAYMENT, Step.ACTIVATION, Step.CAPTURE, Step.CONTRACT, Step.PIN, Step.ACCEPTANCE)


def waits(user: User) -> Iterator[Waiting]:
    if "agent" not in user.roles or user.branch_id is None:
        return
    rows, page = Application.objects.filter(branch=user.branch_id), reverse("admin:enrollment_application_changelist")
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
