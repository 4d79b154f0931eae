"""A subscription and what hangs on it: certificates over time, keys over time, and one certificate to an application."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import User
from signing.models import Act, Certificate, Key
from signing.steps import issuance, pin
from tests.signing.conftest import again, at_contract, certificate_of, confirmed, sure, to

State = Certificate.State


@pytest.fixture
def holder(deciders: tuple[User, User]) -> Application:
    """Of an active certificate."""
    return to(Step.COMPLETE, deciders)


def further(holder: Application) -> Application:
    """Another application for what the holder has bought already, as a renewal will be."""
    application = at_contract()
    Application.objects.filter(pk=application.pk).update(user=holder.user, subscription=holder.subscription)
    return again(application)


def test_a_second_certificate_may_stand_over_the_same_key(holder: Application) -> None:
    """Renewal with the same key: nothing in the tables is against it."""
    first = certificate_of(holder)
    second = Certificate.objects.create(
        application=further(holder), subscription=first.subscription, key=first.key, state=State.ISSUE_WAITING
    )
    assert first.key
    assert set(first.key.certificates.all()) == {first, second}
    assert set(sure(first.subscription).certificates.all()) == {first, second}


def test_a_subscription_may_have_two_keys_over_time(holder: Application) -> None:
    first = certificate_of(holder).key
    application = further(holder)
    Application.objects.filter(pk=application.pk).update(step=Step.PIN, reached=Step.PIN)
    assert confirmed(again(application), Act.Kind.PIN).state == Act.State.DONE
    keys = list(Key.objects.filter(subscription=holder.subscription).order_by("pk"))
    assert keys[0] == first
    assert len(keys) == 2
    assert issuance.own_key(application) == keys[1]
    assert certificate_of(holder).key == first


def test_an_application_leads_to_one_certificate(holder: Application) -> None:
    """Promise P2, in the database's own word."""
    first = certificate_of(holder)
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.create(application=holder, subscription=first.subscription, state=State.ISSUE_WAITING)


def test_a_key_taken_by_a_broken_off_attempt_is_taken_again() -> None:
    pin.fill_pool()
    application = to(Step.PIN)
    key = pin.taken(application)
    assert pin.taken(application) == key
    with pytest.raises(IntegrityError), transaction.atomic():  # nor can a second one be taken beside it
        Key.pool(key.kind).filter(pk=Key.pool(key.kind)[0].pk).update(application=application)
    assert confirmed(application, Act.Kind.PIN).state == Act.State.DONE
    assert Key.objects.get(subscription=application.subscription) == key


def test_two_certificates_never_share_a_serial(holder: Application) -> None:
    """Promise P2: the register has each serial once, and each of its rows belongs to one certificate."""
    first = certificate_of(holder)
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.create(
            application=further(holder), subscription=first.subscription, state=State.ISSUE_WAITING,
            register=first.register, due_at=timezone.now(),
        )  # fmt: skip
