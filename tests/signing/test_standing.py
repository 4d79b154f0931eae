"""Ending, pausing and restoring: what is allowed, what becomes of the key, and no verb that says nothing."""

import pytest
from django.db import IntegrityError, transaction

from enrollment.journey import Step
from portal.models import User
from portal.refusals import Refusal
from signing.authority.models import Issued, Reason
from signing.models import Act, Certificate, Key
from signing.steps import acts, standing
from signing.steps.acts import Confirmation, NotDone
from tests.signing.conftest import certificate_of, sure, to

pytestmark = pytest.mark.once
State = Certificate.State


@pytest.fixture
def active(deciders: tuple[User, User]) -> Certificate:
    return certificate_of(to(Step.COMPLETE, deciders))


@pytest.mark.parametrize("reason", [2, 6, 7, 8, 10, 11, -1])
def test_only_a_reason_that_may_be_said_of_a_subscriber_revokes(active: Certificate, reason: int) -> None:
    with pytest.raises(Refusal) as refusal:
        standing.revoke(active, reason)
    assert refusal.value.code == "reason"
    again = certificate_of(active.application)
    assert (again.state, again.revoked_at) == (State.ACTIVE, None)


@pytest.mark.parametrize("facts", [{"reason": 8}, {"reason": 7}, {"reason": Reason.HOLD, "revoked_at": None}])
def test_the_register_itself_takes_no_other(active: Certificate, facts: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Issued.objects.filter(pk=sure(active.register).pk).update(**facts)


def test_restoring_what_is_not_suspended_says_so(active: Certificate) -> None:
    with pytest.raises(Refusal):
        standing.restore(active)
    standing.suspend(active)
    standing.restore(certificate_of(active.application))
    with pytest.raises(Refusal):
        standing.restore(active)  # which was read while it was suspended
    assert certificate_of(active.application).state == State.ACTIVE


def test_a_revocation_destroys_the_key_and_a_hold_does_not(active: Certificate) -> None:
    standing.suspend(active)
    assert sure(key_of(active)).custody
    standing.restore(active)
    standing.revoke(active, Reason.KEY_COMPROMISE)
    key = sure(key_of(active))
    assert (key.custody, key.wrapped, key.passkey) == (None, None, None)
    assert key.public  # what it signed can still be checked
    act = Act(key=key, subscription=active.subscription)
    with pytest.raises(NotDone) as no:
        acts.unlocked(act, Confirmation("pin", b"402853", "", {}))
    assert no.value.answer == "not-in-force"
    assert sure(key_of(active)).tries_left == key.tries_left


def test_a_key_by_which_another_certificate_lives_stays(active: Certificate, deciders: tuple[User, User]) -> None:
    other = certificate_of(to(Step.COMPLETE, deciders))
    Certificate.objects.filter(pk=other.pk).update(key=active.key)
    standing.revoke(active)
    assert sure(key_of(active)).custody
    standing.revoke(certificate_of(other.application))
    assert sure(key_of(active)).custody is None


def key_of(certificate: Certificate) -> Key | None:
    return Key.objects.filter(certificates=certificate).first()
