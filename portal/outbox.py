"""Messages: a row in the same transaction as its cause, delivered after commit, swept up if the broker lost the word.

A sender takes rows for a while (a lease). If it dies between sending and saying so, the message goes once more and
never a third time (promise P17: at most one duplicate)."""

import hmac
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone

from portal import logs, sealing, wording, writing
from portal.gateways import mail, sms
from portal.gateways.delivery import Line, Undelivered
from portal.models import Message, User
from portal.waking import Waker

log = structlog.get_logger(__name__)
BATCH = 16
ROUND = 60  # seconds after which a worker lets the next turn go on
# Longer than a batch may take (16 / 8 turns of 13 s for texts, the mails, a slow last mail), and short, for so long waits a
# batch whose sender was killed: due messages are promised within two minutes.
LEASE = timedelta(seconds=80)
MAX_ATTEMPTS = 8  # 10 s, 20 s, 40 s … about 43 minutes in all
Letter = TypeVar("Letter")
Result = TypeVar("Result")
waker = Waker("portal.tasks.deliver_messages")
Channel, Status = Message.Channel, Message.Status


# ── Posting ──


def post(
    template: str,
    params: Sequence[str],
    user: User,
    *,
    intent: str,
    good_until: datetime | None = None,
    about: str = "",
) -> list[Message]:
    """Write to a person by SMS and e-mail, as part of the change that is the reason. The same intent posts once."""
    more: Any = {"language": user.language, "intent": intent, "good_until": good_until, "about": about}
    return [
        post_to(channel, address, template, params, **more)
        for channel, address in ((Channel.SMS, user.phone), (Channel.EMAIL, user.email))
        if address
    ]


def post_to(
    channel: Message.Channel,
    address: str,
    template: str,
    params: Sequence[str],
    *,
    language: str,
    intent: str,
    good_until: datetime | None = None,
    about: str = "",
) -> Message:
    with transaction.atomic():
        message, created = Message.objects.get_or_create(
            intent=f"{intent} {channel}",
            defaults={
                "template": template,
                "language": language,
                "channel": channel,
                "recipient": address,
                "recipient_index": sealing.blind_index(*index_of(channel, address)),
                "about": about,
                "masked": writing.masked(address),
                "params": list(params),
                "due_at": timezone.now(),
                "good_until": good_until,
                "request_id": logs.request_id(),
            },
        )
        if created:
            transaction.on_commit(waker.wake, robust=True)
    return message


def index_of(channel: str, address: str) -> tuple[str, str]:
    """As accounts are found by their phones and mailboxes."""
    return ("phone", address) if channel == Channel.SMS else ("email", address.lower())


# ── Delivering ──


def due(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(status__in=(Status.DUE, Status.SENDING), due_at__lte=now).order_by("due_at")


def deliver() -> int:
    """Send what is due, batch by batch, and say how many were taken up. Any number of workers may do this at once."""
    total, end = 0, time.monotonic() + ROUND
    while time.monotonic() < end and (batch := take()):
        _send([message for message in batch if message.channel == Channel.SMS], _text, sms.Line())
        _send([message for message in batch if message.channel == Channel.EMAIL], _letter, mail.Line())
        total += len(batch)
    return total


def take() -> list[Message]:
    """Lease a batch. What an earlier sender took and never settled comes again once; a second time it is given up."""
    now = timezone.now()
    due(now).filter(good_until__lt=now).update(status=Status.LAPSED, recipient=None, params=None)
    if due(now).filter(status=Status.SENDING, lost__gte=1).update(status=Status.DEAD, error="sender lost twice"):
        log.error("messages dead", alarm=True)
    with transaction.atomic():
        ids = list(due(now).select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        Message.objects.filter(pk__in=ids).update(
            lost=F("lost") + Case(When(status=Status.SENDING, then=1), default=0),
            status=Status.SENDING,
            attempts=F("attempts") + 1,
            due_at=now + LEASE,
        )
    return list(Message.objects.filter(pk__in=ids, status=Status.SENDING).order_by("created_at"))


def sent(message: Message, provider_id: str) -> None:
    """Settled: the row forgets what it said and to whom."""
    log.info("message sent", template=message.template, channel=message.channel, request_id=message.request_id)
    _settle(
        message,
        Status.SENT,
        provider_id=provider_id[:100],
        sent_at=timezone.now(),
        recipient=None,
        params=None,
        error="",
    )


def failed(message: Message, reason: str, *, final: bool = False, doubtful: bool = False) -> None:
    """Not sent, or (doubtful) perhaps sent: that is tried once more and not again, so nobody gets it three times."""
    dead = final or message.attempts >= MAX_ATTEMPTS or (doubtful and message.lost >= 1)
    pause = timedelta(seconds=10 * 2 ** (message.attempts - 1))
    _settle(
        message,
        Status.DEAD if dead else Status.DUE,
        due_at=timezone.now() + pause,
        error=reason[:200],
        lost=message.lost + doubtful,
    )
    if dead:
        log.error("message dead", alarm=True, template=message.template, channel=message.channel, reason=reason)


def _settle(message: Message, status: Message.Status, **changes: object) -> None:
    Message.objects.filter(pk=message.pk, status=Status.SENDING, attempts=message.attempts).update(
        status=status, **changes
    )


def resend(messages: QuerySet[Message]) -> int:
    """For people in the admin: give what died another round."""
    again = messages.filter(status=Status.DEAD, params__isnull=False).update(
        status=Status.DUE, attempts=0, lost=0, due_at=timezone.now(), error=""
    )
    transaction.on_commit(waker.wake, robust=True)
    return again


def _text(message: Message) -> sms.Text:
    return sms.Text(
        id=str(message.pk),
        to=message.recipient,
        template=message.template,
        params=tuple(writing.fold(str(value)) for value in message.params),
        body=wording.sms_text(message),
        report_url=f"{settings.SITE_URL}/api/sms/{message.pk}/{report_token(message.pk)}/",
    )


def _letter(message: Message) -> mail.Letter:
    subject, text, html = wording.email_parts(message)
    return mail.Letter(message.pk.hex, message.recipient, subject, text, html)


def _send(messages: Sequence[Message], word: Callable[[Message], Letter], line: Line[Letter]) -> None:
    with closing(line), ThreadPoolExecutor(line.at_once) as threads:
        # Only the talking happens in threads; wording and writing down stay with this thread's connection. No more are
        # under way than are talked of at once: where nothing can be written down, nothing more is sent.
        worded = _each(((message, partial(word, message)) for message in messages), doubtful=False)
        while turn := list(islice(worded, line.at_once)):
            talks = [(message, threads.submit(line.send, letter)) for message, letter in turn]
            for message, provider_id in _each(((message, talk.result) for message, talk in talks), doubtful=True):
                sent(message, provider_id)


def _each(
    attempts: Iterable[tuple[Message, Callable[[], Result]]], *, doubtful: bool
) -> Iterator[tuple[Message, Result]]:
    """What came of each that went well; one that did not is put down as failed, alone."""
    for message, attempt in attempts:
        try:
            result = attempt()
        except Undelivered as no:
            failed(message, str(no), final=no.final, doubtful=no.doubtful)
        except wording.HOPELESS as error:
            failed(message, type(error).__name__, final=True)
        # The one place where anything at all is caught: strangers' messages share a batch, and what nobody foresaw about
        # one of them would leave all the others to their lease, and after a second time for dead.
        except Exception as error:
            log.exception("message failed unforeseen", alarm=True, template=message.template, channel=message.channel)
            failed(message, type(error).__name__, doubtful=doubtful)
        else:
            yield message, result


# ── Delivery reports ──


def report_token(message_id: uuid.UUID) -> str:
    return sealing.blind_index("delivery report", str(message_id))[:32]


def is_report_token(message_id: uuid.UUID, token: str) -> bool:
    """Only the gateway that was given the message holds it."""
    return hmac.compare_digest(token.encode(), report_token(message_id).encode())


def report(message_id: uuid.UUID, *, delivered: bool) -> None:
    """What the gateway says became of a message; it may say so before it has answered our call."""
    news = Status.DELIVERED if delivered else Status.UNDELIVERED
    open_to_news = Q(status__in=(Status.SENDING, Status.SENT, Status.UNDELIVERED))
    if delivered:  # what was doubted had gone after all
        open_to_news |= Q(status__in=(Status.DUE, Status.DEAD), attempts__gt=0)
    Message.objects.filter(open_to_news, pk=message_id).update(status=news, recipient=None, params=None)
