"""Accounts that are closed, and what is left of one that was erased."""

import pytest
from django.db import connection
from django.test import Client

from portal.accounts.closing import close, erase
from portal.accounts.opening import open_account
from portal.models import Event, User
from tests.conftest import PASSWORD, People

pytestmark = pytest.mark.django_db


def test_a_closed_account_opens_to_nobody_and_its_number_is_free(person: People) -> None:
    user, client = person(), Client()
    number = user.id_number
    client.post("/sign-in/", {"login": number, "password": PASSWORD})
    assert client.get("/account/").status_code == 200
    close(user)
    close(user)
    assert client.get("/account/").status_code == 302
    client.post("/sign-in/", {"login": number, "password": PASSWORD})
    assert client.get("/account/").status_code == 302
    assert User.objects.with_number(number) is None
    assert Event.objects.filter(verb="account closed", about=f"user:{user.pk}").count() == 1
    another = open_account(number=number, full_name="Mẫu", phone="0912345678", email="m@example.vn", roles=["customer"])
    gone = User.objects.get(pk=user.pk)
    gone.save()  # whoever saves it later takes the number from nobody
    assert User.objects.with_number(number) == another


def test_an_erased_account_leaves_nothing_of_the_person(person: People) -> None:
    user = person()
    erase(user)
    gone = User.objects.get(pk=user.pk)
    assert (gone.id_number, gone.full_name, gone.phone, gone.email) == ("", "", "", "")
    assert not gone.has_usable_password()
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone_index, email_index, username FROM portal_user WHERE id = %s", [user.pk])
        phone, email, name = cursor.fetchone()
    assert (phone, email) == ("", "")
    assert name.startswith("closed ")


def test_two_accounts_may_be_erased(person: People) -> None:
    for user in (person(), person()):
        erase(user)
    assert User.objects.filter(full_name__isnull=False, is_active=False).count() == 2
