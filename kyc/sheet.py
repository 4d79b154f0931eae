"""What staff read about the review on an application's page."""

from django.utils.translation import gettext as _

from enrollment.models import Application
from kyc.models import Case


def rows(application: Application) -> list[tuple[str, str]]:
    case = Case.objects.filter(application=application).first()
    return [(_("Thẩm định"), case.get_queue_display())] if case else []
