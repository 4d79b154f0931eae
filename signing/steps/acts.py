"""Acts that only the customer can do: asked for by the page, enclosed by the browser for the signer, done once by it.

The web process keeps the envelope for the signer and cannot open it (promise P11). Who may ask after an act, and give it,
is its owner by the act's own row: what else that person has begun meanwhile does not matter. Opening the customer's key
counts each try first (models.PIN_TRIES)."""

import base64
import binascii
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application, Subscription
from portal import audit, outbox
from portal.allowances import Limit
from portal.models import User
from portal.refusals import Refusal
from portal.waking import Waker
from signing import custody, envelope
from signing.answers import ANSWERS
from signing.authority.gateways.vault import Broken, KeyPair
from signing.models import PIN_TRIES, Act, Entry, Key, Paper

log = structlog.get_logger(__name__)
LASTS = timedelta(minutes=2)
ASKS = Limit("acts asked", 30, timedelta(minutes=5))
KEPT = timedelta(days=90)
waker = Waker("signing.tasks.act")
State, Kind = Act.State, Act.Kind


class NotDone(Exception):
    """An act that is not done, by the name of the reason in ANSWERS."""

    def __init__(self, answer: str, tries_left: int | None = None) -> None:
        super().__init__(answer)
        assert answer in ANSWERS, answer
        self.answer, self.tries_left = answer, tries_left


@dataclass(frozen=True)
class Confirmation:
    """What the envelope said, once it was opened and found to fit the act."""

    way: str
    secret: bytes = field(repr=False)
    batch: str  # one digest over all that the browser has shown
    fields: dict[str, Any] = field(repr=False)

    def require(self, digests: Sequence[str]) -> None:
        """That this, computed anew from the very bytes that are about to be signed, is what was shown."""
        if envelope.batch_digest(digests) != self.batch:
            raise NotDone("other-document")


# ── In the web process ──


def entry(paper: Paper) -> Entry:
    return Entry(digest=paper.shown_hash, label=paper.number, paper=paper)


def ask(
    kind: Act.Kind,
    subscription: Subscription,
    batch: Sequence[Entry] = (),
    *,
    key: Key | None = None,
    application: Application | None = None,
    place: str = "",
) -> Act:
    """A new act; those that were asked before and not given yet end here."""
    ASKS.require(str(subscription.pk), _("Quý khách đã xác nhận quá nhiều lần. Vui lòng thử lại sau vài phút."))
    now = timezone.now()
    with transaction.atomic():
        refuse(Act.objects.filter(subscription=subscription, kind=kind, state=State.ASKED), "late")
        act = Act.objects.create(
            subscription=subscription,
            key=key,
            application=application,
            kind=kind,
            nonce=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
            ends_at=now + LASTS,
            user=subscription.user,
            place=place,
        )
        for position, each in enumerate(batch):
            each.act, each.position = act, position
        Entry.objects.bulk_create(batch)
    return act


def give(user: User, nonce: str, enclosed: str) -> Act:
    """The browser's answer, kept unread for the signer; the same act is given once."""
    try:
        content = base64.b64decode(enclosed, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not envelope.LEAST < len(content) <= envelope.MOST:
        raise Refusal("garbled", ANSWERS["garbled"], status=400)
    late, act = Refusal("late", ANSWERS["late"], status=409), owned(user, nonce)
    if act is None:
        raise late
    with transaction.atomic():
        asked = Act.objects.filter(pk=act.pk, state=State.ASKED, ends_at__gt=timezone.now())
        if asked.update(state=State.GIVEN, envelope=content) != 1:
            raise late
        transaction.on_commit(waker.wake, robust=True)
    act.state = State.GIVEN
    return act


def owned(user: User, nonce: str) -> Act | None:
    return Act.objects.filter(nonce=nonce, subscription__user=user).first()


def answer_of(user: User, nonce: str) -> dict[str, Any]:
    """For the page that waits, in its language."""
    act = owned(user, nonce)
    if act is None:
        return {"state": State.REFUSED, "kind": "", "said": str(ANSWERS["late"])}
    return {
        "state": act.state, "kind": act.kind, "answer": act.answer, "said": said(act.answer), "left": act.tries_left,
    }  # fmt: skip


def said(answer: str) -> str:
    return str(ANSWERS[answer]) if answer else ""


# ── How an act ends ──


@transaction.atomic
def refuse(acts: QuerySet[Act], answer: str) -> None:
    """Those that nobody goes on with, and what they were about."""
    if acts.update(state=State.REFUSED, answer=answer, envelope=None, done_at=timezone.now()):
        Entry.objects.filter(state=Entry.State.WAITING, act__state=State.REFUSED).update(state=Entry.State.REFUSED)


@transaction.atomic
def settle(act: Act, state: Act.State, answer: str = "", tries_left: int | None = None) -> bool:
    """Told once; whether this was it."""
    taken = Act.objects.filter(pk=act.pk, state=State.TAKEN)
    if not taken.update(state=state, answer=answer, tries_left=tries_left, done_at=timezone.now()):
        return False
    came_of_it = Entry.State.SIGNED if state == State.DONE else Entry.State.REFUSED
    Entry.objects.filter(act=act, state=Entry.State.WAITING).update(state=came_of_it)
    log.info("act settled", kind=act.kind, state=state, answer=answer)
    return True


def tidy() -> None:
    Act.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()


# ── In the signer ──


def application_of(act: Act) -> Application:
    """Whose step the act does, read anew."""
    assert act.application
    return Application.objects.select_related("data_key", "plan", "subscription").get(pk=act.application.pk)


# ── Opening the customer's key, in the signer ──


def unlocked(act: Act, confirmation: Confirmation) -> KeyPair:
    """The customer's key as the vault wrapped it. The try is counted and committed before it is made (promise P10);
    where the vault itself does not open, none is made and none counted."""
    assert act.key_id
    key = Key.objects.get(pk=act.key_id)  # as it is now; and whose it must be, the act says
    if key.custody is None:
        raise NotDone("not-in-force")  # destroyed when its certificate was revoked
    if key.subscription_id != act.subscription_id:
        raise Broken(f"key {key.pk} is another's")
    custody.check(key)
    custody.ways_of(key)
    tries_left = count_try(key)
    try:
        pair = custody.opened(key, confirmation.way, confirmation.secret)
    except custody.WrongSecret as wrong:
        if not tries_left:
            tell_locked(act, key)
            raise NotDone("locked", 0) from wrong
        raise NotDone("wrong-secret" if confirmation.way == custody.PIN else "wrong-passkey", tries_left) from wrong
    give_back_tries(key)
    return pair


@transaction.atomic
def tell_locked(act: Act, key: Key) -> None:
    """By the ways that the account has, whoever typed it: its owner must hear of it from others than the page."""
    audit.record("pin locked", act.application or act.subscription, result="refused")
    at = f"{timezone.localtime():%H:%M %d/%m/%Y}"
    outbox.post("signing/messages/pin_locked", [at], act.subscription.user, intent=f"pin locked {key.pk}")


def count_try(key: Key) -> int:
    """Of those that are left; by the database alone, so that no flushed cache brings any back."""
    with transaction.atomic(durable=True):
        if not Key.objects.filter(pk=key.pk, tries_left__gt=0).update(tries_left=F("tries_left") - 1):
            raise NotDone("locked", 0)
        return Key.objects.filter(pk=key.pk).values_list("tries_left", flat=True)[0]


def give_back_tries(key: Key) -> None:
    """The right one, also as the fifth, takes back the wrong ones before it."""
    Key.objects.filter(pk=key.pk).update(tries_left=PIN_TRIES)
