"""The agent's own code on its page and on a poster, and the head of a counter's look at all of them."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from enrollment.counter.models import Referral
from enrollment.counter.steps import referring
from enrollment.models import Application
from portal.models import Branch, User
from tests.conftest import People
from tests.enrollment.conftest import Customer

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
Enter = Callable[[User], Client]
PAGE, POSTER = "/counter/referral/", "/counter/referral/poster/"


def living(agent: User) -> Referral:
    return Referral.objects.get(agent=agent, ended_at=None)


def test_the_link_on_the_page_leads_a_customer_to_the_agent(
    staff: People, signed_in: Enter, customer: Customers
) -> None:
    agent = staff("agent")
    page = signed_in(agent).get(PAGE)
    link = page.context["link"]
    assert unescape(page.content.decode()).count(link) == 2  # to read and to copy
    client = Client()
    client.get(f"/{link.split('/', 3)[3]}")
    filled = customer(client).opens().application.draft["referral"]
    walker = customer(client, referral=filled).chooses().declares()
    assert walker.application.referred_agent == agent


def test_who_came_is_counted_and_shown_masked(staff: People, signed_in: Enter, customer: Customers) -> None:
    agent = staff("agent")
    desk = signed_in(agent)
    desk.get(PAGE)
    code = living(agent).code
    walkers = [customer(referral=code).opens().chooses().declares() for _ in range(2)]
    walkers[0].pays_nothing()
    customer().opens().chooses().declares()  # came by no code
    page = desk.get(PAGE)
    assert [(step.value, number) for step, number in page.context["steps"]] == [("payment", 1), ("activation", 1)]
    text = page.content.decode()
    for walker in walkers:
        assert walker.application.reference in text
        assert "L. T. M. X." in text
        for personal in (walker.declaration.full_name, walker.declaration.number, walker.declaration.phone):
            assert personal not in text


def test_a_new_code_takes_the_place_of_the_old_one(staff: People, signed_in: Enter) -> None:
    agent = staff("agent")
    desk = signed_in(agent)
    desk.get(PAGE)
    old = living(agent).code
    assert "Đã có mã mới" in desk.post(PAGE, follow=True).content.decode()
    assert living(agent).code != old
    assert referring.referred(old) is None


def test_the_poster_is_whole_in_both_languages(staff: People, signed_in: Enter) -> None:
    agent = staff("agent")
    Branch.objects.filter(pk=agent.branch_id or 0).update(
        address="Số 1 đường Mẫu", hours="7:30–17:00", phone="0237 3850 850"
    )
    desk = signed_in(agent)
    for language in ("vi", "en"):
        desk.cookies["django_language"] = language
        page = desk.get(POSTER).content.decode()
        for text in (
            *(living(agent).code, "VNPT Mẫu", "Số 1 đường Mẫu", "7:30–17:00", "0237 3850 850", "<svg"),
            *("Quét mã bằng điện thoại", "Scan the code with your phone"),
        ):
            assert text in page


def test_each_of_two_branches_has_a_code_and_customers_of_its_own(
    staff: People, signed_in: Enter, customer: Customers
) -> None:
    further = Branch.objects.create(name="VNPT Hai", province="02")
    agent = staff("agent", further=[further.pk])
    desk = signed_in(agent)
    first = desk.get(PAGE).context["code"]
    customer(referral=first.code).opens().chooses().declares()
    desk.post("/counter/branch/", {"branch": str(further.pk)})
    there = desk.get(PAGE).context
    assert (there["code"].branch, there["steps"]) == (further, [])
    assert there["code"] != first


def test_the_head_of_a_counter_sees_the_codes_of_its_agents_and_of_no_other(
    staff: People, signed_in: Enter, customer: Customers
) -> None:
    elsewhere = Branch.objects.create(name="VNPT Hai", province="02")
    ours, theirs = staff("agent", full_name="Mai Mẫu Ta"), staff("agent", branch=elsewhere, full_name="Mai Mẫu Người")
    forged = staff("agent", full_name="Mai Mẫu Giả")
    for agent in (ours, theirs, forged):
        assert agent.branch
        customer(referral=referring.own(agent, agent.branch).code).opens().chooses().declares()
    Referral.objects.filter(agent=forged).update(mac="")
    Application.objects.filter(referred_agent=ours).update(step="complete")
    page = signed_in(staff("lead")).get(PAGE)
    assert [(row.agent, came, finished) for row, came, finished in page.context["codes"]] == [(ours, 1, 1)]
    assert "Mai Mẫu Người" not in page.content.decode()


@pytest.mark.parametrize("role", ["reviewer", "approver", "supervisor", "operator", "auditor"])
def test_for_all_others_there_is_no_such_page(role: str, staff: People, signed_in: Enter) -> None:
    desk = signed_in(staff(role))
    assert {desk.get(PAGE).status_code, desk.post(PAGE).status_code, desk.get(POSTER).status_code} == {404}


def test_nor_for_strangers_and_customers(person: People, signed_in: Enter) -> None:
    for client in (Client(), signed_in(person())):
        assert {client.get(PAGE).status_code, client.post(PAGE).status_code} == {404}
    assert not Referral.objects.exists()


def test_a_head_of_a_counter_who_serves_nobody_has_no_code(staff: People, signed_in: Enter) -> None:
    desk = signed_in(staff("lead"))
    assert "code" not in desk.get(PAGE).context
    assert desk.post(PAGE).status_code == 200
    assert desk.get(POSTER).status_code == 404
    assert not Referral.objects.exists()
