"""The tables: every route ends, every step has a page, and going back leads forward again."""

from collections.abc import Callable

import pytest
from django.template.loader import get_template
from django.urls import reverse

from enrollment import journey
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.steps import activation, payment, subscribing
from kyc.steps.review import arriving
from signing import arrivals

# In this order: each app stands on those before it.
BEGINS: dict[Step, list[Callable[[Application], None]]] = {
    Step.PLAN: [arrivals.give_up],
    Step.DECLARATION: [arrivals.sent_back],
    Step.PAYMENT: [payment.arrived, arrivals.give_up],
    Step.ACTIVATION: [activation.arrived, arrivals.give_up],
    Step.CAPTURE: [arrivals.sent_back],
    Step.CONTRACT: [subscribing.arrived, arrivals.sent_back],
    Step.PIN: [arrivals.waits],
    Step.REVIEW: [arriving.received, arrivals.waits],  # the case, and where the certificate stands
    Step.ISSUANCE: [arrivals.due],
    Step.ACCEPTANCE: [],
    Step.COMPLETE: [],
    Step.STOPPED: [arriving.stopped, arrivals.stopped],
}


@pytest.mark.parametrize("channel", Channel)
def test_every_route_ends_complete_and_names_no_step_twice(channel: Channel) -> None:
    route = journey.ROUTES[channel]
    assert route[-1] == Step.COMPLETE
    assert len(set(route)) == len(route)
    assert route.index(Step.REVIEW) < route.index(Step.ISSUANCE) < route.index(Step.ACCEPTANCE)
    assert route.index(Step.CONTRACT) < route.index(Step.ISSUANCE)
    assert route.index(Step.PIN) < route.index(Step.ISSUANCE)


@pytest.mark.parametrize("step", Step)
def test_every_step_has_a_turn_and_a_page(step: Step) -> None:
    page = journey.TURNS[step].page
    assert reverse(page)
    assert get_template(f"{page.replace(':', '/')}.html")


@pytest.mark.parametrize("step", Step)
def test_on_arrival_begins_what_the_apps_brought_along(step: Step) -> None:
    assert journey.BEGINS.get(step, []) == BEGINS[step]


@pytest.mark.parametrize("channel", Channel)
def test_finishing_step_after_step_walks_the_whole_route(channel: Channel) -> None:
    step = journey.first(channel)
    walked: list[Step] = [step]
    while step != Step.COMPLETE:
        step, reached, redo = journey.finished(channel, step, step, [], changed=True)
        assert (reached, redo) == (step, [])
        walked.append(step)
    assert tuple(walked) == journey.ROUTES[channel]


def redone(channel: Channel, items: set[str], changed: set[Step]) -> list[Step]:
    """The steps done again when review sends back these items, until the application stands at review again."""
    redo = journey.in_order(channel, {journey.ITEMS[item] for item in items})
    step, done = redo[0], list[Step]()
    while step != Step.REVIEW:
        done.append(step)
        step, reached, redo = journey.finished(channel, step, Step.REVIEW, redo, changed=step in changed)
        assert reached == Step.REVIEW
    return done


def test_a_new_photograph_redoes_nothing_else() -> None:
    assert redone(Channel.BROWSER, {"card-front"}, {Step.CAPTURE}) == [Step.CAPTURE]


def test_changed_personal_data_voids_the_signed_contract() -> None:
    assert redone(Channel.BROWSER, {"name"}, {Step.DECLARATION}) == [Step.DECLARATION, Step.CONTRACT]


def test_personal_data_found_right_after_all_leaves_the_contract() -> None:
    assert redone(Channel.BROWSER, {"name"}, set()) == [Step.DECLARATION]


def test_several_items_are_redone_in_the_order_of_the_route() -> None:
    done = redone(Channel.BROWSER, {"face", "address", "contract"}, {Step.DECLARATION})
    assert done == [Step.DECLARATION, Step.CAPTURE, Step.CONTRACT]


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("item", journey.ITEMS)
def test_whatever_is_sent_back_leads_to_review_again(channel: Channel, item: str) -> None:
    if journey.ITEMS[item] in journey.ROUTES[channel]:
        assert redone(channel, {item}, set(Step))


def test_the_stepper_counts_as_the_guide_does() -> None:
    stage = journey.stage(Channel.BROWSER, Step.ACTIVATION)
    assert (stage.index(Step.ACTIVATION) + 1, len(stage)) == (1, 4)


def test_nothing_can_be_cancelled_once_it_is_reviewed() -> None:
    assert not journey.CANCELLABLE & {Step.REVIEW, Step.ISSUANCE, Step.ACCEPTANCE, *journey.ENDS}


def test_every_reason_says_why_and_what_to_do() -> None:
    for why, what in journey.REASONS.values():
        assert str(why) != str(what)
