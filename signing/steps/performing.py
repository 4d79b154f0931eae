"""Acts done in the signer, each once. It believes nothing that it can compute anew (promise P11)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import structlog
from django.utils import timezone

from portal import audit, jobs
from portal.refusals import Refusal
from signing import custody, envelope
from signing.answers import ANSWERS
from signing.authority import exchange
from signing.authority.gateways.vault import VaultError
from signing.models import Act
from signing.steps import acceptance, pin
from signing.steps.acts import LASTS, Confirmation, NotDone, refuse, settle

log = structlog.get_logger(__name__)
State = Act.State
Performer = Callable[[Act, Confirmation], None]
PERFORMERS: dict[str, Performer] = {Act.Kind.PIN: pin.create, Act.Kind.ACCEPT: acceptance.accept}


def perform_due(performers: Mapping[str, Performer] = PERFORMERS) -> None:
    """Whatever was given and not yet taken; what nobody took in time is over."""
    now = timezone.now()
    refuse(Act.objects.filter(state__in=(State.ASKED, State.GIVEN), ends_at__lt=now), "late")
    refuse(Act.objects.filter(state=State.TAKEN, ends_at__lt=now - LASTS), "failed")
    given = Act.objects.filter(state=State.GIVEN).select_related("key", "subscription", "application__data_key", "user")
    jobs.each(given.order_by("pk")[:50], partial(perform, performers=performers))


def perform(act: Act, performers: Mapping[str, Performer] = PERFORMERS) -> None:
    content = bytes(act.envelope or b"")
    if Act.objects.filter(pk=act.pk, state=State.GIVEN).update(state=State.TAKEN, envelope=None) != 1:
        return  # another signer has it
    token = audit.actor.set(audit.Actor(act.user, act.place))
    try:
        performers[act.kind](act, opened(act, content))
    except NotDone as no:
        settle(act, State.REFUSED, no.answer, no.tries_left)
    except Refusal as no:
        settle(act, State.REFUSED, no.code if no.code in ANSWERS else "moved")
    except VaultError as wrong:
        log.error("key not opened", alarm=True, act=act.pk, reason=str(wrong))
        settle(act, State.REFUSED, "failed")
    finally:
        settle(act, State.REFUSED, "failed")  # whatever fell: unless it is settled already
        audit.actor.reset(token)


def opened(act: Act, content: bytes) -> Confirmation:
    """The nonce of this act, in time, over what was shown."""
    now = timezone.now()
    if act.ends_at < now:
        raise NotDone("late")
    try:
        fields = envelope.opened(content, exchange.agreed)
        until = datetime.fromtimestamp(fields["until"] / 1000, tz=act.ends_at.tzinfo)
        way, secret, nonce, batch = fields["way"], str(fields["secret"]).encode(), fields["act"], fields["batch"]
    except (envelope.Garbled, exchange.Forgotten, KeyError, TypeError, ValueError, OverflowError, OSError) as wrong:
        raise NotDone("garbled") from wrong
    if nonce != act.nonce or way not in (custody.PIN, custody.PASSKEY):
        raise NotDone("garbled")
    if until < now or until > act.ends_at + LASTS:
        raise NotDone("late")
    if batch != act.batch:
        raise NotDone("other-document")
    return Confirmation(way, secret, batch, fields)
