"""What an application's moves mean for its certificate: begun in the transaction of the move (part.py)."""

from django.db import transaction
from django.utils import timezone

from enrollment import journey
from enrollment.journey import Channel, Step
from enrollment.models import Application
from signing.authority import register
from signing.authority.models import Reason
from signing.models import Act, Certificate, Key, Paper
from signing.steps import issuance, standing

State = Certificate.State
BEFORE = set(journey.ITEMS.values())  # to which a file may be sent back
STATES = {Step.REVIEW: State.APPROVAL_WAITING, Step.ISSUANCE: State.ISSUE_WAITING}


def sent_back(application: Application) -> None:
    give_up(application)
    approved = Certificate.objects.filter(application=application, state=State.ISSUE_WAITING)
    approved.update(state=State.APPROVAL_WAITING)


def waits(application: Application) -> None:
    """The certificate stands where its application does."""
    give_up(application)
    stand(application, state_at(application, Step(application.step)))


def due(application: Application) -> None:
    waits(application)
    transaction.on_commit(issuance.waker.wake, robust=True)


def stopped(application: Application) -> None:
    give_up(application)
    Certificate.objects.filter(application=application, register=None).delete()
    for never_accepted in Certificate.objects.filter(application=application, state__in=standing.REVOCABLE):
        standing.revoke(never_accepted, Reason.CESSATION)
    unsealed = Paper.objects.filter(application=application, state__in=(Paper.State.OPEN, Paper.State.AGREED))
    unsealed.update(state=Paper.State.VOID)


def state_at(application: Application, step: Step) -> Certificate.State:
    """At the PIN's step SmartCA tells two things apart: before the review, and after it (guide 5)."""
    if step == Step.PIN:
        after = Step.REVIEW in journey.ahead_of(Channel(application.channel), step)
        return State.USER_WAITING if after else State.KEY_WAITING
    return STATES[step]


def stand(application: Application, state: Certificate.State) -> None:
    begins = {"state": state, "subscription": application.subscription}
    certificate, is_new = Certificate.objects.get_or_create(application=application, defaults=begins)
    if not is_new and certificate.state != state:
        certificate.move(state, due_at=timezone.now(), faults=0)


def give_up(application: Application) -> None:
    """An intent whose file went back or stopped: its serial counts as revoked, and the next begins anew."""
    intended = Certificate.objects.filter(application=application, register__issued_at=None).exclude(register=None)
    for certificate in intended.select_related("register"):
        register.give_up(standing.serial_of(certificate))
        Certificate.objects.filter(pk=certificate.pk).update(register=None, content=None, approval=None, key=None)


def lives(application: Application) -> bool:
    """Whether its holder can do something with the certificate, be it to have it resumed."""
    return Certificate.objects.filter(application=application, state__in=(State.ACTIVE, State.SUSPENDED)).exists()


def erased(application: Application) -> None:
    """Its key is gone, and with it every document; the customer's key pair goes too."""
    Act.objects.filter(application=application).delete()
    Paper.objects.filter(application=application).update(state=Paper.State.VOID, evidence=None)
    Key.objects.filter(application=application, certificates=None).update(custody=None, wrapped=None, request=None)
