"""A customer's answer to a rejection: an objection, or an end."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from enrollment.steps import leaving
from kyc.models import Case
from kyc.steps.review.turns import Choice, Queue, promised, turn, write_decision
from portal import audit
from portal.refusals import Refusal

OBJECTION_DAYS = 15  # in which a customer may object to a rejection; then the application ends


def object_to(application: Application, words: str) -> None:
    """To another person than the one who rejected."""
    with transaction.atomic():
        application.hold()
        case = Case.objects.select_related("application", "application__data_key").get(application=application)
        if case.queue != Queue.REJECTED or len(words) < 10:
            raise Refusal("cannot-object", _("Quý khách vui lòng viết rõ lý do khiếu nại (ít nhất 10 ký tự)."))
        write_decision(case, "object", None, Choice(case.turns, note=words))
        turn(
            case,
            queue=Queue.OBJECTION,
            holder=None,
            held_at=None,
            due_at=promised(timezone.now(), settings.REVIEW_MINUTES * 60 * 8),
        )
        audit.record("rejection objected to", application)


def accept_rejection(application: Application) -> None:
    with transaction.atomic():
        application.hold()
        if not Case.objects.filter(application=application, queue=Queue.REJECTED).exists():
            raise Refusal("decided-already", _("Hồ sơ đã có thay đổi. Quý khách hãy tải lại trang."))
        leaving.leave(application, "rejected")
