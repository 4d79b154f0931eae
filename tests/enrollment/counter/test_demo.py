"""The demo's counter: a queue of nobody, each led there by the real steps."""

import pytest
from django.test import Client

from enrollment.counter.demo import people
from enrollment.counter.steps import rehearsing
from enrollment.demo import tour
from enrollment.journey import Actor, Channel, Step
from enrollment.models import Application
from enrollment.orders.models import CashReceipt, Drawer
from portal import outbox, seeds
from portal.demo.inbox import texts
from portal.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seeds.seed()
    people.seed()


def at(step: Step) -> Application:
    return Application.objects.filter(channel=Channel.COUNTER, step=step).earliest("pk")


def test_there_is_a_queue_for_the_agent_and_of_the_customers() -> None:
    rows = Application.objects.filter(is_demo=True, channel=Channel.COUNTER)
    assert rows.count() == len(people.GUESTS)
    assert {row.turn.actor for row in rows} == {Actor.AGENT, Actor.CUSTOMER}
    assert all(row.agent and row.branch for row in rows)
    people.seed()
    assert rows.count() == len(people.GUESTS)


def test_its_agents_have_rehearsed_and_one_has_taken_cash_into_an_open_drawer() -> None:
    assert all(rehearsing.is_enabled(people.agent_with(guest.agent)) for guest in people.GUESTS)
    assert Drawer.objects.get().agent == people.agent_with(people.TELLER)
    assert CashReceipt.objects.get().order in at(Step.CAPTURE).orders


def test_one_click_leads_an_agent_to_it_and_another_the_head_of_the_counter(client: Client) -> None:
    page = client.get("/demo/").content.decode()
    for name in ("Trịnh Văn Mẫu Dũng", "Mai Thị Mẫu Oanh", "Lưu Thị Mẫu Phương"):
        user = next(user for user in User.objects.filter(is_demo=True) if user.full_name == name)
        assert name in page
        seen = client.post(f"/demo/sign-in/{user.pk}/?next=/counter/", follow=True).content.decode()
        assert "Ngô Văn Mẫu Cảnh" in seen


def test_the_invitation_in_the_inbox_is_a_link(client: Client) -> None:
    for _turn in range(5):
        outbox.deliver()
    guest = next(guest for guest in people.GUESTS if guest.until == Step.CONSENT)
    sms = next(text for text in texts([guest.phone]) if "/invited/" in text.body)
    link = sms.body[sms.body.index("http") :].split()[0]
    assert f'<a href="{link}"' in client.get(f"/demo/inbox/?to={guest.phone}").content.decode()
    assert "Làm tiếp cùng quầy VNPT" in client.get(link.partition("localhost:8000")[2]).content.decode()


def test_the_tour_stays_on_the_way_at_home_and_tells_of_the_counter(client: Client) -> None:
    client.post("/demo/tour/begin/")
    assert tour.COOKIE not in client.cookies
    assert "Tại quầy" in client.get("/demo/").content.decode()
