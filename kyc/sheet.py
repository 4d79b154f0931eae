"""What staff read about the review on an application's page, and who said who it is."""

from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.models import Application, Introduction
from kyc.models import Case, Check
from kyc.steps import introduced


def rows(application: Application) -> list[tuple[str, str]]:
    case = Case.objects.filter(application=application).first()
    review = [(_("Thẩm định"), case.get_queue_display())] if case else []
    return [*source(application), *review]


def source(application: Application) -> list[tuple[str, str]]:
    """By the row alone, which stays when what was said is erased."""
    introduction = Introduction.of(application)
    if introduction is None:
        return []
    if application.erased_at:
        return [(_("Nguồn"), _("VNeID; đã xóa theo lịch"))]
    if not introduction.is_ours or introduction.said_at is None:
        return [(_("Nguồn"), _("VNeID, nhưng dòng giới thiệu đã bị sửa: không dùng được"))]
    known = {
        "level": introduction.level,
        "time": f"{timezone.localtime(introduction.said_at):%H:%M %d/%m/%Y}",
        "code": introduction.transaction,
    }
    return [(_("Nguồn"), _("VNeID, mức %(level)s, %(time)s, giao dịch %(code)s") % known), *face(application)]


def face(application: Application) -> list[tuple[str, str]]:
    """No portrait of a card lies there to compare: what VNeID found is not to be looked for."""
    word = introduced.word_of(application)
    if word is None or word.face is None:
        return []
    outcome = Check.Outcome.PASS if word.has_matched else Check.Outcome.FAIL
    score = _("điểm %(score)s") % {"score": word.face["score"]}
    return [(str(Check.NAMES["vneid-face"]), f"{outcome.label} · {score}")]
