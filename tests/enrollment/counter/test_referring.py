"""A code leads a customer at home to a branch and an agent, and nobody else's row does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from enrollment import dossier
from enrollment.counter.models import Referral
from enrollment.counter.steps import referring
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.steps import approving, declaration
from portal.models import Branch, User
from portal.refusals import Refusal
from tests.conftest import People, at_once
from tests.enrollment.conftest import Customer, typed

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
Alter = Callable[[Referral, User], Any]


@pytest.fixture
def agent(staff: People) -> User:
    return staff("agent")


@pytest.fixture
def referral(agent: User) -> Referral:
    assert agent.branch
    return referring.own(agent, agent.branch)


def test_the_first_look_makes_one_and_the_next_finds_it(agent: User, referral: Referral) -> None:
    assert agent.branch
    assert referring.own(agent, agent.branch) == referral
    assert not set(referral.code) & set("01ILOU")
    newer = referring.anew(agent, agent.branch, instead_of=referral)
    assert referring.own(agent, agent.branch) == newer != referral
    assert referring.referred(referral.code) is None
    assert referring.referred(newer.code)


def test_each_branch_has_its_own(staff: People) -> None:
    further = Branch.objects.create(name="VNPT Hai", province="02")
    agent = staff("agent", further=[further.pk])
    assert agent.branch
    codes = {branch: referring.own(agent, branch).code for branch in (agent.branch, further)}
    for branch, code in codes.items():
        sender = referring.referred(code)
        assert sender
        assert (sender.branch, sender.agent) == (branch, agent)


def test_a_declared_code_leads_there_however_it_is_typed(customer: Customers, referral: Referral, agent: User) -> None:
    code = f" {referral.code[:3].lower()} {referral.code[3:].lower()}"
    application = customer(referral=code).opens().chooses().declares().application
    assert (application.referred_branch, application.referred_agent) == (agent.branch, agent)
    assert (application.branch, application.agent) == (None, None)


def test_who_gains_by_it_may_not_decide(customer: Customers, referral: Referral, agent: User) -> None:
    application = customer(referral=referral.code).opens().chooses().declares().application
    assert agent.pk in dossier.hands_of(application)
    with pytest.raises(Refusal, match="own-hands"):
        approving.check_stranger(application, agent)
    before = dossier.digest(application)
    Application.objects.update(referred_agent=None)
    assert dossier.digest(application) != before


def test_an_unknown_code_is_said_and_stops_nobody(customer: Customers) -> None:
    walker = customer(referral="XYZ123").opens().chooses()
    page = walker.post("/register/declaration/", typed(walker.declaration), follow=True).content.decode()
    assert "Không có mã người giới thiệu “XYZ123”" in page
    assert walker.post("/register/declaration/check/").status_code == 302
    assert walker.application.step == Step.PAYMENT
    assert walker.application.referred_branch is None


def test_a_known_one_is_said_by_its_branch_and_no_name(customer: Customers, referral: Referral, agent: User) -> None:
    walker = customer(referral=referral.code).opens().chooses()
    page = walker.post("/register/declaration/", typed(walker.declaration), follow=True).content.decode()
    assert f"{referral.code} ({agent.branch})" in page
    assert "Không có mã" not in page
    assert agent.full_name not in page


def test_staff_read_who_sent_the_customer(
    customer: Customers, referral: Referral, agent: User, staff: People, signed_in: Callable[[User], Client]
) -> None:
    application = customer(referral=referral.code).opens().chooses().declares().application
    page = signed_in(staff("supervisor")).get(f"/admin/enrollment/application/{application.pk}/change/")
    assert f"{referral.code} · {agent.full_name}, {agent.branch}" in page.content.decode()


def anothers(referral: Referral, other: User) -> None:
    Referral.objects.filter(pk=referral.pk).update(agent=other)


def another_branch(referral: Referral, _other: User) -> None:
    further = Branch.objects.create(name="VNPT Hai", province="02")
    Referral.objects.filter(pk=referral.pk).update(branch=further)


def another_code(referral: Referral, _other: User) -> None:
    Referral.objects.filter(pk=referral.pk).update(code="AAAAAA")


def living_again(referral: Referral, _other: User) -> None:
    referring.end(referral)
    Referral.objects.filter(pk=referral.pk).update(ended_at=None)


def ended(referral: Referral, _other: User) -> None:
    referring.end(referral)


def gone(referral: Referral, _other: User) -> None:
    User.objects.filter(pk=referral.agent_id).update(is_active=False)


def unvouched(referral: Referral, _other: User) -> None:
    User.objects.filter(pk=referral.agent_id).update(roles_mac="")


def elsewhere(referral: Referral, _other: User) -> None:
    agent = User.objects.get(pk=referral.agent_id)
    agent.branch = Branch.objects.create(name="VNPT Hai", province="02")
    agent.save(update_fields=["branch"])
    agent.give_roles(["agent"], None, None)


def another_role(referral: Referral, _other: User) -> None:
    User.objects.get(pk=referral.agent_id).give_roles(["reviewer"], None, None)


@pytest.mark.parametrize(
    "alter",
    [anothers, another_branch, another_code, living_again, ended, gone, unvouched, elsewhere, another_role],
)
def test_what_others_wrote_or_what_is_over_sends_nobody(
    alter: Alter, referral: Referral, staff: People, customer: Customers
) -> None:
    """A code ends; an agent leaves, moves, gets another role; SQL writes a row."""
    assert referring.referred(referral.code)
    alter(referral, staff("agent"))
    code = Referral.objects.get(pk=referral.pk).code
    assert referring.referred(code) is None
    assert customer(referral=code).opens().chooses().declares().application.referred_agent is None


def test_a_row_by_other_means_is_ended_and_told(
    agent: User, referral: Referral, staff: People, caplog: pytest.LogCaptureFixture
) -> None:
    assert agent.branch
    Referral.objects.filter(pk=referral.pk).update(code="AAAAAA")
    newer = referring.own(agent, agent.branch)
    assert newer.pk != referral.pk
    assert "by other means" in caplog.text
    Referral.objects.filter(pk=referral.pk).update(ended_at=None, agent=staff("agent"))
    assert referring.referred("AAAAAA") is None


def test_nobody_sends_themselves(customer: Customers, referral: Referral, agent: User) -> None:
    walker = customer(number=agent.id_number, referral=referral.code)
    mine = walker.opens().chooses().application
    assert declaration.sent(mine, walker.declaration) == {"referred_branch": None, "referred_agent": None}


def test_nobody_sends_whom_they_serve(customer: Customers, referral: Referral, agent: User) -> None:
    walker = customer(referral=referral.code).opens().chooses()
    Application.objects.update(agent=agent, branch=agent.branch)
    assert walker.declares().application.referred_agent is None


def test_a_code_that_ended_since_goes_on_saying_what_it_said(
    customer: Customers, referral: Referral, agent: User
) -> None:
    walker = customer(referral=referral.code).opens().chooses().declares()
    referring.end(referral)
    walker.post("/register/back/", {"to": "declaration"})
    page = walker.post("/register/declaration/", typed(walker.declaration), follow=True).content.decode()
    assert "Không có mã" not in page
    walker.post("/register/declaration/check/")
    assert walker.application.referred_agent == agent


def test_another_code_leads_elsewhere_and_none_nowhere(customer: Customers, referral: Referral, staff: People) -> None:
    walker = customer(referral=referral.code).opens().chooses().declares()
    other = staff("agent")
    assert other.branch
    for code, agent in ((referring.own(other, other.branch).code, other), ("", None)):
        walker.post("/register/back/", {"to": "declaration"})
        walker.post("/register/declaration/", {**typed(walker.declaration), "referral": code})
        walker.post("/register/declaration/check/")
        assert walker.application.referred_agent == agent


@pytest.mark.parametrize("page", ["/", "/register/"])
def test_the_code_in_the_address_is_filled_in_later(page: str, customer: Customers, referral: Referral) -> None:
    client = Client()
    client.get(f"{page}?ref={referral.code.lower()}")
    walker = customer(client).opens().chooses()
    assert f'value="{referral.code}"' in client.get("/register/declaration/").content.decode()
    assert "referral" not in client.session
    assert walker.application.draft == {"referral": referral.code}


@pytest.mark.parametrize("code", ["", "x", "<b>AAAA</b>", "A" * 13, "%00ABCDEF"])
def test_what_is_no_code_makes_no_session(code: str) -> None:
    client = Client()
    client.get(f"/?ref={code}")
    assert "referral" not in client.session


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_looks_at_once_one_makes_it(agent: User) -> None:
    branch = agent.branch
    assert branch
    codes = at_once(8, lambda _place: referring.own(agent, branch).code)
    assert len(set(codes)) == 1
    living = Referral.objects.get(agent=agent, ended_at=None)
    newer = at_once(8, lambda _place: referring.anew(agent, branch, instead_of=living).code)
    assert len(set(newer)) == 1
    assert Referral.objects.filter(agent=agent, ended_at=None).count() == 1
