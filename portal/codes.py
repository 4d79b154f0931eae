"""One-time codes: made within a budget, checked and counted in one conditional update, ended by a newer one.

Digits exist in the message on its way and in the person's hands; the table keeps a keyed digest (promise P9)."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal import sealing
from portal.allowances import Limit
from portal.models import Code
from portal.refusals import Refusal

DAY = timedelta(days=1)
TRIES = 5
GUESSES = Limit("code guesses", 15, DAY)  # per account and day, over all its codes
PAUSE = timedelta(seconds=60)
SENDS = {  # whose budget each code draws on
    "target": Limit("codes to target", 10, DAY),
    "account": Limit("codes for account", 20, DAY),
    "network": Limit("codes from network", 2000, DAY),  # a phone company puts thousands behind one address
}


@dataclass(frozen=True)
class OneTimeCode:
    digits: str
    expires_at: datetime


def pause_of(purpose: str) -> Limit:
    return Limit(f"pause {purpose}", 1, PAUSE)


def digest(purpose: str, target: str, digits: str) -> str:
    return sealing.blind_index(f"code {purpose}", f"{target} {digits}")


def make(
    purpose: str,
    target: str,
    *,
    lasts: timedelta,
    account: str = "",
    network: str = "",
    length: int = 6,
    at_once: bool = False,
    unmetered: bool = False,
) -> OneTimeCode:
    """A new code for the target; the one before it ends here. Refuses when a budget is spent.

    `target` is a blind index (of a phone, of an ID number), so that the table names nobody. `at_once`: without the
    pause, because the code before went to a wrong address. `unmetered`: a budget for it was spent already."""
    now = timezone.now()
    digits = "".join(secrets.choice("0123456789") for _digit in range(length))
    with transaction.atomic():
        _pause(purpose, target, asked=not (at_once or unmetered))
        if not unmetered:
            _spend({"target": target, "account": account or target, "network": network})
        # The target's rows are locked by now, so no other code for it can be born between these two lines.
        Code.objects.filter(purpose=purpose, target=target, live=True).update(live=False)
        Code.objects.create(
            purpose=purpose,
            target=target,
            digest=digest(purpose, target, digits),
            tries_left=TRIES,
            expires_at=now + lasts,
        )
    return OneTimeCode(digits, now + lasts)


def _pause(purpose: str, target: str, *, asked: bool) -> None:
    """It begins with every code; `asked`: and must be over before this one."""
    pause = pause_of(purpose)
    if pause.spend(target) is None and asked:
        wait = pause.seconds_to_wait(target)
        raise Refusal(
            "code-too-soon",
            _("Mã vừa được gửi. Quý khách vui lòng chờ %(wait)s giây rồi yêu cầu mã mới.") % {"wait": wait},
            status=429,
            wait=wait,
        )


def _spend(holders: dict[str, str]) -> None:
    for kind, limit in SENDS.items():
        if holders[kind] and limit.spend(holders[kind]) is None:
            raise Refusal(
                "code-budget-spent",
                _("Quý khách đã yêu cầu quá nhiều mã trong ngày. Vui lòng thử lại vào ngày mai hoặc gọi 18001260."),
                status=429,
                wait=limit.seconds_to_wait(holders[kind]),
            )


def ended() -> Refusal:
    return Refusal("code-ended", _("Mã đã hết hạn hoặc hết lượt thử. Quý khách hãy yêu cầu mã mới."), status=403)


def wrong(left: int) -> Refusal:
    return Refusal(
        "code-wrong",
        ngettext(
            "Thông tin chưa đúng. Quý khách hãy kiểm tra lại tin nhắn SMS; còn %(left)d lần thử.",
            "Thông tin chưa đúng. Quý khách hãy kiểm tra lại tin nhắn SMS; còn %(left)d lần thử.",
            left,
        )
        % {"left": left},
        status=403,
    )


def is_meant(purpose: str, target: str, digits: str) -> bool:
    """Which of several targets the digits are for. It spends nothing: the caller has counted this try, and checks them."""
    live = Code.objects.filter(purpose=purpose, target=target, live=True, digest=digest(purpose, target, digits))
    return live.exists()


def check(purpose: str, target: str, digits: str, *, account: str = "") -> None:
    """Return if the digits are right, once; refuse otherwise. The count is committed whatever the caller does next."""
    receipt, now = uuid.uuid4(), timezone.now()
    with transaction.atomic(durable=True):
        guesses_left = GUESSES.spend(account or target)
        if guesses_left is None:
            raise Refusal(
                "code-guesses-spent",
                _("Quý khách đã nhập sai quá nhiều lần trong ngày. Vui lòng thử lại vào ngày mai hoặc gọi 18001260."),
                status=429,
            )
        right = When(digest=digest(purpose, target, digits), then=Value(receipt))
        tried = Code.objects.filter(
            purpose=purpose, target=target, live=True, tries_left__gt=0, expires_at__gt=now
        ).update(
            tries_left=F("tries_left") - 1,
            receipt=Case(right, default=None),
            live=Case(When(right.condition, then=Value(False)), default=Value(True)),
        )
        accepted = Code.objects.filter(purpose=purpose, target=target, receipt=receipt).exists()
        if accepted:
            GUESSES.restore(account or target)
        live = Code.objects.filter(purpose=purpose, target=target, live=True, expires_at__gt=now)
        left = live.values_list("tries_left", flat=True).first()
    if accepted:
        return
    if not tried or not left:
        raise ended()
    raise wrong(min(left, guesses_left))
