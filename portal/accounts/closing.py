"""Closing an account, and erasing what it knows of a person."""

import secrets

from allauth.mfa.models import Authenticator
from django.db import transaction

from portal import audit
from portal.accounts.opening import end_sessions
from portal.models import User
from portal.models.people import CLOSED


@transaction.atomic
def close(user: User) -> None:
    """Nobody comes in by it any more, and its number is free for another. What it knows stays until it is erased."""
    open_one = User.objects.filter(pk=user.pk).exclude(username__startswith=CLOSED)
    if not open_one.update(username=f"{CLOSED}{secrets.token_hex(16)}", is_active=False):
        return
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    audit.record("account closed", user)


@transaction.atomic
def erase(user: User) -> None:
    """Nothing is left of the person but the row's own number, by which orders and the audit trail speak of somebody."""
    close(user)
    gone = User.objects.select_for_update().get(pk=user.pk)
    gone.id_number = gone.full_name = gone.phone = gone.email = ""
    gone.set_unusable_password()
    gone.save(update_fields=["id_number", "full_name", "phone", "email", "password"])
    User.objects.filter(pk=user.pk).update(phone_index="", email_index="")
    audit.record("account erased", user)
