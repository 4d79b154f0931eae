""" "Tạo mã PIN": with the customer present, the key pair becomes theirs and proves itself by a certificate request.

Runs in the signer: the PIN is in clear in the browser and here, for as long as it takes."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from enrollment.identity import Declaration
from enrollment.journey import Step
from enrollment.models import Application
from portal import audit
from signing import custody
from signing.authority import requests
from signing.authority.gateways.vault import CUSTOMER, Broken, vault
from signing.models import PIN_TRIES, Act, Key
from signing.steps import acts
from signing.steps.acts import Confirmation, NotDone, settle

log = structlog.get_logger(__name__)
POOL = 24  # key pairs kept ready: making one takes up to a third of a second
AT_ONCE = 8
LEAST_DIGITS = 4  # that differ
BOUND = ("custody", "wrapped", "request", "passkey", "tries_left", "bound_at", "mac")  # what a PIN makes of a key
SHAPE = re.compile(r"[0-9]{6}")


def faults(pin: str, declaration: Declaration) -> Iterator[str]:
    """What others would try first. A pattern is one by rule, not by list: too few digits that differ, or two halves of
    three, one after the other or one between the other, that are each a row: 123456, 123987, 102030."""
    if not SHAPE.fullmatch(pin):
        yield "pin-shape"
        return
    halves = (pin[:3], pin[3:]), (pin[::2], pin[1::2])
    if len(set(pin)) < LEAST_DIGITS or any(all(map(is_row, parts)) for parts in halves):
        yield "pin-pattern"
    if any(pin in date for date in written(declaration.birth_date)):
        yield "pin-birth"
    if pin in declaration.phone or pin in declaration.number:
        yield "pin-number"


def is_row(digits: str) -> bool:
    """111, 123, 975: each as far from the next."""
    first, second, third = map(int, digits)
    return (second - first) % 10 == (third - second) % 10


def written(born: date) -> Iterator[str]:
    """In every order in which people write a date, in full and in short."""
    for day, month in ((f"{born:%d}", f"{born:%m}"), (str(born.day), str(born.month))):
        for year in (f"{born:%Y}", f"{born:%y}"):
            yield from (day + month + year, month + day + year, year + month + day)


def ask(application: Application, place: str = "") -> Act:
    assert application.subscription
    return acts.ask(Act.Kind.PIN, application.subscription, application=application, place=place)


# ── In the signer ──


def create(act: Act, confirmation: Confirmation) -> None:
    """The PIN itself is never kept: what it opens is."""
    application = acts.application_of(act)
    declaration, chosen = application.declaration, confirmation.secret.decode()
    if application.step != Step.PIN or declaration is None or confirmation.way != custody.PIN:
        raise NotDone("moved")
    if fault := next(faults(chosen, declaration), ""):
        raise NotDone(fault)
    secrets, passkey = {custody.PIN: confirmation.secret}, passkey_of(confirmation)
    if passkey:
        secrets[custody.PASSKEY] = str(confirmation.fields["prf"]).encode()
    key = taken(application)
    key.request = proof_of(key, application.reference)
    key.custody, key.wrapped, key.passkey = custody.locked(key, secrets), None, passkey
    key.tries_left, key.bound_at = PIN_TRIES, timezone.now()
    key.mac = custody.vouched(key)
    with transaction.atomic():
        mine = Key.objects.filter(pk=key.pk, application=application, custody=None)
        if mine.update(**{name: getattr(key, name) for name in BOUND}) != 1:
            raise NotDone("moved")
        Act.objects.filter(pk=act.pk).update(key=key)
        application.finish()
        audit.record("pin made", application, passkey=bool(passkey), key=key.kind)
        if not settle(act, Act.State.DONE):
            raise NotDone("late")


def passkey_of(confirmation: Confirmation) -> dict[str, str] | None:
    """Which passkey opens the key too: no secret, it is named to the browser when it shall be asked."""
    given, prf = confirmation.fields.get("passkey"), confirmation.fields.get("prf")
    if not isinstance(given, dict) or not isinstance(prf, str) or not re.fullmatch(r"[A-Za-z0-9+/=]{40,100}", prf):
        return None
    passkey = {name: str(given.get(name, "")) for name in ("id", "salt")}
    return passkey if all(re.fullmatch(r"[A-Za-z0-9+/=]{4,1400}", part) for part in passkey.values()) else None


@transaction.atomic
def taken(application: Application) -> Key:
    """A key of the pool, or one made now where the pool is empty. A key taken by an earlier, broken off attempt is
    taken again."""
    application.hold()
    mine = Key.objects.filter(application=application, custody=None).exclude(wrapped=None).first()
    if mine and is_sound(mine):
        return mine
    # Sent back and come here again: the key of before certifies nothing and opens nothing more.
    Key.objects.filter(application=application, certificates=None).delete()
    free = next(filter(is_sound, waiting()), None) or new_key()
    free.application, free.subscription = application, application.subscription
    free.mac = custody.vouched(free)
    free.save(update_fields=["application", "subscription", "mac"])
    return free


def waiting() -> Iterator[Key]:
    """Those of the pool that nobody else is taking, the oldest first."""
    while key := Key.pool(settings.KEY_KIND).select_for_update(skip_locked=True, of=("self",)).order_by("pk").first():
        yield key


def is_sound(key: Key) -> bool:
    """Whether the row is as the signer made it. One that is not is named, and gone from the pool."""
    try:
        custody.check(key)
    except Broken as wrong:
        log.error("key refused", alarm=True, key=key.pk, reason=str(wrong))
        audit.record("key refused", key, result="refused", public=hashlib.sha256(key.public).hexdigest()[:16])
        key.delete()
        return False
    return True


@transaction.atomic
def new_key() -> Key:
    pair = vault().make(CUSTOMER, settings.KEY_KIND)
    key = Key.objects.create(kind=pair.kind, public=pair.public, wrapped=pair.wrapped)
    key.mac = custody.vouched(key)
    key.save(update_fields=["mac"])
    return key


def fill_pool() -> bool:
    """Ahead of need, a few at a time so that other work has its turn. Whether some are lacking still."""
    lacking = POOL - Key.pool(settings.KEY_KIND).count()
    for _key in range(min(AT_ONCE, lacking)):
        new_key()
    return lacking > AT_ONCE


def proof_of(key: Key, reference: str) -> bytes:
    """A request signed by the very key, and looked at before anything is built on it. It names the application, not the
    person: what a certificate says of the person comes from the approved file."""
    pair = custody.pair_of(key, bytes(key.wrapped or b""))
    request = requests.make(reference, pair.public, key.algorithm, partial(vault().sign, pair))
    if wrong := requests.fault(request, reference, pair.public):
        raise Broken(f"key {key.pk}: {wrong}")
    return request
