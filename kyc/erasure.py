"""What goes with an application's key."""

from enrollment.models import Application
from kyc.models import Case, Check, Decision, Evidence, Mark, Remark, Sample, Upload


def erased(application: Application) -> None:
    """Every picture is gone with it; what leads from one application to another goes too."""
    Mark.objects.filter(application=application).delete()
    Upload.objects.filter(application=application).delete()
    Sample.objects.filter(case__application=application, verdict="").delete()  # there is nothing left to look at
    Check.objects.filter(application=application).delete()
    Evidence.objects.filter(application=application).update(facts=None, digest="")
    Decision.objects.filter(case__application=application).update(note=None, answers=None)
    Remark.objects.filter(case__application=application).update(words=None)
    Case.objects.filter(application=application).update(checked=True)
