"""What an application's moves mean up here; enrollment calls both in the transaction of the move."""

from collections.abc import Callable

from enrollment.journey import Step
from enrollment.models import Application
from kyc.models import Case, Check, Decision, Evidence, Mark, Sample, Upload
from kyc.steps.review import arriving

BEGINS: dict[str, Callable[[Application], None]] = {Step.REVIEW: arriving.received, Step.STOPPED: arriving.stopped}


def arrived(application: Application) -> None:
    if begin := BEGINS.get(application.step):
        begin(application)


def erased(application: Application) -> None:
    """Its key is gone, and with it every picture; what leads from one application to another goes too."""
    Mark.objects.filter(application=application).delete()
    Upload.objects.filter(application=application).delete()
    Sample.objects.filter(case__application=application, verdict="").delete()  # there is nothing left to look at
    Check.objects.filter(application=application).delete()
    Evidence.objects.filter(application=application).update(facts=None, digest="")
    Decision.objects.filter(case__application=application).update(note=None)
    Case.objects.filter(application=application).update(checked=True)
