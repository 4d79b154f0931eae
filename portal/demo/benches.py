"""What the ground floor costs, each against the least that could do the same, measured side by side."""

import hashlib
import hmac
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection, connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from portal import audit, codes, sealing
from portal.accounts.passwords import PasswordHasher
from portal.models import Code, Event
from portal.refusals import Refusal


@dataclass(frozen=True)
class Pair:
    name: str
    ours: Callable[[], object]
    bare: Callable[[], object]
    against: str
    times: int = 200


def pairs() -> Iterator[Pair]:
    yield from sealing_pairs()
    yield from database_pairs()
    yield Pair(
        "password hash",
        partial(PasswordHasher().encode, "Hoa-sen#2026", "0123456789abcdef"),
        partial(PBKDF2PasswordHasher().encode, "Hoa-sen#2026", "0123456789abcdef"),
        "Django's default PBKDF2",
        1,
    )
    yield from trail_pairs()


MANY = 1_000_000
FILLED = {
    "postgresql": "FROM generate_series({first}, {last}) AS n(n)",
    "sqlite": "FROM (WITH RECURSIVE n(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n < {last}) SELECT n FROM n)",
}
MOMENT = {
    "postgresql": "now() - n * interval '30 seconds'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || (n * 30) || ' seconds')",
}


def fill_trail(many: int = MANY) -> None:
    """A year of thirty entries a second apart, of 5,000 people in 50,000 files; by SQL, for nobody needs their MACs."""
    kind, turn = connection.vendor, 50_000  # rows a statement, which has ten seconds
    columns = "at, actor_id, role, branch, verb, about, result, place, request_id, details, mac, seal_id"
    verb = "CASE n % 9999 WHEN 0 THEN 'roles changed' ELSE 'sign-in' END"
    row = f"{MOMENT[kind]}, 1000000 + n % 5000, '', '', {verb}, 'application:' || (n % 50000), 'ok', '', '', '{{}}', '', 0"
    with connection.cursor() as cursor:
        for first in range(1, many, turn):
            numbers = FILLED[kind].format(first=first, last=first + turn - 1)
            cursor.execute(f"INSERT INTO portal_event ({columns}) SELECT {row} {numbers}")
        cursor.execute("ANALYZE portal_event")


def trail_pairs() -> Iterator[Pair]:
    """First pages as the admin asks for them, with their capped count, among a million entries."""
    fill_trail()
    everything = Event.objects.order_by("-at", "-id")
    day = timezone.now() - timedelta(days=200)
    asked = {
        "a person's entries": Q(actor=1_000_007) | Q(about="user:1000007"),
        "a file's entries": Q(actor__in=()) | Q(about__in=("application:7", "case:7")),
        "a day's entries": Q(at__gte=day, at__lt=day + timedelta(days=1)),
        "a seldom verb's entries": Q(verb="roles changed"),
    }
    for name, sought in asked.items():
        rows = everything.filter(sought)
        yield Pair(
            f"{name} of {MANY:,}", partial(first_page, rows), partial(first_page, everything), "the newest page", 10
        )


def first_page(rows: "QuerySet[Event]") -> None:
    list(rows[:100])
    rows.order_by()[:10_000].count()


def sealing_pairs() -> Iterator[Pair]:
    name, place = "Nguyễn Thị Mẫu An".encode(), "portal_user.full_name"
    token, bare = sealing.seal(name, place), AESGCM(os.urandom(32))
    nonce = os.urandom(12)
    sealed = bare.encrypt(nonce, name, place.encode())
    yield Pair(
        "seal a name", lambda: sealing.seal(name, place), lambda: bare.encrypt(nonce, name, place.encode()), "AES-GCM"
    )
    yield Pair(
        "unseal it",
        lambda: sealing.unseal(token, place),
        lambda: bare.decrypt(nonce, sealed, place.encode()),
        "AES-GCM",
    )
    yield Pair(
        "blind index",
        lambda: sealing.blind_index("phone", "0912345678"),
        lambda: hmac.new(nonce, b"0912345678", hashlib.sha256).hexdigest(),
        "HMAC-SHA256",
    )


def database_pairs() -> Iterator[Pair]:
    yield Pair("check a code (wrong)", guess, guess_bare, "one conditional UPDATE, committed", 30)
    yield Pair("audit entry", written, written_bare, "the INSERT alone, committed", 50)
    sixteen = partial(by_writers, 16, written)
    yield Pair("320 entries, 16 writers", sixteen, partial(by_writers, 1, written), "the same by 1 writer", 1)
    yield Pair("320 entries, 16 writers", sixteen, partial(by_writers, 16, written_bare), "320 bare INSERTs", 1)


def new_code() -> str:
    target, soon = uuid.uuid4().hex * 2, timezone.now() + timedelta(minutes=5)
    Code.objects.create(purpose="bench", target=target, digest="", tries_left=5, expires_at=soon)
    return target


def guess() -> None:
    target = new_code()
    try:
        codes.check("bench", target, "000000")
    except Refusal:
        return


def guess_bare() -> None:
    target = new_code()
    with transaction.atomic():
        Code.objects.filter(target=target, live=True, tries_left__gt=0).update(tries_left=F("tries_left") - 1)


def written() -> None:
    with transaction.atomic():
        audit.record("people searched", "user:1", reason="bench")


def written_bare() -> None:
    with transaction.atomic():
        Event(
            at=timezone.now(), verb="people searched", about="user:1", details={"reason": "bench"}, mac="0" * 64
        ).save()


def by_writers(number: int, write: Callable[[], None], entries: int = 320) -> None:
    def work() -> None:
        for _entry in range(entries // number):
            write()
        connections.close_all()

    writers = [threading.Thread(target=work) for _writer in range(number)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
