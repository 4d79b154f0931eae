"""What staff read about signing: numbers and states on an application's page, and what whoever judges the file may open."""

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.models import Application
from enrollment.parts import Sheet
from signing.models import Certificate, Paper
from signing.papers.filling import BOX
from signing.papers.places import Strokes


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


# ── To be opened ──


def sheets(application: Application) -> list[Sheet]:
    """The contract, and the hand that signed it."""
    paper = Paper.of(application, Paper.Kind.CONTRACT)
    file = (paper.file or paper.shown) if paper else None
    if paper is None or file is None:
        return []
    words = [paper.number, str(paper.get_state_display()), moment(paper.agreed_at) if paper.agreed_at else ""]
    opened = [
        Sheet("contract", paper.get_kind_display(), " · ".join(filter(None, words)), "application/pdf", file.read)
    ]
    strokes = (paper.evidence or {}).get("strokes")
    how = _("vẽ tay, %d nét") % len(strokes) if strokes else _("gõ họ tên thay cho vẽ")
    opened.append(Sheet("signature", _("Chữ ký"), how, "image/svg+xml", lambda: drawn(strokes or [])))
    return opened


def drawn(strokes: Strokes) -> bytes:
    """As lines: dark on white, whatever the page's colours."""
    wide, high = BOX
    lines = (
        '<polyline points="{}"/>'.format(" ".join(f"{x * wide:.1f},{y * high:.1f}" for x, y, *_when in stroke))
        for stroke in strokes
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}">'
    pen = '<g fill="none" stroke="#111" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
    return f'{head}<rect width="100%" height="100%" fill="#fff"/>{pen}{"".join(lines)}</g></svg>'.encode()
