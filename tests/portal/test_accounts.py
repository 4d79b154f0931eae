"""Accounts: opened and changed by two people, and by nobody else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from portal import changes
from portal.accounts import changing
from portal.models import Branch, Change, Event, Message, User
from portal.refusals import Refusal
from tests.conftest import PASSWORD, People

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
ADD = "/admin/portal/user/add/"
NUMBER = "038190555666"


def new_account(**differently: str | list[str]) -> dict[str, str | list[str]]:
    return {
        "id_number": "038 190 555 666",
        "full_name": "Lê Thị Mẫu Mới",
        "phone": "+84 987 654 321",
        "email": "moi@EXAMPLE.vn",
        "language": "vi",
        "roles": ["agent"],
        "branch": str(Branch.objects.get_or_create(name="VNPT Mẫu", defaults={"province": "01"})[0].pk),
        "reason": "Nhân viên mới của quầy",
        **differently,
    }


def form_of(user: User, **differently: Any) -> dict[str, Any]:
    """The form as it was shown, with what somebody typed into it."""
    shown = {
        "full_name": user.full_name,
        "language": user.language,
        "roles": user.held,
        "branch": str(user.branch_id or ""),
        "is_active": "on" if user.is_active else "",
    }
    seen = {f"initial-{name}": value for name, value in shown.items()}
    typed = {"new_phone": "", "new_email": "", "reason": "Theo đơn của người này", **shown, **differently}
    return {name: value for name, value in {**seen, **typed}.items() if value != ""}


def change_page(user: User) -> str:
    return f"/admin/portal/user/{user.pk}/change/"


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def turned_away(user: User) -> bool:
    answer = Client().post("/sign-in/", {"login": user.id_number, "password": PASSWORD})
    return answer.headers["Location"] == "/account/inactive/"


def test_an_account_is_there_when_a_second_person_has_confirmed_it(first: User, second: User, signed_in: Enter) -> None:
    """Promise P24. Its owner sets the password, so that nobody else ever knew it."""
    assert signed_in(first).post(ADD, new_account()).headers["Location"] == "/admin/portal/change/"
    assert User.objects.with_number(NUMBER) is None
    assert not Message.objects.filter(template="portal/messages/account_opened").exists()
    changes.confirm(Change.objects.get(), second)
    opened = User.objects.with_number(NUMBER)
    assert opened
    assert (opened.phone, opened.email, opened.roles) == ("0987654321", "moi@example.vn", ["agent"])
    assert (opened.roles_by, opened.confirmed_by, opened.is_staff) == (first, second, True)
    assert not opened.has_usable_password()
    assert Message.objects.filter(template="portal/messages/account_opened").count() == 2


def test_nothing_personal_is_in_the_trail_nor_stays_in_the_row(first: User, second: User, signed_in: Enter) -> None:
    signed_in(first).post(ADD, new_account())
    changes.confirm(Change.objects.get(), second)
    change = Change.objects.get()
    kept = repr([*Event.objects.values_list("details", flat=True), change.before, change.after])
    assert "098•••••" not in kept
    for personal in (NUMBER, "0987654321", "moi@example.vn", "Thị Mẫu"):
        assert personal not in kept
    assert "Mẫu" not in repr(list(LogEntry.objects.values_list("object_repr", "change_message")))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id_number": "12345"}, "9 hoặc 12 chữ số"),
        ({"phone": "0237 3858000"}, "10 chữ số"),
        ({"email": "moi@example"}, "chưa đúng dạng"),
        ({"branch": ""}, "phải thuộc một đơn vị"),
        ({"roles": ["king"]}, "king"),
        ({"reason": "xxxxx"}, "ít nhất ba từ"),
    ],
)
def test_a_wrong_account_form_says_why(wrong: dict[str, str], said: str, first: User, signed_in: Enter) -> None:
    answer = signed_in(first).post(ADD, new_account(**wrong))
    assert said in answer.content.decode()
    assert not Change.objects.exists()


def test_a_number_has_one_account(first: User, second: User, signed_in: Enter) -> None:
    client = signed_in(first)
    client.post(ADD, new_account())
    answer = client.post(ADD, new_account(id_number="０３８190555666"), follow=True)
    assert "đang chờ người thứ hai" in answer.content.decode()
    change = Change.objects.get()
    changes.confirm(change, second)
    assert "Đã có tài khoản" in client.post(ADD, new_account()).content.decode()


def test_roles_change_when_a_second_person_has_confirmed_it(
    staff: People, first: User, second: User, signed_in: Enter
) -> None:
    """Promise P24."""
    agent = staff("agent")
    theirs = signed_in(agent)
    signed_in(first).post(change_page(agent), form_of(agent, roles=["agent", "reviewer"]))
    assert fresh(agent).roles == ["agent"]
    changes.confirm(Change.objects.get(), second)
    changed = fresh(agent)
    assert (changed.roles, changed.username) == (["agent", "reviewer"], agent.username)
    assert theirs.get("/account/").status_code == 302
    [entry] = Event.objects.filter(verb="change confirmed")
    assert (entry.details["before"]["roles"], entry.details["after"]["roles"]) == (["agent"], ["agent", "reviewer"])


def test_further_branches_are_two_peoples_too(staff: People, first: User, second: User, signed_in: Enter) -> None:
    """Promise P24. In words for whoever confirms, on the account's page and in the trail."""
    places = [Branch.objects.create(name=f"VNPT Mẫu {n}", province="02") for n in (1, 2)]
    typed = new_account(further_branches=[str(place.pk) for place in places])
    proposer = signed_in(first)
    proposer.post(ADD, typed)
    changes.confirm(Change.objects.get(), second)
    opened = User.objects.with_number(NUMBER)
    assert opened
    assert opened.branch_ids == {opened.branch_id, *(place.pk for place in places)}
    kept = form_of(opened, further_branches=[str(places[1].pk)])
    kept["initial-further_branches"] = [str(place.pk) for place in places]
    proposer.post(change_page(opened), kept)
    change = Change.objects.get(decision="")
    assert fresh(opened).branch_ids == opened.branch_ids
    reader = signed_in(second)
    assert "VNPT Mẫu 1, VNPT Mẫu 2" in reader.get(f"/admin/portal/change/{change.pk}/change/").content.decode()
    changes.confirm(change, second)
    assert fresh(opened).branch_ids == {opened.branch_id, places[1].pk}
    assert "VNPT Mẫu 2" in reader.get(change_page(opened)).content.decode()
    trail = reader.get("/admin/portal/event/?verb=change+confirmed").content.decode()
    assert "Cũng làm ở: VNPT Mẫu 1, VNPT Mẫu 2 → VNPT Mẫu 2" in trail


def test_the_home_branch_is_no_further_one(first: User, signed_in: Enter) -> None:
    typed = new_account()
    signed_in(first).post(ADD, {**typed, "further_branches": [typed["branch"]]})
    assert "further_branches" not in Change.objects.get().after


@pytest.mark.parametrize("role", ["agent", "customer"])
def test_a_phone_moves_by_two_people_and_the_old_one_is_told(
    role: str, staff: People, person: People, first: User, second: User, signed_in: Enter
) -> None:
    """Promise P24. Of staff and of customers alike: password resets go there."""
    user = person(role) if role == "customer" else staff(role)
    old, theirs = user.phone, signed_in(user)
    signed_in(first).post(change_page(user), form_of(user, new_phone="0987 654 321"))
    assert fresh(user).phone == old
    Message.objects.all().delete()
    changes.confirm(Change.objects.get(), second)
    assert fresh(user).phone == "0987654321"
    assert fresh(user).roles == [role]
    [sms] = Message.objects.filter(channel="sms")
    assert (sms.template, sms.recipient) == ("portal/messages/security_changed", old)
    assert theirs.get("/account/").status_code == 302


def test_a_stale_form_puts_nothing_back(staff: People, first: User, second: User, signed_in: Enter) -> None:
    agent = staff("agent")
    form = form_of(agent, full_name="Lê Thị Mẫu Khác")
    User.objects.filter(pk=agent.pk).update(language="en")
    signed_in(first).post(change_page(agent), form)
    changes.confirm(Change.objects.get(), second)
    changed = fresh(agent)
    assert (changed.full_name, changed.language) == ("Lê Thị Mẫu Khác", "en")


def test_nobody_changes_the_own_account(first: User, signed_in: Enter) -> None:
    client = signed_in(first)
    assert client.post(change_page(first), form_of(first, roles=["operator", "approver"])).status_code == 403
    assert not Change.objects.exists()


def test_somebody_closed_comes_back_by_two_people(staff: People, first: User, second: User) -> None:
    """Promise P24. Not by the row's own flag."""
    agent = staff("agent")
    about = changing.about(agent)
    changes.confirm(
        changes.propose("account changed", about, {"is_active": False}, first, reason="Người này đã nghỉ việc"), second
    )
    assert turned_away(agent)
    User.objects.filter(pk=agent.pk).update(is_active=True)
    assert not fresh(agent).may_enter
    User.objects.filter(pk=agent.pk).update(is_active=False)
    whole = {
        "phone": agent.phone,
        "email": agent.email,
        "branch": agent.branch_id,
        "further_branches": [],
        "roles": ["agent"],
        "is_active": True,
    }
    partly = changes.propose("account changed", about, {"is_active": True}, first, reason="Người này đi làm lại")
    with pytest.raises(Refusal, match="not-vouched"):
        changes.confirm(partly, second)
    changes.withdraw(partly, first)
    changes.confirm(changes.propose("account changed", about, whole, first, reason="Người này đi làm lại"), second)
    assert fresh(agent).may_enter


# ── Masked ──


@pytest.mark.parametrize("role", ["auditor", "supervisor", "operator"])
def test_an_account_form_is_no_way_round_the_masks(role: str, staff: People, person: People, signed_in: Enter) -> None:
    client, user = signed_in(staff(role)), person()
    shown = client.get(change_page(user)).content.decode()
    assert not [secret for secret in (user.id_number, user.phone, user.email) if secret in shown]
    client.post(f"/admin/portal/user/{user.pk}/open/", {"reason": "fraud", "words": "xxxxx"})
    assert user.phone not in client.get(change_page(user)).content.decode()
    client.post(f"/admin/portal/user/{user.pk}/open/", {"reason": "fraud", "words": "Khách báo có người giả"})
    shown = client.get(change_page(user)).content.decode()
    assert [secret for secret in (user.id_number, user.phone, user.email) if secret in shown] == [
        user.id_number,
        user.phone,
        user.email,
    ]
    looks = Event.objects.filter(verb="file looked at", about=f"user:{user.pk}").order_by("id")
    assert [look.details["masked"] for look in looks] == [True, True, False]
    assert Event.objects.filter(verb="opened for a reason", about=f"user:{user.pk}").count() == 1


def test_the_second_person_reads_the_new_phone_masked(
    first: User, second: User, person: People, signed_in: Enter
) -> None:
    user = person()
    signed_in(first).post(change_page(user), form_of(user, new_phone="0987654321", full_name="Lê Thị Mẫu Khác"))
    shown = signed_in(second).get(f"/admin/portal/change/{Change.objects.get().pk}/change/").content.decode()
    assert "0987654321" not in shown
    assert "09•••••321" in shown
    assert "Lê Thị Mẫu Khác" in shown
