"""A customer who is known already: told in person once the card was read, and to nobody who only typed a number."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from enrollment import dossier
from enrollment.counter.steps import serving
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import declaration, recognition
from portal.models import Branch, Event, Message, User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.conftest import Customer
from tests.enrollment.counter.conftest import TICKS, Desk
from tests.enrollment.test_card import CARD, card_photo

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
Enter = Callable[[User], Client]


@pytest.fixture
def elsewhere(staff: People, signed_in: Enter) -> Desk:
    """Another counter, with an agent of its own."""
    agent = staff("agent", branch=Branch.objects.get_or_create(name="VNPT Hai", defaults={"province": "48"})[0])
    return Desk(signed_in(agent), agent)


def reads(desk: Desk, desk_of: Desk | None = None) -> Desk:
    """The card of whoever stands there; what is declared follows."""
    if desk_of:
        desk.declaration = replace(desk_of.declaration)
    desk.opens()
    desk.at("/register/declaration/card/", {"photo": card_photo(CARD.format(number=desk.declaration.number))})
    return desk


def test_a_number_that_was_only_typed_tells_nothing(desk: Desk, elsewhere: Desk) -> None:
    desk.opens().declares()
    elsewhere.declaration = replace(desk.declaration)
    elsewhere.opens().declares()
    assert elsewhere.application.step == Step.CONSENT
    assert elsewhere.application.is_duplicate
    assert not Event.objects.filter(verb="known customer told").exists()
    assert elsewhere.client.get(f"/counter/{elsewhere.reference}/known/").status_code == 302


def test_after_the_card_was_read_nobody_becomes_a_second_unasked(desk: Desk, elsewhere: Desk) -> None:
    desk.opens().declares()
    reads(elsewhere, desk).declares()
    assert elsewhere.application.step == Step.DECLARATION
    page = elsewhere.at("/register/declaration/check/", TICKS).content.decode()
    assert "Khách này đã có tài khoản hoặc hồ sơ đang mở" in page
    words = elsewhere.client.get(f"/counter/{elsewhere.reference}/known/").content.decode()
    assert f"đang có hồ sơ mở tại quầy {desk.user.branch}" in words
    assert desk.reference not in words
    assert Event.objects.filter(verb="known customer told").count() == 2  # each telling is on the record
    assert Message.objects.filter(template="enrollment/messages/known_application").exists()  # its owner hears of it


def test_a_card_read_in_another_file_or_a_number_typed_over_it_tells_nothing(desk: Desk, elsewhere: Desk) -> None:
    desk.opens().declares()
    reads(elsewhere)
    elsewhere.declaration = replace(desk.declaration)
    elsewhere.declares()
    assert elsewhere.application.step == Step.CONSENT
    desk.opens()
    desk.at("/register/declaration/", {"card_read": elsewhere.declaration.number})
    assert recognition.read_from_card(desk.application) == ""


def test_what_another_counter_began_is_carried_on_here(desk: Desk, elsewhere: Desk) -> None:
    held = desk.opens().declares().lets_in().agrees().application
    reads(elsewhere, desk).declares()
    begun = elsewhere.application
    answer = elsewhere.post("known/", {"move": "1"})
    assert answer["Location"] == f"/counter/{held.reference}/"
    held.refresh_from_db()
    assert (held.step, held.branch, held.agent) == (Step.PLAN, elsewhere.user.branch, elsewhere.user)
    assert {desk.user.pk, elsewhere.user.pk} <= dossier.hands_of(held)
    begun.refresh_from_db()
    assert (begun.step, begun.reason) == (Step.STOPPED, "moved-here")
    assert desk.client.get(f"/counter/{held.reference}/").status_code == 404
    assert held.reference not in desk.client.get("/counter/").content.decode()
    assert held.reference in elsewhere.client.get("/counter/").content.decode()
    message = Message.objects.get(template="enrollment/messages/moved_here", channel=Message.Channel.SMS)
    assert message.recipient == desk.declaration.phone
    elsewhere.reference = held.reference
    assert elsewhere.chooses().application.step == Step.PAYMENT


def test_nothing_is_moved_by_whoever_read_no_card(desk: Desk, elsewhere: Desk) -> None:
    held = desk.opens().declares().application
    elsewhere.declaration = replace(desk.declaration)
    elsewhere.opens().declares()
    elsewhere.post("known/", {"move": "1"})
    with pytest.raises(Refusal, match="out-of-step"):
        serving.move_here(elsewhere.application, elsewhere.user)
    held.refresh_from_db()
    assert held.agent == desk.user


def test_an_application_at_home_stays_at_home(desk: Desk, customer: Customers) -> None:
    walker = customer().opens().chooses().declares()
    desk.declaration = replace(walker.declaration)
    reads(desk).declares()
    page = desk.client.get(f"/counter/{desk.reference}/known/").content.decode()
    assert "trên trình duyệt ở nhà" in page
    assert walker.application.reference not in page
    desk.post("known/", {"move": "1"})
    assert walker.application.branch is None
    assert desk.application.step == Step.DECLARATION


def test_what_is_not_the_customers_own_is_no_hindrance(desk: Desk, customer: Customers) -> None:
    """Somebody typed the number of whoever now stands there with the card: holding decides between them."""
    walker = customer().opens().chooses().declares()
    desk.declaration = replace(walker.declaration, phone="0912999888")
    reads(desk).declares()
    desk.post("known/", {"second": "1"})
    desk.declares()
    assert (desk.application.step, desk.application.is_duplicate) == (Step.CONSENT, True)
    desk.lets_in()
    assert not desk.application.is_duplicate
    assert walker.application.is_duplicate


def test_a_proven_account_signs_in_and_opens_no_second(desk: Desk, person: People) -> None:
    owner = person(full_name="Đỗ Văn Chủ")
    desk.declaration = replace(desk.declaration, number=owner.id_number)
    reads(desk).declares()
    page = desk.client.get(f"/counter/{desk.reference}/known/").content.decode()
    assert "Khách đã có tài khoản" in page
    assert "Làm tiếp như khách mới" not in page
    assert owner.full_name not in page
    desk.post("known/", {"second": "1"})
    desk.declares()
    assert desk.application.step == Step.DECLARATION


def test_whoever_makes_cards_up_is_stopped(desk: Desk, person: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "TELLINGS", replace(recognition.TELLINGS, times=1))
    for known in (True, False):
        desk.declaration = replace(desk.declaration, number=person().id_number)
        reads(desk).declares()
        assert (desk.client.get(f"/counter/{desk.reference}/known/").status_code == 200) is known
    page = desk.at("/register/declaration/check/", TICKS).content.decode()
    assert "quá nhiều khách đã có hồ sơ" in page


def counters(staff: People, count: int) -> list[User]:
    names = [f"VNPT Quầy {place}" for place in range(count)]
    return [staff("agent", branch=Branch.objects.create(name=name, province="01")) for name in names]


def begun(agent: User, desk: Desk) -> Application:
    """Opened at the agent's counter, its card read."""
    assert agent.branch
    application = serving.open_for(agent.branch, agent, language="vi")
    typed = {**desk.declaration.as_json(), recognition.CARD_READ: desk.declaration.number}
    draft = application.sealed("draft", typed)
    Application.objects.filter(pk=application.pk).update(draft=draft)
    return Application.objects.get(pk=application.pk)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_at_several_counters_at_once_one_holds_the_number(staff: People, desk: Desk) -> None:
    files = [begun(agent, desk) for agent in counters(staff, 4)]
    results = at_once(4, lambda place: declaration.declare(files[place], desk.declaration))
    refused = [no.code for no in results if isinstance(no, Refusal)]
    assert refused == ["known-customer"] * 3
    held = Application.objects.get(step=Step.CONSENT)
    assert not held.is_duplicate


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_at_a_counter_and_at_home_at_once_one_holds_the_number(staff: People, desk: Desk, customer: Customers) -> None:
    home = customer(**desk.declaration.__dict__).opens().chooses().application
    files = [begun(counters(staff, 1)[0], desk), home]
    at_once(2, lambda place: declaration.declare(files[place], desk.declaration))
    assert Application.open_ones().filter(is_duplicate=False).exclude(person_index="").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_counters_that_take_the_same_file_at_once_one_has_it(staff: People, desk: Desk) -> None:
    held = desk.opens().declares().application
    agents = counters(staff, 4)
    files = [begun(agent, desk) for agent in agents]
    for file in files:
        with pytest.raises(Refusal, match="known-customer"):
            declaration.declare(file, desk.declaration)
    results = at_once(4, lambda place: serving.move_here(files[place], agents[place]))
    held.refresh_from_db()
    moved = [agents[place] for place, result in enumerate(results) if isinstance(result, Application)]
    assert held.agent in moved
    assert held.trail.filter(verb="passed on").count() == len(moved)
    assert Application.objects.filter(reason="moved-here").count() == len(moved)
    assert Application.open_ones().filter(is_duplicate=False).exclude(person_index="").count() == 1
