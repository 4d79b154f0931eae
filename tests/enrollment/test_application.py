"""Moving: one conditional update, with its trail, and nobody else does it."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError

from enrollment.journey import Step
from enrollment.models import Application, Trail
from enrollment.orders.models import Plan
from enrollment.steps import opening
from portal.models import Event, User
from portal.refusals import Refusal
from tests.conftest import at_once
from tests.enrollment.conftest import Customer, a_subscription

pytestmark = pytest.mark.django_db


def an_application(step: Step = Step.PLAN, user: User | None = None) -> Application:
    application = opening.open_application({"terms", "personal-data"})
    Application.objects.filter(pk=application.pk).update(
        step=step,
        reached=step,
        plan=Plan.objects.first(),
        user=user,
        subscription=a_subscription() if step == Step.REVIEW else None,
    )
    application.refresh_from_db()
    return application


def test_finishing_moves_one_step_and_leaves_a_trail() -> None:
    application = an_application(Step.CAPTURE)
    application.finish()
    application.refresh_from_db()
    assert application.step == application.reached == Step.CONTRACT
    last = Trail.objects.latest("pk")
    assert (last.verb, last.origin, last.step) == ("finished", "capture", "contract")


def test_a_stale_copy_moves_nothing() -> None:
    application = an_application(Step.CAPTURE)
    stale = Application.objects.get(pk=application.pk)
    application.finish()
    with pytest.raises(Refusal, match="out-of-step"):
        stale.finish()
    assert Trail.objects.filter(verb="finished").count() == 1


def test_a_copy_read_before_a_round_trip_moves_nothing_either() -> None:
    """The step is the same again, yet what the copy knows of it is not."""
    application = an_application(Step.REVIEW)
    stale = Application.objects.get(pk=application.pk)
    application.send_back({"card-front": "blurred"})
    application.finish()
    assert application.step == stale.step
    with pytest.raises(Refusal, match="out-of-step"):
        stale.finish()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_thirty_at_once_one_finishes() -> None:
    """Promise P14, as far as one step."""
    application = an_application(Step.CAPTURE)
    outcomes = at_once(30, lambda _place: Application.objects.get(pk=application.pk).finish())
    assert outcomes.count(None) + sum(isinstance(outcome, Refusal) for outcome in outcomes) == 30
    steps = Application.objects.get(pk=application.pk).moves
    assert steps == Trail.objects.filter(application=application, verb="finished").count() == outcomes.count(None)


def test_sent_back_it_says_what_was_wrong_and_returns_to_review() -> None:
    application = an_application(Step.REVIEW)
    application.send_back({"name": "differs", "face": "covered"})
    assert application.step == Step.DECLARATION
    application.finish(changed=True)
    assert application.step == Step.CAPTURE
    application.finish()
    assert application.step == Step.CONTRACT
    application.finish()
    assert application.step == Step.REVIEW
    assert Trail.objects.get(verb="sent back").items == {"face": "covered", "name": "differs"}


def test_only_review_sends_back() -> None:
    with pytest.raises(Refusal, match="out-of-step"):
        an_application(Step.CONTRACT).send_back({"face": "covered"})


def test_back_is_for_what_nothing_was_built_on() -> None:
    application = an_application(Step.PAYMENT)
    application.move(Step.PLAN)
    assert application.step == Step.PLAN
    application.finish()
    assert application.step == Step.PAYMENT
    with pytest.raises(Refusal, match="out-of-step"):
        an_application(Step.CAPTURE).move(Step.DECLARATION)


def test_a_stopped_one_stays_stopped_and_says_why() -> None:
    application = an_application(Step.PIN)
    application.stop("cancelled")
    with pytest.raises(Refusal, match="out-of-step"):
        application.finish()
    with pytest.raises(Refusal, match="out-of-step"):
        application.stop("expired")
    application.refresh_from_db()
    assert (application.step, application.reason) == (Step.STOPPED, "cancelled")
    assert Event.objects.filter(verb="application stopped", about=f"application:{application.pk}").exists()


def test_what_was_declared_is_sealed_and_its_erased_key_takes_it_along(customer: Callable[..., Customer]) -> None:
    """Promise P18, as far as what was declared."""
    walker = customer().opens().chooses().declares()
    application = walker.application
    assert walker.declaration.number not in str(Application.objects.filter(pk=application.pk).values())
    assert application.declaration == walker.declaration


def test_the_database_holds_one_open_application_per_person(customer: Callable[..., Customer]) -> None:
    first = customer().opens().chooses().declares().application
    second = an_application()
    with pytest.raises(IntegrityError):
        Application.objects.filter(pk=second.pk).update(person_index=first.person_index)


def test_a_subscription_begins_with_the_contract_and_only_once(person: Callable[..., User]) -> None:
    application = an_application(Step.CAPTURE)
    Application.objects.filter(pk=application.pk).update(user=person())
    application.refresh_from_db()
    application.finish()
    application.refresh_from_db()
    subscription = application.subscription
    assert subscription
    assert (subscription.user, subscription.plan) == (application.user, application.plan)
    application.finish()
    application.finish()
    application.send_back({"contract": "contract-wrong"})
    application.refresh_from_db()
    assert (application.step, application.subscription) == (Step.CONTRACT, subscription)
