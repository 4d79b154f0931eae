""" "Tạo mã PIN": with the customer present, the key pair becomes theirs and proves itself by a certificate request.

Runs in the signer: the PIN is in clear in the browser and here, for as long as it takes."""

import itertools
import re
from collections.abc import Iterator

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.identity import Declaration
from enrollment.journey import Step
from enrollment.models import Application
from portal import audit
from signing import custody
from signing.authority import der, profile
from signing.authority.gateways.vault import vault
from signing.models import PIN_TRIES, Act, Key
from signing.steps import acting
from signing.steps.acting import No, Told, settle

POOL = 24  # key pairs kept ready: making one takes up to a third of a second
AT_ONCE = 8
SHAPE = re.compile(r"[0-9]{6}")
# The page tells the same before anything is sent; only the signer sees what was chosen.
FAULTS = {
    "pin-shape": _("Mã PIN gồm đúng 6 chữ số."),
    "pin-sequence": _("Mã PIN không được là dãy số liên tiếp, như 123456 hoặc 654321."),
    "pin-repeat": _("Mã PIN không được lặp lại một số hoặc một nhóm số, như 111111 hoặc 121212."),
    "pin-birth": _("Mã PIN không được là ngày sinh của Quý khách."),
    "pin-number": _("Mã PIN không được là một phần của số điện thoại hoặc số giấy tờ."),
}
acting.SAID.update(FAULTS)


def faults(pin: str, told: Declaration) -> Iterator[str]:
    """What others would try first."""
    if not SHAPE.fullmatch(pin):
        yield "pin-shape"
        return
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    if steps in ({1}, {9}):
        yield "pin-sequence"
    if len(set(pin)) == 1 or pin[:2] * 3 == pin or pin[:3] * 2 == pin:
        yield "pin-repeat"
    born = told.birth_date
    if pin in {
        f"{born:%d%m%y}",
        f"{born:%y%m%d}",
        f"{born:%m%d%y}",
        f"{born:%d%m}{born:%m%y}",
        f"{born:%m%Y}",
        f"{born:%Y%m}",
    }:
        yield "pin-birth"
    if pin in told.phone or pin in told.number:
        yield "pin-number"


def create(act: Act, told: Told) -> None:
    """The PIN itself is never kept: what it opens is."""
    application = Application.objects.select_related("data_key", "plan").get(pk=act.application_id)
    declared, pin = application.declaration, told.secret.decode()
    if application.step != Step.PIN or declared is None or told.way != custody.PIN:
        raise No("moved")
    if fault := next(faults(pin, declared), ""):
        raise No(fault)
    secrets, passkey = {custody.PIN: told.secret}, passkey_of(told)
    if passkey:
        secrets[custody.PASSKEY] = str(told.more["prf"]).encode()
    with transaction.atomic():
        key = taken(application)
    wrapped = bytes(key.wrapped or b"")
    locked = custody.locked(wrapped, str(application.pk), bytes(key.public), secrets)
    request = request_of(key, wrapped, application.reference)
    with transaction.atomic():
        mine = Key.objects.filter(pk=key.pk, application=application, custody=None)
        done = mine.update(
            custody=locked,
            wrapped=None,
            request=request,
            passkey=passkey,
            tries_left=PIN_TRIES,
            bound_at=timezone.now(),
        )
        if done != 1:
            raise No("moved")
        application.finish()
        audit.record("pin made", application, passkey=bool(passkey), key=key.kind)
        if not settle(act, Act.State.DONE):
            raise No("late")


def passkey_of(told: Told) -> dict[str, str] | None:
    """Which passkey opens the key too: no secret, it is told to the browser when it shall be asked."""
    given, prf = told.more.get("passkey"), told.more.get("prf")
    if not isinstance(given, dict) or not isinstance(prf, str) or not re.fullmatch(r"[A-Za-z0-9+/=]{40,100}", prf):
        return None
    found = {name: str(given.get(name, "")) for name in ("id", "salt")}
    return found if all(re.fullmatch(r"[A-Za-z0-9+/=]{4,1400}", one) for one in found.values()) else None


def taken(application: Application) -> Key:
    """A key of the pool, or one made now where the pool is empty. A key taken by an earlier, broken off attempt is
    taken again."""
    mine = Key.objects.filter(application=application, custody=None).first()
    if mine:
        return mine
    # Sent back and come here again: the key of before certifies nothing and opens nothing more.
    Key.objects.filter(application=application, certificate=None).delete()
    free = Key.pool(settings.KEY_KIND).select_for_update(skip_locked=True).order_by("pk").first()
    if free is None:
        free = made()
    free.application = application
    free.save(update_fields=["application"])
    return free


def made() -> Key:
    pair = vault().make(settings.KEY_KIND)
    return Key.objects.create(kind=pair.kind, public=pair.public, wrapped=pair.wrapped)


def fill_pool() -> bool:
    """Ahead of need, a few at a time so that other work has its turn. Whether some are lacking still."""
    lacking = POOL - Key.pool(settings.KEY_KIND).count()
    for _one in range(min(AT_ONCE, lacking)):
        made()
    return lacking > AT_ONCE


def request_of(key: Key, wrapped: bytes, reference: str) -> bytes:
    """PKCS #10: proof that the private key was at hand. It names the application, not the person: what a certificate
    says of the person comes from the approved file."""
    body = der.sequence(
        der.integer(0), profile.name((profile.NAME, reference)), bytes(key.public), der.explicit(0, b"")
    )
    return der.signed(body, key.algorithm, vault().sign(wrapped, body))
