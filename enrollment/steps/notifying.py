"""Messages to somebody who has no account yet: to the phone and e-mail of the declaration, or of its draft."""

from collections.abc import Sequence
from datetime import datetime

from enrollment.models import Application
from portal import outbox, writing
from portal.models import Message


def contact_of(application: Application) -> tuple[str, str]:
    """Phone and e-mail as declared, or as typed so far; empty where there is none yet."""
    if declaration := application.declaration:
        return declaration.phone, declaration.email
    if user := application.user:
        return user.phone, user.email
    typed = application.draft or {}
    return writing.mobile(str(typed.get("phone", ""))), writing.email(str(typed.get("email", "")))


def notify(
    application: Application,
    template: str,
    params: Sequence[str],
    *,
    intent: str,
    channels: Sequence[Message.Channel] = (Message.Channel.SMS, Message.Channel.EMAIL),
    good_until: datetime | None = None,
    app: str = "enrollment",
) -> None:
    phone, email = contact_of(application)
    addresses = {Message.Channel.SMS: phone, Message.Channel.EMAIL: email}
    for channel in filter(addresses.get, channels):
        outbox.post_to(
            channel,
            addresses[channel],
            f"{app}/messages/{template}",
            params,
            language=application.user.language if application.user else application.language,
            about=f"application:{application.pk}",
            intent=intent,
            good_until=good_until,
        )
