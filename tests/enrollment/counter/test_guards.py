"""What a counter refuses, limits, hides and counts, one guard after another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.utils import timezone

from enrollment import dossier
from enrollment.counter import figures_views, leading, playing
from enrollment.counter.models import Attestation, Rehearsal
from enrollment.counter.scenarios import SCENARIOS
from enrollment.counter.steps import attesting, counting, rechecking, rehearsing, serving
from enrollment.counter.steps.attesting import WORDS
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import opening, recognition
from kyc.models import Challenge, Help
from kyc.steps import capture, facing
from portal.models import Branch, Message, User
from portal.refusals import Refusal
from tests.conftest import People
from tests.enrollment.conftest import Customer
from tests.enrollment.counter.conftest import Desk
from tests.enrollment.counter.test_counting import MONDAY
from tests.enrollment.counter.test_counting import a_file as counted_file
from tests.enrollment.counter.test_lead import a_file, attested, struck
from tests.kyc.conftest import act, given

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def hai() -> Branch:
    return Branch.objects.get_or_create(name="VNPT Hai", defaults={"province": "48"})[0]


def home(user: User) -> Branch:
    assert user.branch
    return user.branch


@pytest.fixture
def photographed(desk: Desk) -> Desk:
    return desk.opens().declares().lets_in().agrees().chooses().settles().photographs()


# ── What is under a MAC ──

NOW = timezone.now()
VALUES: dict[type, tuple[Any, Any]] = {
    models.ForeignKey: (1, 2),
    models.OneToOneField: (1, 2),
    models.PositiveSmallIntegerField: (1, 2),
    models.CharField: ("a", "b"),
    models.BooleanField: (False, True),
    models.DateTimeField: (NOW, NOW + timedelta(days=1)),
    models.JSONField: ({"a": 1}, {"a": 2}),
}


@pytest.mark.parametrize("kind", apps.get_app_config("counter").get_models())
def test_every_column_of_a_row_that_gives_power_is_under_its_mac(kind: type[Any]) -> None:
    columns = [each for each in kind._meta.concrete_fields if each.name not in ("id", "mac")]
    assert columns
    for column in columns:
        row = kind(**{each.attname: VALUES[type(each)][0] for each in columns})
        row.mac = row.mac_of_row
        assert row.is_ours
        setattr(row, column.attname, VALUES[type(column)][1])
        assert not row.is_ours, column.name


# ── What was vouched for ──


def test_an_attestation_does_not_outlive_what_was_declared(photographed: Desk) -> None:
    photographed.attests()
    assert attesting.is_sound(photographed.application)
    other = replace(photographed.declaration, full_name="Lê Văn Mẫu Khác")
    Application.objects.filter(pk=photographed.application.pk).update(**photographed.application.as_declared(other))
    assert not attesting.is_sound(photographed.application)


def test_what_changed_since_it_was_shown_is_not_vouched_for(photographed: Desk) -> None:
    file = photographed.application
    shown = dossier.seen(file)
    capture.give(file, {"card-front": given(77)["card-front"]}, by=photographed.user)
    with pytest.raises(Refusal, match="file-changed"):
        attesting.attest(file, photographed.user, shown=shown, said=set(WORDS))
    assert photographed.application.step == Step.HANDOVER


def test_nothing_is_vouched_for_at_another_step_or_by_a_stranger(photographed: Desk, staff: People) -> None:
    file = photographed.application
    with pytest.raises(Refusal, match="not-served-here"):
        attesting.attest(file, staff("agent", branch=hai()), shown=dossier.seen(file), said=set(WORDS))
    Application.objects.filter(pk=file.pk).update(step=Step.CAPTURE)
    file = photographed.application
    with pytest.raises(Refusal, match="out-of-step"):
        attesting.attest(file, photographed.user, shown=dossier.seen(file), said=set(WORDS))
    assert not Attestation.objects.exists()


def test_a_file_moved_to_another_counter_is_another_file_to_who_approves(desk: Desk) -> None:
    before = dossier.digest(desk.opens().declares().application)
    Application.objects.filter(pk=desk.application.pk).update(branch=hai())
    assert dossier.digest(desk.application) != before


# ── Opened, found, chosen ──


def test_pressed_twice_it_is_one_until_something_is_typed_and_another_at_another_counter(desk: Desk) -> None:
    first, agent = desk.opens().application, desk.user
    assert desk.opens().application == first
    agent.further_branches.add(hai())
    agent.give_roles(["agent"], None, None)
    agent = User.objects.get(pk=agent.pk)
    assert serving.open_for(hai(), agent, language="vi") != first
    desk.at("/register/declaration/draft/", {"full_name": "Lý"})
    second = desk.opens().application
    assert second != first
    Application.objects.filter(pk=second.pk).update(moves=2)  # been on, and come back to be corrected
    assert desk.opens().application != second


def test_at_a_foreign_counter_nothing_is_opened(desk: Desk) -> None:
    with pytest.raises(Refusal, match="not-served-here"):
        serving.open_for(hai(), desk.user, language="vi")


def test_nobody_opens_more_than_anybody_can_serve(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "OPENINGS", replace(serving.OPENINGS, times=1))
    desk.opens().declares()
    assert desk.client.post("/counter/new/").status_code == 429


@pytest.mark.parametrize("by", ["reference", "number", "phone"])
def test_a_file_is_found_exactly_and_at_its_own_counter_alone(
    desk: Desk, staff: People, signed_in: Enter, by: str
) -> None:
    desk.opens().declares()
    term = desk.reference.lower() if by == "reference" else getattr(desk.declaration, by)
    assert desk.client.post("/counter/find/", {"term": term})["Location"] == f"/counter/{desk.reference}/"
    assert desk.client.post("/counter/find/", {"term": term[:-1]}).status_code == 200
    page = signed_in(staff("agent", branch=hai())).post("/counter/find/", {"term": term})
    assert (page.status_code, page.context["rows"]) == (200, [])


def test_nobody_chooses_a_counter_that_is_not_theirs(desk: Desk) -> None:
    desk.client.post("/counter/branch/", {"branch": hai().pk})
    assert "branch" not in desk.client.session
    session = desk.client.session
    session["branch"] = hai().pk
    session.save()
    assert desk.opens().application.branch == desk.user.branch


# ── Ended, taken over ──


def test_after_the_account_is_open_nobody_at_a_counter_ends_it(desk: Desk, staff: People) -> None:
    reviewer, case = staff("reviewer"), desk.to_review()
    act(case, "take", reviewer)
    act(case, "send-back", reviewer, items={"card-front": "glare"})
    assert desk.application.step == Step.CAPTURE
    assert not desk.client.get(f"/counter/{desk.reference}/").context["may_end"]
    with pytest.raises(Refusal, match="not-endable"):
        serving.end(desk.application, desk.user)


def test_the_device_of_a_guest_who_left_is_let_in_no_more(desk: Desk) -> None:
    desk.opens().declares().lets_in().post("end/")
    assert desk.application.step == Step.STOPPED
    assert not desk.application.pairings.exists()


def test_nobody_takes_over_what_is_theirs_or_what_vnpt_has(desk: Desk, staff: People) -> None:
    colleague = staff("agent")
    with pytest.raises(Refusal, match="out-of-step"):
        serving.take_over(desk.opens().application, desk.user, desk.user)
    desk.to_review()
    with pytest.raises(Refusal, match="out-of-step"):
        serving.take_over(desk.application, colleague, colleague)


# ── The customer's device ──


def test_an_invitation_ends_with_the_account_and_after_ten_minutes(desk: Desk) -> None:
    desk.opens().declares()
    link, phone = f"/invited/?t={desk.ticket()}", Client()
    assert phone.get(link).status_code == 200
    application = Application.objects.filter(pk=desk.application.pk)
    application.update(user=desk.user)
    assert phone.get(link).status_code == 410
    application.update(user=None)
    desk.application.pairings.update(made_at=timezone.now() - timedelta(minutes=10, seconds=1))
    assert phone.get(link).status_code == 410


def test_nothing_goes_on_without_what_must_be_agreed_to(desk: Desk) -> None:
    """Whatever page it comes from: the form asks for it too."""
    desk.opens().declares()
    with pytest.raises(Refusal, match="consent-needed"):
        opening.consent(desk.application, ("marketing",), language="vi", place="")
    assert (desk.application.step, desk.application.consents.count()) == (Step.CONSENT, 0)


def test_the_link_by_sms_counts_as_a_code_and_is_sent_no_later_than_it_is_good(desk: Desk) -> None:
    desk.opens().declares()
    for _press in range(12):
        answer = desk.post("invite/", {"sms": "1"})
    assert answer.status_code == 429
    sms = Message.objects.filter(template="enrollment/messages/invitation").latest("pk")
    assert sms.good_until == desk.application.pairings.get().made_at + timedelta(minutes=10)


def test_whoever_is_told_of_a_known_customer_is_the_agent_who_read_the_card(desk: Desk, staff: People) -> None:
    application, number = desk.opens().declares().application, desk.declaration.number
    draft = application.sealed("draft", {recognition.CARD_READ: number})
    Application.objects.filter(pk=application.pk).update(draft=draft)
    recognition.tell(desk.application, number)
    assert recognition.known_to(desk.application, desk.user)
    assert recognition.known_to(desk.application, staff("agent")) is None


def test_nobody_at_home_lets_themselves_try_the_face_again(customer: Callable[..., Customer]) -> None:
    walker = customer().opens().chooses().declares().pays_nothing()
    walker.activates()
    application = walker.application
    assert application.step == Step.CAPTURE
    for _try in range(3):
        Challenge.objects.create(application=application, key=f"{_try:032}", outcome="failed", cues=[])
    assert facing.tries_left(application) == 0
    walker.post("/application/capture/again/")
    assert (facing.tries_left(application), Help.objects.exists()) == (0, False)


# ── The head's page, and figures ──


def test_only_what_was_attested_at_the_own_counter_is_drawn_and_nobody_foresees_which(staff: People) -> None:
    agent, day = staff("agent"), timezone.localtime().replace(hour=10) - timedelta(days=1)
    many = [attested(agent, day).pk for _ in range(41)]
    elsewhere = attested(staff("agent", branch=hai()), day).pk
    drawn = rechecking.sample(home(agent))
    assert elsewhere not in drawn
    assert set(drawn) != set(sorted(many, key=str)[:3])


@pytest.mark.parametrize(
    ("clock", "is_odd"), [((6, 59), True), ((7, 0), False), ((18, 59), False), ((19, 0), True), ((19, 59), True)]
)
def test_a_counter_works_from_seven_to_nineteen(staff: People, clock: tuple[int, int], is_odd: bool) -> None:
    agent, (hour, minute) = staff("agent"), clock
    opened = timezone.localtime().replace(hour=hour, minute=minute) - timedelta(days=2)
    for place in range(5):
        a_file(agent, str(place), created_at=opened)
    assert bool(struck(agent.branch)) is is_odd


def test_a_day_begins_at_midnight_and_ends_before_the_next(staff: People) -> None:
    agent, midnight = staff("agent"), MONDAY.replace(hour=0)
    first = counted_file(agent, midnight)
    counted_file(agent, midnight + timedelta(days=1))
    counted_file(agent, midnight - timedelta(seconds=1))
    scope = counting.Scope([home(agent)])
    assert list(scope.files(counting.period("day", MONDAY.date()))) == [first]


def test_the_busiest_stands_first_and_of_each_what_waits_longest(staff: People) -> None:
    few, many = staff("agent"), staff("agent")
    a_file(few, "1")
    old, young = a_file(many, "2"), a_file(many, "3")
    for row, days in ((young, 1), (old, 2)):
        Application.objects.filter(pk=row.pk).update(touched_at=timezone.now() - timedelta(days=days))
    loads = leading.loads(home(many))
    assert [load.agent for load in loads] == [many, few]
    assert list(loads[0].oldest) == [old, young]


def test_the_list_behind_a_number_is_the_newest_and_says_that_there_are_more(
    staff: People, signed_in: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, now = staff("agent"), timezone.now()
    _oldest, older, newest = (counted_file(agent, now - timedelta(seconds=ago)) for ago in (3, 2, 1))
    monkeypatch.setattr(figures_views, "NEWEST", 2)
    seen = signed_in(agent).get("/counter/figures/files/?span=month&what=opened").context
    assert ([row for row, _address in seen["rows"]], seen["more"]) == ([newest, older], True)


# ── Rehearsals ──


def test_nobody_plays_without_end_nor_keeps_what_is_judged(newcomer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "BEGUN", replace(rehearsing.BEGUN, times=1))
    played = rehearsing.begin(newcomer)
    with pytest.raises(ValueError, match="score"):
        rehearsing.keep(played, score=100)
    with pytest.raises(Refusal, match="too-many"):
        rehearsing.begin(newcomer)


def test_what_is_practised_opens_nothing_and_takes_nothing_away(newcomer: User) -> None:
    def passes(name: str) -> None:
        played = rehearsing._begun(newcomer, name)
        rehearsing.decide(played, *playing.rightly(SCENARIOS[name], played.state))

    for name in ("plain", "person", "expired", "third"):
        passes(name)
    assert not rehearsing.is_enabled(newcomer)
    passes("pin")
    assert rehearsing.is_enabled(newcomer)
    assert Rehearsal.objects.filter(passed=True).count() == 5


def test_whoever_works_here_no_more_is_not_asked_to_rehearse(staff: People) -> None:
    agent = staff("agent")
    assert [row.agent for row in rehearsing.trained([home(agent)])] == [agent]
    User.objects.filter(pk=agent.pk).update(is_active=False)
    assert rehearsing.trained([home(agent)]) == []
