"""What staff read about the review on an application's page."""

from django.utils.translation import gettext as _

from enrollment.models import Application
from kyc.models import Case


def rows(application: Application) -> list[tuple[str, str]]:
    found = Case.objects.filter(application=application).first()
    return [(_("Thẩm định"), found.get_queue_display())] if found else []
