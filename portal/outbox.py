"""Messages: a row in the same transaction as its cause, delivered after commit, swept up if the broker lost the word.

A sender takes rows for a while (a lease). If it dies between sending and saying so, the message goes once more and
never a third time (promise P17: at most one duplicate)."""

import hmac
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from email.utils import make_msgid
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from typing import TypeVar

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import render_to_string
from django.utils import timezone, translation

from portal import logs, sealing, writing
from portal.gateways import sms
from portal.models import Message, User
from portal.waking import Waker

log = structlog.get_logger(__name__)
BATCH = 16
ROUND = 60  # seconds after which a worker lets the next turn go on
AT_ONCE = 8  # conversations with the SMS gateway at one time
CLOSING = "server closing"
MAIL_TIME = 20  # seconds of a batch for its mails
# Longer than a batch may take (16 / 8 turns of 13 s for texts, the mails, a slow last mail), and short, for so long waits a
# batch whose sender was killed: due messages are promised within two minutes.
LEASE = timedelta(seconds=80)
MAX_ATTEMPTS = 8  # 10 s, 20 s, 40 s … about 43 minutes in all
Words = TypeVar("Words")
waker = Waker("portal.tasks.deliver_messages")
Channel, Status = Message.Channel, Message.Status


# ── Posting ──


def post(
    template: str, params: Sequence[str], user: User, *, intent: str, good_until: datetime | None = None
) -> list[Message]:
    """Write to a person by SMS and e-mail, as part of the change that is the reason. The same intent posts once."""
    return [
        post_to(channel, address, template, params, language=user.language, intent=intent, good_until=good_until)
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
) -> Message:
    with transaction.atomic():
        message, created = Message.objects.get_or_create(
            intent=f"{intent} {channel}",
            defaults={
                "template": template,
                "language": language,
                "channel": channel,
                "recipient": address,
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


# ── Wording ──


def in_language_of(user: User) -> AbstractContextManager[None]:
    return translation.override(user.language)


def sms_text(message: Message) -> str:
    """Without accents, on one line: 160 of the plainest letters are one part on every phone."""
    return " ".join(writing.fold(_rendered(message, "sms")).split())


def email_parts(message: Message) -> tuple[str, str, str]:
    """Subject, text and HTML of one template: its first line is the subject, each paragraph serves both bodies."""
    subject, _blank, body = _rendered(message, "email").strip().partition("\n")
    paragraphs = [" ".join(part.split()) for part in body.split("\n\n") if part.strip()]
    with translation.override(message.language):
        html = render_to_string(
            "portal/messages/base.html",
            {"subject": subject, "paragraphs": paragraphs, "hotline": settings.HOTLINE, "language": message.language},
        )
    return subject.strip(), "\n\n".join(paragraphs) + "\n", html


def _rendered(message: Message, kind: str) -> str:
    params = {f"p{place}": value for place, value in enumerate(message.params, 1)}
    with translation.override(message.language):
        return render_to_string(f"{message.template}.{kind}.txt", {**params, "site": settings.SITE_URL})


# ── Delivering ──


def due(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(status__in=(Status.DUE, Status.SENDING), due_at__lte=now).order_by("due_at")


def deliver() -> int:
    """Send what is due, batch by batch, and say how many were taken up. Any number of workers may do this at once."""
    total, end = 0, time.monotonic() + ROUND
    while time.monotonic() < end and (batch := take()):
        _send_texts([message for message in batch if message.channel == Channel.SMS])
        _send_mails([message for message in batch if message.channel == Channel.EMAIL])
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
        body=sms_text(message),
        report_url=f"{settings.SITE_URL}/api/sms/{message.pk}/{report_token(message.pk)}/",
    )


def _worded(messages: Sequence[Message], word: Callable[[Message], Words]) -> Iterator[tuple[Message, Words]]:
    """A message that cannot be opened or worded is given up by itself, not again and again with its whole batch."""
    for message in messages:
        try:
            words = word(message)
        except (TemplateDoesNotExist, TemplateSyntaxError, sealing.Broken) as wrong:
            failed(message, type(wrong).__name__, final=True)
        else:
            yield message, words


def _send_texts(messages: Sequence[Message]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as lines:
        # Only the talking happens in threads; wording and writing down stay with this thread's connection.
        talks = [(message, lines.submit(sms.gateway().send, text)) for message, text in _worded(messages, _text)]
        for message, talk in talks:
            try:
                sent(message, talk.result())
            except sms.Undelivered as no:
                failed(message, str(no), final=no.final, doubtful=no.doubtful)


def _send_mails(messages: Sequence[Message]) -> None:
    """One conversation with the mail server for the whole batch. A bad address spoils only itself; a server that is
    away or too slow for our lease delays the rest, which was not sent and so is in no doubt."""
    if not messages:
        return
    server, end, away = get_connection(), time.monotonic() + MAIL_TIME, ""
    try:
        server.open()
    except (SMTPException, OSError) as wrong:
        away = type(wrong).__name__
    for message, letter in _worded(messages, email_parts):
        if away or time.monotonic() > end:
            failed(message, away or "no time left")
        else:
            away = _send_mail(message, letter, server)
    with suppress(SMTPException, OSError):
        server.close()


def _send_mail(message: Message, letter: tuple[str, str, str], server: BaseEmailBackend) -> str:
    """Empty, or why the conversation is over."""
    subject, text, html = letter
    identity = make_msgid(message.pk.hex, domain=settings.MAIL_FROM.rpartition("@")[2].rstrip("> "))
    mail = EmailMultiAlternatives(
        subject, text, to=[message.recipient], headers={"Message-ID": identity}, connection=server
    )
    mail.attach_alternative(html, "text/html")
    try:
        mail.send()
    except SMTPRecipientsRefused as no:
        codes = [code for code, _why in no.recipients.values()]
        failed(message, "recipient refused", final=min(codes) >= 500)
        return CLOSING if 421 in codes else ""
    except SMTPSenderRefused as no:  # our own name, so every letter's: nothing a letter should die of
        failed(message, f"sender refused {no.smtp_code}")
        return "sender refused"
    except SMTPResponseException as no:
        failed(message, f"smtp {no.smtp_code}", final=no.smtp_code >= 500)
        return CLOSING if no.smtp_code == 421 else ""
    except ValueError:  # an address that no mail server could be told
        failed(message, "address not valid", final=True)
    except (SMTPException, OSError) as wrong:  # the line broke, perhaps after the letter went
        failed(message, type(wrong).__name__, doubtful=True)
        return type(wrong).__name__
    else:
        sent(message, identity)
    return ""


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
