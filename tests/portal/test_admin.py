"""Staff's side: what each role sees, and that no code or number shows."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.accounts.roles import ROLES, permissions_of
from portal.models import Branch, Event, Message, User
from tests.conftest import People

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
PAGES = {"user": "view_user", "branch": "view_branch", "message": "view_message", "event": "view_event"}


@pytest.mark.parametrize("role", [name for name, role in ROLES.items() if role.staff])
def test_each_role_opens_the_pages_of_its_permissions_and_no_other(role: str, staff: People, signed_in: Enter) -> None:
    client = signed_in(staff(role))
    for page, permission in PAGES.items():
        allowed = f"portal.{permission}" in permissions_of(role)
        assert client.get(f"/admin/portal/{page}/").status_code == (200 if allowed else 403)


def test_customers_and_strangers_are_sent_to_the_sign_in_page(person: People, signed_in: Enter) -> None:
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/sign-in/")
    assert signed_in(person()).get("/admin/").status_code in (302, 403)


@pytest.mark.parametrize("asked", ["number", "phone", "email"])
def test_people_are_found_by_the_whole_number_phone_or_mail_only(asked: str, staff: People, signed_in: Enter) -> None:
    client, user = signed_in(staff("operator")), staff("agent", full_name="Võ Thị Mẫu Tìm")
    whole = {"number": user.id_number, "phone": user.phone, "email": user.email}[asked]
    assert "Mẫu Tìm" in client.post("/admin/portal/user/", {"q": whole}, follow=True).content.decode()
    assert "Mẫu Tìm" not in client.post("/admin/portal/user/", {"q": whole[:-1]}, follow=True).content.decode()


def test_staff_and_customers_are_two_lists_and_a_search_goes_through_both(
    staff: People, person: People, signed_in: Enter
) -> None:
    desk, customer = signed_in(staff("operator", full_name="Lý Mẫu Trực")), person(full_name="Tạ Mẫu Khách")
    rows = {query: names_in(desk, query) for query in ("", "?people=customers")}
    assert [("Mẫu Trực" in names, "Mẫu Khách" in names) for names in rows.values()] == [(True, False), (False, True)]
    assert "Mẫu Khách" in desk.post("/admin/portal/user/", {"q": customer.id_number}, follow=True).content.decode()
    assert customer.id_number not in rows["?people=customers"]


def names_in(desk: Client, query: str) -> str:
    return desk.get(f"/admin/portal/user/{query}").content.decode().partition('id="result_list"')[2]


def test_dead_messages_are_sent_again_by_who_may(staff: People, signed_in: Enter) -> None:
    user = staff("operator")
    [message, _mail] = outbox.post("portal/messages/password_reset", ["135790", "15"], user, intent="x")
    Message.objects.filter(pk=message.pk).update(status="dead")
    again = {"action": "resend", "_selected_action": [str(message.pk)]}
    signed_in(staff("auditor")).post("/admin/portal/message/", again)
    assert Message.objects.get(pk=message.pk).status == "dead"
    signed_in(user).post("/admin/portal/message/", again)
    assert Message.objects.get(pk=message.pk).status == "due"


def test_no_page_of_messages_shows_a_code_or_a_whole_number(staff: People, signed_in: Enter) -> None:
    user = staff("agent")
    [message, _mail] = outbox.post("portal/messages/password_reset", ["135790", "15"], user, intent="x")
    client = signed_in(staff("operator"))
    for page in ("/admin/portal/message/", f"/admin/portal/message/{message.pk}/change/"):
        shown = client.get(page).content.decode()
        assert "135790" not in shown
        assert user.phone not in shown


def test_the_trail_is_read_only_and_in_words(staff: People, signed_in: Enter) -> None:
    client = signed_in(staff("auditor"))
    entry = Event.objects.latest("id")
    page = client.get("/admin/portal/event/").content.decode()
    assert "Mở tài khoản" in page
    assert client.post(f"/admin/portal/event/{entry.pk}/change/", {"verb": "x"}).status_code == 403
    assert client.get(f"/admin/portal/event/{entry.pk}/delete/").status_code == 403
    assert timezone.now() > entry.at


@pytest.mark.parametrize(
    "lookup",
    [
        "password__startswith=argon2",
        "username__startswith=a",
        "id_number__startswith=k1",
        "branch__user__password__startswith=a",
    ],
)
def test_no_list_can_be_filtered_by_what_it_does_not_offer(lookup: str, staff: People, signed_in: Enter) -> None:
    answer = signed_in(staff("operator")).get(f"/admin/portal/user/?{lookup}")
    assert answer.status_code in (302, 400)
    assert "password__startswith" not in answer.content.decode()


@pytest.mark.parametrize("offered", ["groups__name=agent", "branch__id__exact=1", "is_active__exact=1"])
def test_what_a_list_offers_it_does(offered: str, staff: People, signed_in: Enter) -> None:
    assert signed_in(staff("operator")).get(f"/admin/portal/user/?{offered}").status_code == 200


@pytest.mark.parametrize(("page", "ours"), [("password_change", "/account/password/"), ("logout", "/sign-out/")])
def test_djangos_own_password_page_leads_to_ours(page: str, ours: str, staff: People, signed_in: Enter) -> None:
    assert signed_in(staff("agent")).post(f"/admin/{page}/").headers["Location"] == ours


def test_a_changed_branch_leaves_an_entry_with_both_values(staff: People, signed_in: Enter) -> None:
    client, branch = signed_in(staff("operator")), Branch.objects.get(name="VNPT Mẫu")
    client.post(f"/admin/portal/branch/{branch.pk}/change/", {"name": "VNPT Mẫu", "province": "38"})
    entry = Event.objects.get(verb="branch changed", about=f"branch:{branch.pk}")
    assert entry.details == {"before": {"province": "01"}, "after": {"province": "38"}}
