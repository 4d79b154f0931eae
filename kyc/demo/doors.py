"""The desk, to be entered from the demo's own by the people who work there."""

from django.urls import reverse
from django.utils.translation import gettext as _

from kyc.models import Case
from portal.models import User
from portal.parts import Door


def doors() -> list[Door]:
    """Each signs in as somebody of that role and opens the desk."""
    number = Case.objects.exclude(queue=Case.Queue.CLOSED).count()
    people = User.objects.filter(is_demo=True, groups__name__in=("reviewer", "approver", "supervisor")).order_by("pk")
    return [
        Door(
            str(_("Bàn thẩm định")),
            _("%(name)s · %(number)d hồ sơ đang mở") % {"name": user.full_name, "number": number},
            reverse("demo:sign_in", args=[user.pk]) + "?next=" + reverse("admin:kyc_case_changelist"),
        )
        for user in people
    ]
