"""Staff's side: who sees what, who may do what, and what is written down of it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from enrollment.journey import Step
from enrollment.models import Application
from portal import looks
from portal.admin import Capped
from portal.models import Allowance, Branch, Event, User
from tests.conftest import People
from tests.enrollment.conftest import Customer, messages_of

pytestmark = pytest.mark.django_db
Customers = Callable[..., Customer]
Enter = Callable[[User], Client]
LIST = "/admin/enrollment/application/"


@pytest.fixture
def waiting(customer: Customers) -> Customer:
    return customer().opens().chooses().declares().pays_nothing()


def test_the_list_masks_numbers_and_finds_by_exact_ones(waiting: Customer, staff: People, signed_in: Enter) -> None:
    desk, declaration = signed_in(staff("supervisor")), waiting.declaration
    page = desk.get(LIST).content.decode()
    assert declaration.full_name in page
    assert declaration.number not in page
    for known in (declaration.number, declaration.phone, declaration.email, waiting.application.reference.lower()):
        results = desk.post(LIST, {"q": known}, follow=True)
        assert declaration.full_name in results.content.decode()
        assert known not in results.redirect_chain[0][0]  # no number in an address
    for near in (declaration.number[:-1], declaration.phone[:-1], declaration.full_name):
        assert declaration.full_name not in desk.post(LIST, {"q": near}, follow=True).content.decode()
    assert Event.objects.filter(verb="applications searched").exists()


@pytest.mark.parametrize("role", ["reviewer", "approver", "supervisor", "operator", "auditor"])
def test_one_application_shows_its_trail_and_no_code(
    role: str, waiting: Customer, staff: People, signed_in: Enter
) -> None:
    page = signed_in(staff(role)).get(f"{LIST}{waiting.application.pk}/change/").content.decode()
    for text in ("Diễn biến", "Xong bước “Thanh toán”", waiting.declaration.full_name):
        assert text in page
    assert waiting.declaration.number not in page
    assert waiting.declaration.phone not in page


def test_the_whole_number_is_opened_with_a_reason_that_stays(
    waiting: Customer, staff: People, signed_in: Enter
) -> None:
    user = staff("supervisor")
    desk, pk = signed_in(user), waiting.application.pk
    secret = (waiting.declaration.number, waiting.declaration.email, f"{waiting.declaration.birth_date:%d/%m/%Y}")

    def page(**why: str) -> str:
        return desk.post(f"{LIST}{pk}/open/", why, follow=True).content.decode()

    for reason, words in (("", "Khách gọi tổng đài hỏi"), ("customer", " "), ("customer", "xxxxx")):
        masked = page(reason=reason, words=words)
        assert not any(each in masked for each in secret)
    opened = page(reason="customer", words="Khách gọi tổng đài hỏi")
    assert all(each in opened for each in secret)
    event = Event.objects.get(verb="opened for a reason")
    assert (event.actor_id, event.about) == (user.pk, f"application:{pk}")
    assert event.details == {"reason": "customer", "words": "Khách gọi tổng đài hỏi"}
    assert "Khách gọi tổng đài hỏi" in signed_in(staff("auditor")).get(f"{LIST}{pk}/change/").content.decode()
    other = signed_in(staff("reviewer")).get(f"{LIST}{pk}/change/").content.decode()
    assert not any(each in other for each in (*secret, "Khách gọi tổng đài hỏi"))


def test_each_look_at_an_application_is_on_the_record_and_they_have_an_end(
    waiting: Customer, staff: People, signed_in: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "FILE", looks.Kind("file looked at", 2))
    reviewer = staff("reviewer")
    desk, pk = signed_in(reviewer), waiting.application.pk
    assert [desk.get(f"{LIST}{pk}/change/").status_code for _look in range(5)] == [200] * 4 + [429]
    events = Event.objects.filter(verb="file looked at", actor=reviewer, about=f"application:{pk}").order_by("id")
    assert [(event.result, event.details) for event in events[:4]] == [("ok", {"masked": True})] * 4
    assert events[4].result == "refused"


def test_nothing_of_an_application_can_be_edited_in_the_admin(
    waiting: Customer, staff: People, signed_in: Enter
) -> None:
    desk, pk = signed_in(staff("supervisor")), waiting.application.pk
    assert desk.get(f"{LIST}add/").status_code == 403
    assert desk.get(f"{LIST}{pk}/delete/").status_code == 403
    desk.post(f"{LIST}{pk}/change/", {"step": "complete"})
    assert waiting.application.step == Step.ACTIVATION


def test_an_agent_sees_the_own_branch_only(waiting: Customer, staff: People, signed_in: Enter) -> None:
    """Promise P13, as far as an agent and applications."""
    agent = staff("agent")
    desk, pk = signed_in(agent), waiting.application.pk
    assert waiting.declaration.full_name not in desk.get(LIST).content.decode()
    assert desk.get(f"{LIST}{pk}/change/").status_code == 404
    assert desk.post(f"{LIST}{pk}/open/", {"reason": "customer"}).status_code == 404
    Application.objects.update(branch=Branch.objects.create(name="VNPT khác", province="02"))
    assert desk.get(f"{LIST}{pk}/change/").status_code == 404
    agent.groups.add(Group.objects.get(name="customer"))  # as most people are one day
    assert desk.get(f"{LIST}{pk}/change/").status_code == 404
    Application.objects.update(branch=agent.branch)
    assert desk.get(f"{LIST}{pk}/change/").status_code == 200


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_whoever_works_at_a_counter_sees_that_ones_files_and_no_others_by_any_address(
    role: str, waiting: Customer, staff: People, signed_in: Enter
) -> None:
    """Promise P13: role by branch by address and verb."""
    further, strange = (Branch.objects.create(name=f"VNPT {name}", province="02") for name in ("Hai", "Ba"))
    user = staff(role, further=[further.pk])
    desk, pk, reference = signed_in(user), waiting.application.pk, waiting.application.reference
    addresses = {
        "get": [f"{LIST}{pk}/change/", f"{LIST}{pk}/history/", f"{LIST}{pk}/delete/"],
        "post": [f"{LIST}{pk}/{what}/" for what in ("change", "open", "resend", "stop", "delete")],
    }
    for branch, may in ((user.branch, True), (further, True), (strange, False), (None, False)):
        Application.objects.update(branch=branch)
        answers = [desk.generic(verb.upper(), at) for verb, some in addresses.items() for at in some]
        # Django answers a row that is not there by its home page, where it has a page of its own for it.
        turned_away = {answer.status_code in (403, 404) or answer.get("Location") == "/admin/" for answer in answers}
        assert (turned_away == {True}) == (not may)
        assert (desk.get(f"{LIST}{pk}/change/").status_code == 200) == may
        results = desk.post(LIST, {"q": reference}, follow=True).content.decode()
        assert (f"{LIST}{pk}/change/" in results) == may
        home = desk.get("/admin/").content.decode()
        assert (f"{LIST}?step__exact=activation" in home) == may
        assert waiting.application.step == Step.ACTIVATION


def test_an_agent_without_a_branch_sees_nothing(waiting: Customer, staff: People, signed_in: Enter) -> None:
    """And not all the applications that have none, which are those of everybody at home."""
    agent = staff("agent", branch=None)
    desk, pk = signed_in(agent), waiting.application.pk
    assert waiting.application.branch is None
    listed = desk.get(LIST)
    assert listed.status_code == 200
    assert waiting.application.reference not in listed.content.decode()
    assert desk.get(f"{LIST}{pk}/change/").status_code == 404


@pytest.mark.parametrize(
    ("role", "may"), [("supervisor", True), ("operator", True), ("reviewer", False), ("auditor", False)]
)
def test_resending_and_stopping_are_for_some(
    role: str, may: bool, waiting: Customer, staff: People, signed_in: Enter
) -> None:
    desk, pk = signed_in(staff(role)), waiting.application.pk
    desk.post(f"{LIST}{pk}/resend/")
    assert Event.objects.filter(verb="code resent").exists() is may
    desk.post(f"{LIST}{pk}/stop/", {"reason": "staff"})
    assert (waiting.application.step == Step.STOPPED) is may


def test_a_customer_has_no_business_there(waiting: Customer, person: People, signed_in: Enter) -> None:
    for client in (Client(), signed_in(person())):
        for path in (LIST, f"{LIST}{waiting.application.pk}/change/", "/admin/orders/refund/"):
            assert client.get(path).status_code in (302, 403)
        assert client.post(f"{LIST}{waiting.application.pk}/stop/", {"reason": "staff"}).status_code in (302, 403)
    assert waiting.application.step == Step.ACTIVATION


def test_a_resent_code_is_the_customers_to_read(waiting: Customer, staff: People, signed_in: Enter) -> None:
    Allowance.objects.all().delete()
    page = signed_in(staff("operator")).post(f"{LIST}{waiting.application.pk}/resend/", follow=True).content.decode()
    assert "Mã mới đã được gửi cho khách" in page
    assert messages_of("activation_code") == 2


def test_a_long_list_is_counted_no_further_than_people_page(
    staff: People, signed_in: Enter, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert Capped.MOST == 10_000
    desk = signed_in(staff("supervisor"))
    with django_assert_max_num_queries(20):
        desk.get(LIST)


def test_names_in_the_list_cost_no_query_each(customer: Customers, staff: People, signed_in: Enter) -> None:
    desk, counted = signed_in(staff("supervisor")), []
    for _more in range(2):
        for _one in range(3):
            customer().opens().chooses().declares()
        with CaptureQueriesContext(connection) as asked:
            desk.get(LIST)
        counted.append(len(asked))
    assert counted[0] == counted[1]
