"""What staff read about signing on an application's page: numbers and states, no document."""

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.models import Application
from signing.models import Certificate, Paper


def rows(application: Application) -> list[tuple[str, str]]:
    papers = Paper.objects.filter(application=application).order_by("pk")
    lines = [
        (paper.get_kind_display(), [paper.number, paper.get_state_display(), again(paper, Paper.State.AGREED)])
        for paper in papers
    ]
    certificate = Certificate.objects.filter(application=application).first()
    if certificate:
        state = [certificate.get_state_display(), again(certificate, Certificate.State.ISSUE_WAITING)]
        serial = [_("số sê-ri %s") % certificate.serial.upper()] if certificate.serial else []
        until = [_("đến %s") % moment(certificate.not_after)] if certificate.issued_at else []
        lines.append((_("Chứng thư số"), [*state, *serial, *until]))
    return [(label, " · ".join(filter(None, words))) for label, words in lines]


def again(row: Paper | Certificate, waiting: Any) -> str:
    """Why nothing comes of it yet, where it fell before."""
    if not row.faults or row.state != waiting:
        return ""
    return _("hỏng %(times)d lần, thử lại lúc %(at)s") % {"times": row.faults, "at": moment(row.due_at)}


def moment(when: Any) -> str:
    return date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")
