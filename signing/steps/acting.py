"""Acts that only the customer can do: asked for by the page, sealed by the browser to the signer, done once by the signer.

The web process keeps the envelope for the signer and cannot open it. The signer believes nothing that it can compute
anew: it looks at the very bytes that are to be signed, and at what the browser says it has shown (promise P11)."""

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from portal import audit
from portal.allowances import Limit
from portal.refusals import Refusal
from portal.waking import Waker
from signing import custody, envelope
from signing.authority.gateways.vault import Broken, vault
from signing.models import PIN_TRIES, Act, Key, Paper

log = structlog.get_logger(__name__)
LASTS = timedelta(minutes=2)
ASKS = Limit("acts asked", 30, timedelta(minutes=5))
KEPT = timedelta(days=90)
waker = Waker("signing.tasks.act")
State, Kind = Act.State, Act.Kind

SAID: dict[str, Any] = {
    "late": _("Đã quá 2 phút từ lúc mở hộp xác nhận nên không ký. Quý khách hãy xác nhận lại."),
    "garbled": _("Trình duyệt gửi thiếu dữ liệu nên không ký. Quý khách hãy tải lại trang rồi xác nhận lại."),
    "other-document": _(
        "Tài liệu cần ký khác với tài liệu đã hiện cho Quý khách, nên không ký. Hãy tải lại trang và đọc lại."
    ),
    "wrong-secret": _("Mã PIN chưa đúng."),
    "wrong-passkey": _("Sinh trắc học này không mở được khóa. Quý khách hãy dùng mã PIN."),
    "locked": _("Mã PIN đã bị khóa sau 5 lần nhập sai. Quý khách gọi 18001260 nhánh 1 hoặc đến quầy VNPT để cấp lại."),
    "moved": _("Hồ sơ đã chuyển sang bước khác. Quý khách hãy tải lại trang."),
    "failed": _("Hệ thống ký đang gặp sự cố, chưa có gì được ký. Quý khách hãy thử lại sau ít phút."),
}


class No(Exception):
    """An act that is not done, by the name of the reason in SAID."""

    def __init__(self, answer: str, tries_left: int | None = None) -> None:
        super().__init__(answer)
        self.answer, self.tries_left = answer, tries_left


@dataclass(frozen=True)
class Told:
    """What the envelope said, once it was opened and found to fit the act."""

    way: str
    secret: bytes
    more: dict[str, Any]


# ── In the web process ──


def ask(
    application: Application, kind: Act.Kind, paper: Paper | None = None, digests: list[str] | None = None,
    place: str = "",
) -> Act:  # fmt: skip
    """A new act; those that were asked before and not given yet end here."""
    ASKS.require(str(application.pk), _("Quý khách đã xác nhận quá nhiều lần. Vui lòng thử lại sau vài phút."))
    now = timezone.now()
    Act.objects.filter(application=application, kind=kind, state=State.ASKED).update(
        state=State.REFUSED, answer="late", done_at=now
    )
    return Act.objects.create(
        application=application,
        kind=kind,
        paper=paper,
        digests=digests or [],
        nonce=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
        ends_at=now + LASTS,
        user=application.user,
        place=place,
    )


def give(application: Application, nonce: str, sealed: str) -> Act:
    """The browser's answer, kept unread for the signer; the same act is given once."""
    try:
        content = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not envelope.POINT + envelope.NONCE < len(content) <= envelope.MOST:
        raise Refusal("garbled", SAID["garbled"], status=400)
    here = Act.objects.filter(application=application, nonce=nonce, state=State.ASKED, ends_at__gt=timezone.now())
    with transaction.atomic():
        if here.update(state=State.GIVEN, envelope=content) != 1:
            raise Refusal("late", SAID["late"], status=409)
        transaction.on_commit(waker.wake, robust=True)
    return Act.objects.get(nonce=nonce)


def answer_of(application: Application, nonce: str) -> dict[str, Any]:
    """For the page that waits, told in its language."""
    act = Act.objects.filter(application=application, nonce=nonce).first()
    if act is None:
        return {"state": State.REFUSED, "kind": "", "said": str(SAID["late"])}
    said = str(SAID[act.answer]) if act.answer in SAID else ""
    return {"state": act.state, "kind": act.kind, "answer": act.answer, "said": said, "left": act.tries_left}


# ── In the signer ──

Doing = Callable[[Act, Told], None]


def perform_due(doings: dict[str, Doing]) -> None:
    """Whatever was given and not yet taken; what nobody took in time is over."""
    now = timezone.now()
    Act.objects.filter(state__in=(State.ASKED, State.GIVEN), ends_at__lt=now).update(
        state=State.REFUSED, answer="late", envelope=None, done_at=now
    )
    Act.objects.filter(state=State.TAKEN, ends_at__lt=now - LASTS).update(
        state=State.REFUSED, answer="failed", done_at=now
    )
    for act in (
        Act.objects.filter(state=State.GIVEN).select_related("application__data_key", "user").order_by("pk")[:50]
    ):
        perform(act, doings)


def tidy() -> None:
    Act.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()


def perform(act: Act, doings: dict[str, Doing]) -> None:
    sealed = bytes(act.envelope or b"")
    if Act.objects.filter(pk=act.pk, state=State.GIVEN).update(state=State.TAKEN, envelope=None) != 1:
        return  # another signer has it
    token = audit.actor.set(audit.Actor(act.user, act.place))
    try:
        told = opened(act, sealed)
        doings[act.kind](act, told)
    except No as no:
        settle(act, State.REFUSED, no.answer, no.tries_left)
    except Refusal as no:
        settle(act, State.REFUSED, no.code if no.code in SAID else "moved")
    except Broken as wrong:
        log.error("key not opened", alarm=True, act=act.pk, reason=str(wrong))
        settle(act, State.REFUSED, "failed")
    finally:
        settle(act, State.REFUSED, "failed")  # whatever fell: unless it is settled already
        audit.actor.reset(token)


def settle(act: Act, state: Act.State, answer: str = "", tries_left: int | None = None) -> bool:
    """Told once; whether this was it."""
    here = Act.objects.filter(pk=act.pk, state=State.TAKEN)
    told = here.update(state=state, answer=answer, tries_left=tries_left, done_at=timezone.now())
    if told:
        log.info("act settled", kind=act.kind, state=state, answer=answer)
    return bool(told)


def opened(act: Act, sealed: bytes) -> Told:
    """The nonce of this act, in time, over what was shown."""
    now = timezone.now()
    if act.ends_at < now:
        raise No("late")
    try:
        told = envelope.opened(sealed, vault().exchange_key())
        until = datetime.fromtimestamp(told["until"] / 1000, tz=act.ends_at.tzinfo)
        way, secret, nonce, digests = told["way"], str(told["secret"]).encode(), told["act"], told["digests"]
    except (envelope.Garbled, KeyError, TypeError, ValueError, OverflowError, OSError) as wrong:
        raise No("garbled") from wrong
    if nonce != act.nonce or way not in (custody.PIN, custody.PASSKEY):
        raise No("garbled")
    if until < now or until > act.ends_at + LASTS:
        raise No("late")
    if digests != act.digests:
        raise No("other-document")
    return Told(way, secret, told)


def unlocked(key: Key, told: Told) -> bytes:
    """The customer's key as the vault wrapped it. The try is counted and committed before it is made (promise P10);
    where the vault itself does not open, none is made and none counted."""
    held = bytes(key.custody or b""), str(key.application_id), bytes(key.public)
    custody.checked(*held)
    tries_left = count_try(key)
    try:
        wrapped = custody.opened(*held, told.way, told.secret)
    except custody.WrongSecret as wrong:
        if not tries_left:
            audit.record("pin locked", f"application:{key.application_id}", result="refused")
            raise No("locked", 0) from wrong
        raise No("wrong-secret" if told.way == custody.PIN else "wrong-passkey", tries_left) from wrong
    give_back_tries(key)
    return wrapped


def count_try(key: Key) -> int:
    """Of those that are left; by the database alone, so that no flushed cache brings any back."""
    with transaction.atomic(durable=True):
        if not Key.objects.filter(pk=key.pk, tries_left__gt=0).update(tries_left=F("tries_left") - 1):
            raise No("locked", 0)
        return Key.objects.filter(pk=key.pk).values_list("tries_left", flat=True)[0]


def give_back_tries(key: Key) -> None:
    """The right one, also as the fifth, takes back the wrong ones before it."""
    Key.objects.filter(pk=key.pk).update(tries_left=PIN_TRIES)
