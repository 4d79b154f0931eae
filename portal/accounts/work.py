"""Work instead of a wall: where many wrong passwords came from one network, each further try costs a moment of its browser's
time. A carrier puts a whole city behind one address, so nobody is shut out; whoever tries thousands pays for each.

The browser looks for a number whose PBKDF2 with the page's token begins with so many zero bits; the server looks once.
Without JavaScript, waiting does instead, for so many tries an hour."""

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.signing import BadSignature, TimestampSigner

from portal.allowances import Limit

NETWORK = Limit("sign-in network", 100_000, timedelta(hours=1))  # wrong tries from one network, whoever they aim at
FREE = 200  # of them, before work is asked for
LASTS = timedelta(minutes=15)
USED = Limit("sign-in work", 1, LASTS)
WAITS = Limit("sign-in waits", 240, timedelta(hours=1))  # of one network
ROUNDS, BITS, MOST_BITS, SECONDS = 2000, 7, 11, 15  # a browser's second or two at most; and as long to wait without it
signer = TimestampSigner(salt="sign-in work")


@dataclass(frozen=True)
class Task:
    token: str
    bits: int

    @property
    def rounds(self) -> int:
        return ROUNDS

    @property
    def seconds(self) -> int:
        """To wait, where the browser does not work."""
        return SECONDS * (self.bits - BITS + 1)


def task_for(network: str) -> Task | None:
    """None where few went wrong: nearly everywhere, nearly always."""
    wrong = NETWORK.spent(network)
    if wrong < FREE:
        return None
    bits = min(MOST_BITS, BITS + int(math.log2(wrong / FREE)))
    return Task(signer.sign(f"{secrets.token_hex(8)}.{bits}.{network[:32]}"), bits)


def is_done(network: str, token: str, answer: str) -> bool:
    """Each task once, and only for the network that it was given to."""
    try:
        name, bits, given_to = signer.unsign(token, max_age=LASTS).split(".")
    except (BadSignature, ValueError):
        return False
    if given_to != network[:32]:
        return False
    if is_answer(token, answer, int(bits)):
        return USED.spend(name) is not None
    return _waited(token, Task(token, int(bits)).seconds) and USED.spend(name) is not None and _may_wait(network)


def is_answer(token: str, answer: str, bits: int) -> bool:
    if not answer.isdecimal() or len(answer) > 10:
        return False
    digest = hashlib.pbkdf2_hmac("sha256", token.encode(), answer.encode(), ROUNDS)
    return int.from_bytes(digest[:4]) >> (32 - bits) == 0


def _waited(token: str, seconds: int) -> bool:
    try:
        signer.unsign(token, max_age=seconds)
    except BadSignature:
        return True  # its signature was looked at before: it is older than that
    return False


def _may_wait(network: str) -> bool:
    return WAITS.spend(network) is not None


def seconds_for(network: str) -> int:
    task = task_for(network)
    return task.seconds if task else 0


def asked(request: Any, network: str) -> bool:
    """Whether this try has to show work, and does not."""
    if request.user.is_authenticated or NETWORK.spent(network) < FREE:
        return False
    return not is_done(network, request.POST.get("work", ""), request.POST.get("answer", ""))
