"""E-mail over Django's mail backends: SMTP, or on this machine files that the demo desk shows (MAIL_URL names which)."""

import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import make_msgid
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from portal.gateways.delivery import Undelivered

TIME = 20  # seconds of a batch for its mails
CLOSING = "server closing"


@dataclass(frozen=True)
class Letter:
    id: str  # ours, the same at every attempt
    to: str
    subject: str
    text: str
    html: str


class Line:
    """One conversation with the mail server for the whole batch. A bad address spoils only itself; a server that is
    away or too slow for our lease delays the rest, which was not sent and so is in no doubt."""

    at_once = 1

    def __init__(self) -> None:
        self.server: BaseEmailBackend | None = None
        self.end = time.monotonic() + TIME
        self.over = ""  # why the conversation is over

    def send(self, letter: Letter) -> str:
        if self.over or time.monotonic() > self.end:
            raise Undelivered(self.over or "no time left")
        server = self.server or self._opened()
        identity = make_msgid(letter.id, domain=settings.MAIL_FROM.rpartition("@")[2].rstrip("> "))
        mail = EmailMultiAlternatives(
            letter.subject, letter.text, to=[letter.to], headers={"Message-ID": identity}, connection=server
        )
        mail.attach_alternative(letter.html, "text/html")
        self._talk(mail)
        return identity

    def close(self) -> None:
        if self.server:
            with suppress(SMTPException, OSError):
                self.server.close()
        self.server = None

    def _opened(self) -> BaseEmailBackend:
        self.server = server = get_connection()
        try:
            server.open()
        except (SMTPException, OSError) as error:
            self.over = type(error).__name__
            raise Undelivered(self.over) from error
        return server

    def _talk(self, mail: EmailMultiAlternatives) -> None:
        try:
            mail.send()
        except SMTPRecipientsRefused as no:
            codes = [code for code, _why in no.recipients.values()]
            self.over = CLOSING if 421 in codes else ""
            raise Undelivered("recipient refused", final=min(codes) >= 500) from no
        except SMTPSenderRefused as no:  # our own name, so every letter's: nothing a letter should die of
            self.over = "sender refused"
            raise Undelivered(f"sender refused {no.smtp_code}") from no
        except SMTPResponseException as no:
            self.over = CLOSING if no.smtp_code == 421 else ""
            raise Undelivered(f"smtp {no.smtp_code}", final=no.smtp_code >= 500) from no
        except ValueError as no:  # an address that no mail server could be told
            raise Undelivered("address not valid", final=True) from no
        except (SMTPException, OSError) as error:  # the line broke, perhaps after the letter went
            self.over = type(error).__name__
            raise Undelivered(self.over, doubtful=True) from error
        except Exception:  # left in the middle of a conversation: the next letter begins one of its own
            self.close()
            raise
