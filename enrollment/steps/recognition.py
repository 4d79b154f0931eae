"""A customer at a counter who is known already: told so in person, once the card was read and not for a number that was typed.

What was only typed goes on as a second, looks like any other and ends by steps/holding.py. The QR of a card is signed by
nobody, so whoever makes cards up to ask about numbers is limited, each telling is on the record, and whom it is about hears
of it by the ways that we know."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.journey import CANCELLABLE, Channel
from enrollment.models import Application
from enrollment.steps import holding
from portal import audit, sealing
from portal.allowances import Limit
from portal.models import User
from portal.refusals import Refusal

CARD_READ = "card_read"  # in the draft, written by us alone: the number that the card said
SECOND = "second"  # likewise: the number for which the customer goes on although it is held
OURS = ("residence", CARD_READ, SECOND)  # of a draft, what nobody types
DAY = timedelta(days=1)
TELLINGS = Limit("known customers told", 30, DAY)  # by one agent; nobody's counter has more of them
SAME = Limit("known customer told", 1, DAY)  # the same person again costs nothing more


@dataclass(frozen=True)
class Known:
    """Who holds a number: an account, an application that is open, or both."""

    account: User | None
    application: Application | None

    @property
    def is_at_counter(self) -> bool:
        """What another counter began is carried on at this one."""
        held = self.application
        return held is not None and held.channel == Channel.COUNTER and held.step in CANCELLABLE

    @property
    def may_be_anothers(self) -> bool:
        """Opened by whoever typed the number; card and face were not looked at by anybody."""
        return self.account is None or not holding.is_proven(self.account)


def known(number: str) -> Known | None:
    person = User.username_for(number)
    mine = Q(person_index=person, is_duplicate=False) | Q(user__username=person)
    rows = Application.open_ones().filter(mine).select_related("data_key", "user", "branch", "agent", "plan")
    account, application = holding.account_of(person), rows.order_by("is_duplicate", "-pk").first()
    return Known(account, application) if account or application else None


def read_from_card(application: Application) -> str:
    """The number, as the card in this very application said it."""
    return str((application.draft or {}).get(CARD_READ, ""))


def check(application: Application, number: str) -> None:
    """Somebody else holds this number."""
    if application.channel != Channel.COUNTER or read_from_card(application) != number:
        return
    if (application.draft or {}).get(SECOND) != number:
        tell(application, number)
        raise Refusal(
            "known-customer",
            _("Khách này đã có tài khoản hoặc hồ sơ đang mở, nên không mở thêm hồ sơ. Bấm “Xem cách giúp khách”."),
        )


def tell(application: Application, number: str) -> None:
    agent = audit.actor.get().user or application.agent
    assert agent
    with transaction.atomic():
        if SAME.spend(to(agent, number)) is not None:
            TELLINGS.require(
                str(agent.pk),
                _("Hôm nay bạn đã gặp quá nhiều khách đã có hồ sơ. Hãy gọi trưởng quầy, hoặc mời khách gọi 18001260."),
            )
        audit.record("known customer told", application, user=agent)
        if holder := known(number):
            holding.tell_holder(User.username_for(number), holder.account, holder.application)


def to(agent: User, number: str) -> str:
    return sealing.blind_index("known customer", f"{agent.pk} {number}")


def known_to(application: Application, agent: User) -> Known | None:
    """What this agent was told a moment ago, as it stands now."""
    number = read_from_card(application)
    is_told = bool(number) and SAME.is_spent(to(agent, number))
    return known(number) if is_told and application.channel == Channel.COUNTER else None
