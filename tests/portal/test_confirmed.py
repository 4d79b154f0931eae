"""What the rows say of staff counts only as two people said it: SQL gives nobody power."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal import changes
from portal.accounts import changing
from portal.models import Branch, Change, Message, User
from portal.refusals import Refusal
from tests.conftest import People
from tests.portal.test_accounts import change_page, form_of, fresh, turned_away

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def groups_by_sql(user: User, _other: User) -> None:
    user.groups.add(Group.objects.get(name="approver"))


def staff_by_sql(user: User, _other: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.groups.add(Group.objects.get(name="approver"))


def mac_of_another(user: User, other: User) -> None:
    staff_by_sql(user, other)
    row = User.objects.filter(pk=other.pk).values("roles_mac", "roles_by", "confirmed_by", "branch")[0]
    User.objects.filter(pk=user.pk).update(**row)


def phone_of_another(user: User, other: User) -> None:
    row = User.objects.filter(pk=other.pk).values("phone", "phone_index")[0]
    User.objects.filter(pk=user.pk).update(**row)


def phone_alone(user: User, other: User) -> None:
    User.objects.filter(pk=user.pk).update(phone=User.objects.filter(pk=other.pk).values_list("phone")[0][0])


def mail_of_another(user: User, other: User) -> None:
    User.objects.filter(pk=user.pk).update(email=User.objects.filter(pk=other.pk).values_list("email")[0][0])


def password_of_another(user: User, other: User) -> None:
    User.objects.filter(pk=user.pk).update(password=other.password)


def another_branch(user: User, _other: User) -> None:
    User.objects.filter(pk=user.pk).update(branch=Branch.objects.create(name="VNPT Khác", province="02"))


def further_branch(user: User, _other: User) -> None:
    user.further_branches.add(Branch.objects.create(name="VNPT Khác", province="02"))


def another_giver(user: User, other: User) -> None:
    User.objects.filter(pk=user.pk).update(roles_by=other)


def no_mac(user: User, _other: User) -> None:
    User.objects.filter(pk=user.pk).update(roles_mac="")


def not_staff(user: User, _other: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=False)


BY_SQL = (
    groups_by_sql,
    phone_of_another,
    phone_alone,
    mail_of_another,
    password_of_another,
    another_branch,
    further_branch,
    another_giver,
    no_mac,
    not_staff,
)


@pytest.mark.parametrize("written", BY_SQL)
def test_a_row_of_staff_altered_by_other_means_has_no_power_left(
    written: Callable[[User, User], None], staff: People, signed_in: Enter
) -> None:
    """Promise P24: a redirected phone, a role inserted, a branch moved."""
    user = staff("supervisor")
    client = signed_in(user)
    assert client.get("/admin/portal/change/").status_code == 200
    written(user, staff("approver"))
    assert fresh(user).roles == []
    assert fresh(user).get_all_permissions() == set()
    assert client.get("/admin/portal/change/").status_code == 302
    assert turned_away(user)
    Message.objects.all().delete()
    Client().post("/password/forgotten/", {"number": user.id_number})
    assert not Message.objects.exists()


@pytest.mark.parametrize("written", BY_SQL)
def test_who_has_no_power_works_at_no_branch(written: Callable[[User, User], None], staff: People) -> None:
    """Promise P24. A branch added by SQL gives that one and takes the home one."""
    user = staff("agent")
    assert user.branch_ids == {user.branch_id}
    written(user, staff("approver"))
    assert fresh(user).branch_ids == set()


def test_a_customer_is_asked_for_no_branch(person: People, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = fresh(person())
    user.further_branches.add(Branch.objects.create(name="VNPT Khác", province="02"))
    with django_assert_num_queries(1):  # of the roles, as for each
        assert user.roles == ["customer"]
        assert user.branch_ids == set()


@pytest.mark.parametrize("written", [groups_by_sql, staff_by_sql, mac_of_another])
def test_a_customer_gets_no_power_from_rows(
    written: Callable[[User, User], None], person: People, staff: People
) -> None:
    """Promise P24."""
    user = person()
    written(user, staff("approver"))
    assert fresh(user).roles == ["customer"]
    assert fresh(user).get_all_permissions() == set()


def test_what_was_redirected_is_not_made_good_by_another_change(staff: People, first: User, second: User) -> None:
    agent = staff("agent")
    phone_of_another(agent, staff("auditor"))
    name = {"full_name": "Lê Thị Mẫu Khác"}
    change = changes.propose("account changed", changing.about(agent), name, first, reason="Tên viết sai chính tả")
    with pytest.raises(Refusal, match="not-vouched"):
        changes.confirm(change, second)
    assert fresh(agent).roles == []


def test_the_form_of_such_an_account_sends_all_of_it_to_the_second_person(
    staff: People, first: User, second: User, signed_in: Enter
) -> None:
    agent = staff("agent")
    no_mac(agent, first)
    agent = fresh(agent)
    signed_in(first).post(change_page(agent), form_of(agent))
    change = Change.objects.get()
    assert change.after.keys() >= {"phone", "email", "branch", "roles", "is_active"}
    changes.confirm(change, second)
    assert fresh(agent).roles == ["agent"]
