"""Messages to somebody who has no account yet: to the phone and e-mail of the declaration."""

from collections.abc import Sequence
from datetime import datetime

from enrollment.models import Application
from portal import outbox
from portal.models import Message


def tell(
    application: Application,
    template: str,
    params: Sequence[str],
    *,
    intent: str,
    channels: Sequence[Message.Channel] = (Message.Channel.SMS, Message.Channel.EMAIL),
    good_until: datetime | None = None,
) -> None:
    told = application.declaration
    if told is None:
        return
    addresses = {Message.Channel.SMS: told.phone, Message.Channel.EMAIL: told.email}
    for channel in channels:
        outbox.post_to(
            channel,
            addresses[channel],
            f"enrollment/messages/{template}",
            params,
            language=application.language,
            intent=intent,
            good_until=good_until,
        )
