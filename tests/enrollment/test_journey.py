"""The tables: every route ends, every step has a page, and going back leads forward again."""

from collections.abc import Callable

import pytest
from django.template.loader import get_template
from django.urls import reverse

from enrollment import endings, journey, nine
from enrollment.journey import Channel, Step
from enrollment.models import Application
from enrollment.steps import activation, confirmation, linking, payment, subscribing
from kyc.steps import capture
from kyc.steps.review import arriving
from signing import arrivals

# In this order: each app stands on those before it.
BEGINS: dict[Step, list[Callable[[Application], None]]] = {
    Step.PLAN: [linking.arrived, arrivals.give_up],
    Step.DECLARATION: [arrivals.sent_back],
    Step.PAYMENT: [payment.arrived, arrivals.give_up],
    Step.ACTIVATION: [activation.arrived, arrivals.give_up],
    Step.CONSENT: [],
    Step.CAPTURE: [capture.arrived, arrivals.sent_back],
    Step.HANDOVER: [],
    Step.CONTRACT: [subscribing.arrived, arrivals.sent_back],
    Step.PIN: [linking.arrived, arrivals.waits],
    Step.CONFIRMATION: [confirmation.arrived],
    Step.REVIEW: [linking.arrived, arriving.received, arrivals.waits],  # the case, and where the certificate stands
    Step.ISSUANCE: [arrivals.due],
    Step.ACCEPTANCE: [],
    Step.COMPLETE: [linking.arrived],
    Step.STOPPED: [linking.arrived, arriving.stopped, arrivals.stopped],
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


def states(way: nine.Way) -> str:
    """A letter for each of the nine, and for VNPT's turn before the last."""
    return "".join({"done": "d", "now": "N", "again": "a", "to-come": "."}[row.state] for row in way.rows)


@pytest.mark.parametrize(
    ("step", "drawn", "number", "minutes", "following"),
    [
        (None, "N.........", 1, 11, "Chọn gói dịch vụ"),
        (Step.DECLARATION, "ddN.......", 3, 9, "Khởi tạo dịch vụ"),
        (Step.PAYMENT, "dddN......", 4, 7, "Nhập mã kích hoạt"),
        (Step.PIN, "dddddddN..", 8, 2, "VNPT thẩm định và cấp chứng thư số"),
        (Step.REVIEW, "ddddddddN.", 8, 1, "Ký biên bản nghiệm thu"),
        (Step.ISSUANCE, "ddddddddN.", 8, 1, "Ký biên bản nghiệm thu"),
        (Step.ACCEPTANCE, "dddddddddN", 9, 1, ""),
        (Step.COMPLETE, "dddddddddd", 9, 0, ""),
    ],
)
def test_nine_steps_are_counted_and_vnpts_turn_stands_between(
    step: Step | None, drawn: str, number: int, minutes: int, following: str
) -> None:
    way = nine.way(Channel.BROWSER, step, step)
    after = str(way.following.name) if way.following else ""
    assert (states(way), way.number, way.minutes, after) == (drawn, number, minutes, following)


def test_at_a_counter_the_nine_are_counted_in_its_own_order() -> None:
    route = journey.ROUTES[Channel.COUNTER]
    numbers = [nine.way(Channel.COUNTER, step, step).number for step in route]
    assert numbers == sorted(numbers)
    assert states(nine.way(Channel.COUNTER, Step.CONSENT, Step.CONSENT)) == "dN........"
    assert states(nine.way(Channel.COUNTER, Step.ACTIVATION, Step.ACTIVATION)) == "dddddN...."


def test_by_vneid_vnpts_turn_comes_before_the_pin() -> None:
    numbers = [nine.way(Channel.VNEID, step, step).number for step in journey.ROUTES[Channel.VNEID]]
    assert numbers == sorted(numbers)
    assert states(nine.way(Channel.VNEID, Step.REVIEW, Step.REVIEW)) == "dddddddN.."
    assert states(nine.way(Channel.VNEID, Step.CONFIRMATION, Step.CONFIRMATION)) == "ddddddddN."
    assert str(nine.way(Channel.VNEID, Step.REVIEW, Step.REVIEW).following.name) == "Tạo mã PIN ký số"  # type: ignore[union-attr]


def test_nobody_goes_back_to_before_the_account() -> None:
    assert not journey.may_go_back(Channel.VNEID, Step.PLAN, Step.DECLARATION)
    assert not journey.may_go_back(Channel.VNEID, Step.PAYMENT, Step.DECLARATION)
    assert journey.may_go_back(Channel.VNEID, Step.PAYMENT, Step.PLAN)
    assert journey.may_go_back(Channel.COUNTER, Step.ACTIVATION, Step.DECLARATION)


def test_whoever_has_an_account_needs_no_code() -> None:
    assert states(nine.way(Channel.ANOTHER, Step.CAPTURE, Step.CAPTURE)) == "dddddN...."
    assert states(nine.way(Channel.ANOTHER, Step.PLAN, Step.PLAN)) == "dN..d....."


def test_what_is_asked_again_is_told_from_what_was_done() -> None:
    way = nine.way(Channel.BROWSER, Step.CAPTURE, Step.REVIEW, [Step.CAPTURE, Step.CONTRACT])
    assert (states(way), way.minutes) == ("dddddNad..", 4)


def test_of_an_application_that_stopped_no_step_is_now() -> None:
    way = nine.way(Channel.BROWSER, Step.STOPPED, Step.CAPTURE)
    assert (states(way), way.now, way.following) == ("ddddd.....", None, None)


def test_the_apps_four_screens_are_counted_as_the_guides_do() -> None:
    screens = [nine.way(Channel.BROWSER, step, step).screens for step in nine.SCREENS]
    assert [(number, str(following)) for number, _name, following in filter(None, screens)] == [
        *[(1, "Tạo mã PIN"), (2, "Kích hoạt cặp khóa"), (3, "Ký biên bản nghiệm thu"), (4, "None")]
    ]
    assert nine.way(Channel.BROWSER, Step.CAPTURE, Step.CAPTURE).screens is None
    assert nine.way(Channel.VNEID, Step.ACTIVATION, Step.ACTIVATION).screens is None


def test_nothing_can_be_cancelled_once_it_is_reviewed() -> None:
    assert not journey.CANCELLABLE & {Step.REVIEW, Step.ISSUANCE, Step.ACCEPTANCE, *journey.ENDS}


def test_every_reason_says_why_and_what_to_do() -> None:
    for why, what in endings.REASONS.values():
        assert str(why) != str(what)
