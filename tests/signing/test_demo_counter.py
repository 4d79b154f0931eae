"""The rest of the demo's counter: guests with pictures, whom the app beside this one leads to the review."""

import pytest

from enrollment import seeds as enrollment_seeds
from enrollment.counter.demo import people
from enrollment.counter.listing import TO_MEND
from enrollment.counter.steps import attesting
from enrollment.journey import Channel, Step
from enrollment.models import Application
from kyc.demo import guests
from portal import seeds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


def test_each_stands_where_it_should_and_one_was_sent_back_with_its_reason() -> None:
    seeds.seed()
    enrollment_seeds.seed_places()
    people.seed()
    guests.seed_guests()
    rows = Application.objects.filter(is_demo=True, channel=Channel.COUNTER)
    assert rows.count() == len(people.GUESTS) + len(guests.GUESTS) >= 8
    assert {Step(row.step) for row in rows} >= {Step.HANDOVER, Step.ACTIVATION, Step.REVIEW, Step.CAPTURE, Step.CONSENT}
    back = rows.get(TO_MEND)
    assert back.step == Step.CAPTURE
    assert back.wrong_here
    assert attesting.is_right(rows.get(step=Step.REVIEW))
