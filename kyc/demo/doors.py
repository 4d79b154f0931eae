"""The desk, to be entered from the demo's own by the people who work there, and by its tour."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.models import Application
from enrollment.parts import Stop
from kyc.models import Case
from kyc.steps.review import queues
from portal.models import User
from portal.parts import Door

# Whose hands a file in this queue waits for: at which of the tour's stops, by which role, for what.
TOUR = {
    Case.Queue.APPRAISAL: (2, "reviewer", gettext_lazy("Thẩm định hồ sơ")),
    Case.Queue.SECOND: (2, "reviewer", gettext_lazy("Cho ý kiến thứ hai")),
    Case.Queue.APPROVAL: (3, "approver", gettext_lazy("Duyệt hồ sơ")),
}


def people(*names: str) -> list[User]:
    everybody = User.objects.filter(is_demo=True, groups__name__in=names)
    return list(everybody.select_related("branch").prefetch_related("groups", "further_branches").order_by("pk"))


def doors() -> list[Door]:
    """Each signs in as somebody of that role and opens the desk."""
    number = Case.objects.exclude(queue=Case.Queue.CLOSED).count()
    return [
        Door(
            who=user.full_name,
            role=user.roles[0],
            at=str(user.branch or ""),
            note=_("Bàn thẩm định: %(number)d hồ sơ đang mở") % {"number": number},
            address=reverse("demo:sign_in", args=[user.pk]) + "?next=" + reverse("admin:kyc_case_changelist"),
            user=user.pk,
        )
        for user in people("reviewer", "approver", "supervisor")
    ]


def stop(application: Application) -> Stop | None:
    """At the desk: in the hands of whoever holds the file, else of the first who may take it."""
    case = Case.objects.filter(application=application).first()
    if case is None or case.queue not in TOUR:
        return None
    place, role, title = TOUR[Case.Queue(case.queue)]
    for user in people(role):
        if case.holder_id == user.pk or queues.in_queue(user).filter(pk=case.pk).exists():
            page = reverse("admin:kyc_case_change", args=[case.pk])
            return Stop(place=place, title=title, page=page, user=user)
    return None
