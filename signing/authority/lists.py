"""Revocation lists: what each issuer has revoked or holds, signed by its own hand.

An issuing authority's list is in shards: each certificate names the one on which it would stand, and a list says which it is
(RFC 5280, 5.2.5). So what a reader fetches stays small, however many certificates there are."""

import hashlib
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal import jobs
from signing.authority import der, profile
from signing.authority.gateways.vault import sign_as_provider
from signing.authority.models import Authority, Issued, RevocationList
from signing.authority.profile import Issuer

LASTS, EVERY = timedelta(hours=24), timedelta(hours=1)
STAYS = timedelta(days=7)  # after a certificate's own end: RFC 5280 (3.3) wants it on one more list at least
Entry = tuple[int, datetime, int]  # serial, when, why


def publish_due() -> None:
    """On a schedule, and at once when something was revoked since the last."""
    now = timezone.now()
    ours = Authority.objects.filter(role=Authority.Role.ISSUING, not_after__gt=now).exclude(wrapped=None)
    jobs.each(ours, publish_where_due)


def publish_where_due(issuer: Authority) -> None:
    now, newest = timezone.now(), dict[int, tuple[datetime, str]]()
    for shard, made_at, digest in issuer.lists.order_by("number").values_list("shard", "made_at", "digest"):
        newest[shard] = made_at, digest
    revoked = by_shard(revoked_by(issuer, now))
    for shard in range(issuer.shards):
        made_at, digest = newest.get(shard, (now, ""))
        if made_at < now - EVERY or digest != digest_of(revoked[shard]):
            publish(issuer, shard)


def newest(issuer: Authority, shard: int = 0) -> RevocationList | None:
    return issuer.lists.filter(shard=shard).order_by("-number").first()


def revoked_by(issuer: Authority, now: datetime) -> QuerySet[Issued]:
    """What is revoked or on hold now. A list is compared with this, not with a clock: a revocation that was under way
    while a list was made is missed by no later one. What has run out leaves when a reader has no more use for it."""
    oldest = issuer.lists.order_by("made_at").values_list("made_at", flat=True).first()
    return Issued.objects.filter(issuer=issuer, not_after__gt=min(oldest or now, now - STAYS)).exclude(revoked_at=None)


def by_shard(rows: QuerySet[Issued]) -> defaultdict[int, list[Entry]]:
    entries = defaultdict[int, list[Entry]](list)
    for shard, serial, when, why in rows.values_list("shard", "serial", "revoked_at", "reason"):
        assert when
        entries[shard].append((int(serial, 16), when, why))
    for listed in entries.values():
        listed.sort()
    return entries


def digest_of(listed: list[Entry]) -> str:
    return hashlib.sha256(repr([(serial, when.isoformat(), why) for serial, when, why in listed]).encode()).hexdigest()


@transaction.atomic
def publish(issuer: Authority, shard: int = 0) -> RevocationList:
    """One after another, so that a later number never knows less."""
    Authority.objects.select_for_update().get(pk=issuer.pk)
    now, last = timezone.now(), newest(issuer, shard)
    revoked = by_shard(revoked_by(issuer, now).filter(shard=shard))[shard]
    number = last.number + 1 if last else 1
    content = body(issuer.as_issuer, issuer.algorithm, number, now, now + LASTS, revoked, shard)
    signed = der.signed(content, issuer.algorithm, sign_as_provider(issuer, content))
    issuer.lists.filter(shard=shard, next_update__lte=now).delete()
    return RevocationList.objects.create(
        issuer=issuer, shard=shard, number=number, der=signed, digest=digest_of(revoked), made_at=now,
        next_update=now + LASTS,
    )  # fmt: skip


def body(
    issuer: Issuer, kind: str, number: int, now: datetime, until: datetime, revoked: list[Entry], shard: int = 0
) -> bytes:
    """A list's content: serials with when and why."""
    listed = [
        der.sequence(
            der.integer(serial),
            der.time(when),
            *([der.sequence(profile.extension("2.5.29.21", der.enumerated(why)))] if why else []),
        )
        for serial, when, why in revoked
    ]
    return der.sequence(
        der.integer(1),
        der.SIGNED_BY[kind],
        issuer.subject,
        der.time(now),
        der.time(until),
        *([der.sequence(*listed)] if listed else []),
        der.explicit(
            0,
            der.sequence(
                profile.authority_of(issuer),
                profile.extension("2.5.29.20", der.integer(number)),
                *([] if issuer.shards == 1 else [scope(issuer.list_at(shard))]),
            ),
        ),
    )


def scope(address: str) -> bytes:
    """That a list speaks only for the certificates that name it."""
    return profile.extension("2.5.29.28", der.sequence(profile.place_of(address)), critical=True)
