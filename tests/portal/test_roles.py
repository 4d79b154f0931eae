"""Roles and what they may do; who is who."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from portal import outbox
from portal.accounts.roles import ROLES, permissions_of
from portal.demo.inbox import texts
from portal.models import User
from portal.parts import Part, parts
from tests.conftest import People
from tests.portal.test_signing_in import try_password

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def test_roles_have_the_permissions_of_the_table_and_no_more(person: People) -> None:
    for name, role in ROLES.items():
        user = person(name)
        assert user.get_all_permissions() == permissions_of(name)
        assert user.is_staff is role.staff
        assert not user.is_superuser


def test_no_row_in_djangos_own_tables_gives_a_right(person: People) -> None:
    user, agents = person("agent"), Group.objects.get(name="agent")
    agents.permissions.set(Permission.objects.all())
    assert User.objects.get(pk=user.pk).get_all_permissions() == permissions_of("agent")
    assert not user.has_perm("portal.change_user")


def test_no_app_gives_anything_to_a_role_that_is_not_in_the_table() -> None:
    assert {name for part in parts(Part) for name in part.permissions} <= set(ROLES)


def test_an_account_without_password_gets_a_message_how_to_set_one(person: People) -> None:
    user = person("agent", password=None)
    outbox.deliver()
    assert "/password/forgotten/" in texts([user.phone])[0].body
    assert "Nhan vien quay" in texts([user.phone])[0].body
    assert try_password(user.id_number, "") != "signed in"


def test_the_user_name_is_never_shown(staff: People, signed_in: Enter) -> None:
    user = staff("operator")
    client = signed_in(user)
    for page in ("/account/", "/account/security/", "/account/sessions/", "/admin/", "/admin/portal/user/"):
        shown = client.get(page).content.decode()
        assert user.username not in shown
        assert user.id_number not in shown
