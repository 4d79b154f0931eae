"""The counter, to be entered from the demo's desk by the people who work there."""

from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment.counter.listing import OPEN
from enrollment.counter.steps import rehearsing
from enrollment.models import Application
from portal.demo.people import NEWCOMER
from portal.models import User
from portal.parts import Door


def doors() -> list[Door]:
    """Each signs in and comes to the counter's list."""
    people = User.objects.filter(is_demo=True, groups__name__in=("agent", "lead")).order_by("pk")
    return [door(user) for user in people.select_related("branch").prefetch_related("groups", "further_branches")]


def door(user: User) -> Door:
    number = Application.objects.filter(OPEN, branch__in=user.branch_ids).count()
    return Door(
        who=user.full_name,
        role=user.roles[0],
        at=", ".join(branch.name for branch in (user.branch, *user.further_branches.all()) if branch),
        note=_("Chưa diễn tập: quầy chưa mở")
        if user.phone == NEWCOMER and not rehearsing.is_enabled(user)
        else _("Quầy: %(number)d hồ sơ đang mở") % {"number": number},
        address=reverse("demo:sign_in", args=[user.pk]) + "?next=" + reverse("counter:list"),
        user=user.pk,
    )
