"""Revocation lists: what each issuer has revoked or holds, signed by its own hand."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal import jobs
from signing.authority import der, profile
from signing.authority.gateways.vault import sign_as_provider
from signing.authority.models import Authority, Issued, RevocationList
from signing.authority.profile import Issuer

LASTS, EVERY = timedelta(hours=24), timedelta(hours=1)
Entry = tuple[int, datetime, int]  # serial, when, why


def publish_due() -> None:
    """On a schedule, and at once when something was revoked since the last."""
    now = timezone.now()
    ours = Authority.objects.filter(role=Authority.Role.ISSUING, not_after__gt=now).exclude(wrapped=None)
    jobs.each(ours, publish_where_due)


def publish_where_due(issuer: Authority) -> None:
    last = newest(issuer)
    if last is None or last.made_at < timezone.now() - EVERY or last.digest != digest_of(entries(issuer)):
        publish(issuer)


def newest(issuer: Authority) -> RevocationList | None:
    return issuer.lists.order_by("-number").first()


def entries(issuer: Authority) -> list[Entry]:
    """What is revoked or on hold now. A list is compared with this, not with a clock: a revocation that was under way
    while a list was made is missed by no later one."""
    rows = Issued.objects.filter(issuer=issuer).exclude(revoked_at=None)
    revoked = rows.values_list("serial", "revoked_at", "reason")
    return sorted((int(serial, 16), when, why) for serial, when, why in revoked if when)


def digest_of(listed: list[Entry]) -> str:
    return hashlib.sha256(repr([(serial, when.isoformat(), why) for serial, when, why in listed]).encode()).hexdigest()


@transaction.atomic
def publish(issuer: Authority) -> RevocationList:
    """One after another, so that a later number never knows less."""
    Authority.objects.select_for_update().get(pk=issuer.pk)
    now, last, revoked = timezone.now(), newest(issuer), entries(issuer)
    number = last.number + 1 if last else 1
    content = body(issuer.as_issuer, issuer.algorithm, number, now, now + LASTS, revoked)
    signed = der.signed(content, issuer.algorithm, sign_as_provider(issuer.wrapped, content))
    issuer.lists.filter(made_at__lt=now - 30 * LASTS).delete()
    return RevocationList.objects.create(
        issuer=issuer, number=number, der=signed, digest=digest_of(revoked), made_at=now, next_update=now + LASTS
    )


def body(issuer: Issuer, kind: str, number: int, now: datetime, until: datetime, revoked: list[Entry]) -> bytes:
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
            der.sequence(profile.authority_of(issuer), profile.extension("2.5.29.20", der.integer(number))),
        ),
    )
