"""Whose a second factor is: bound to its owner once, when it is set up, by a MAC over what it is known by. Copied into
another's row it lets nobody in."""

import hmac
import json
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models.signals import pre_save  # noqa: TID251 (allauth writes these rows itself and calls nobody)
from django.dispatch import receiver  # noqa: TID251

from portal import sealing
from portal.models import User

PLACE = "mfa_authenticator.data"
SECRETS = {"totp": "secret", "recovery_codes": "seed"}  # sealed; of a passkey the public half is known
MAC = "mac"  # beside it


@receiver(pre_save, sender=Authenticator)
def bind(instance: Authenticator, **_signal: Any) -> None:
    if instance._state.adding:
        instance.data[MAC] = mac_of(instance)


def mac_of(device: Authenticator) -> str:
    if device.type in SECRETS:
        known = sealing.unseal(device.data[SECRETS[device.type]], PLACE).decode()
    else:
        known = json.dumps(device.data["credential"], sort_keys=True)
    return sealing.blind_index("second factor", f"{device.user_id} {device.type} {known}")


def is_own(device: Authenticator) -> bool:
    try:
        return hmac.compare_digest(str(device.data[MAC]), mac_of(device))
    except (sealing.Broken, KeyError, TypeError):
        return False


def has_anothers(user: User) -> bool:
    """Asked before anybody comes in, by whichever of them."""
    return not all(map(is_own, Authenticator.objects.filter(user=user)))
