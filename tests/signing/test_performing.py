"""The signer takes each act once, in time, for whom it is; and what it counts stays counted."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from enrollment.journey import Step
from enrollment.models import Application
from portal.models import Event, User
from portal.refusals import Refusal
from signing import envelope
from signing.models import Act, Key
from signing.steps import acceptance, acts, issuance, performing, pin
from tests.signing.conftest import certificate_of, confirmed, sure, to
from tests.signing.test_acts import asked, enclosed, fields_of, given

State = Act.State


@pytest.fixture
def accepting(deciders: tuple[User, User]) -> Application:
    return to(Step.ACCEPTANCE, deciders)


def test_a_try_is_never_counted_inside_anothers_transaction(accepting: Application) -> None:
    """Promise P10: it would be taken back together with it."""
    key = Key.objects.get(application=accepting)
    with transaction.atomic(), pytest.raises(RuntimeError):
        acts.count_try(key)


def test_asked_again_the_act_before_is_over(accepting: Application) -> None:
    before, fields = asked(accepting)
    acceptance.ask(accepting)
    before.refresh_from_db()
    assert (before.state, before.answer) == (State.REFUSED, "late")
    with pytest.raises(Refusal):
        given(before, fields)


def test_whoever_enclosed_for_longer_than_was_asked_is_late(accepting: Application) -> None:
    act, fields = asked(accepting)
    far = (act.ends_at + timedelta(minutes=3)).timestamp() * 1000
    assert given(act, {**fields, "until": far}).answer == "late"


def test_what_ended_before_it_was_opened_is_not_opened(accepting: Application) -> None:
    """Promise P11: also where it was taken up in time."""
    act, fields = asked(accepting)
    act.ends_at = timezone.now() - timedelta(seconds=1)
    fields["until"] = (timezone.now() + timedelta(seconds=30)).timestamp() * 1000  # which alone would be in time
    with pytest.raises(acts.NotDone, match="late"):
        performing.opened(act, enclosed(fields))


def test_of_two_signers_that_hold_the_same_act_one_does_it(accepting: Application) -> None:
    act, fields = asked(accepting)
    acts.give(sure(act.user), act.nonce, envelope.text(enclosed(fields)))
    first, second = (Act.objects.get(pk=act.pk) for _signer in range(2))
    times = list[int]()

    def performer(act: Act, _confirmation: Any) -> None:
        times.append(act.pk)
        acts.settle(act, State.DONE)

    for copy in (first, second):
        performing.perform(copy, {Act.Kind.ACCEPT: performer})
    assert times == [act.pk]


def test_an_act_whose_signer_fell_is_told_as_failed(accepting: Application) -> None:
    act, _fields = asked(accepting)
    long_ago = timezone.now() - timedelta(minutes=3)
    Act.objects.filter(pk=act.pk).update(state=State.TAKEN, ends_at=long_ago)
    performing.perform_due()
    act.refresh_from_db()
    assert (act.state, act.answer) == (State.REFUSED, "failed")


def test_what_is_settled_stays_so(accepting: Application) -> None:
    act, _fields = asked(accepting)
    Act.objects.filter(pk=act.pk).update(state=State.TAKEN)
    assert acts.settle(act, State.REFUSED, "failed")
    assert not acts.settle(act, State.DONE)
    act.refresh_from_db()
    assert act.state == State.REFUSED


def test_the_trail_names_the_owner_and_not_the_signer(accepting: Application) -> None:
    assert confirmed(accepting, Act.Kind.ACCEPT).state == State.DONE
    assert Event.objects.get(verb="minutes signed").actor_id == sure(accepting.user).pk


@pytest.mark.parametrize("change", ["step", "way"])
def test_a_pin_is_made_at_its_step_and_by_a_pin(change: str) -> None:
    application = to(Step.PIN)
    act = pin.ask(application)
    fields = fields_of(act)
    if change == "way":
        fields["way"] = "passkey"
    else:
        Application.objects.filter(pk=application.pk).update(step=Step.CONTRACT)
    assert given(act, fields).answer == "moved"
    assert not Key.objects.filter(application=application).exclude(custody=None).exists()


def test_two_rows_that_changed_owners_certify_nobody(deciders: tuple[User, User]) -> None:
    first, second = to(Step.ISSUANCE, deciders), to(Step.ISSUANCE, deciders)
    mine, theirs = Key.objects.get(application=first), Key.objects.get(application=second)
    Key.objects.filter(pk=mine.pk).update(application=second, subscription=theirs.subscription)
    Key.objects.filter(pk=theirs.pk).update(application=first, subscription=mine.subscription)
    issuance.issue_due()
    assert {certificate_of(each).issued_at for each in (first, second)} == {None}
