"""The keys that an issuing authority certifies by itself, its responder and the seal: each turned before its end, and the
responder also after it, so that whoever was away for long goes on answering."""

from datetime import datetime, timedelta

from cryptography import x509
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from signing.authority import der, profile
from signing.authority.gateways.vault import KeyPair, sign_as_provider, vault
from signing.authority.models import Authority
from signing.authority.remembered import forget

Role = Authority.Role
YEAR = timedelta(days=365)
# How long each lives, and how long before its end the next one takes over. The national root lives 25 years. SmartCA's
# issuing authority lived 5; ours 10, for readers forgive a signer who has run out since, but not the authority above. A
# timestamp must be believed longer than what it stamps.
LIVES: dict[str, timedelta] = {
    Role.ROOT: 25 * YEAR,
    Role.ISSUING: 10 * YEAR,
    Role.TIMESTAMP: 15 * YEAR,
    Role.ORGANISATION: 3 * YEAR,
    Role.RESPONDER: YEAR / 4,
}
TURNS: dict[str, timedelta] = {Role.ORGANISATION: YEAR / 4, Role.RESPONDER: YEAR / 12}
NAMES: dict[str, str] = {
    Role.ROOT: "VNPT SmartCA DEMO Root - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ",
    Role.ISSUING: "VNPT SmartCA RS DEMO - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ",
    Role.TIMESTAMP: "VNPT SmartCA TSA DEMO - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ",
    Role.ORGANISATION: "VNPT SmartCA DEMO",
    Role.RESPONDER: "VNPT SmartCA OCSP DEMO",
}
COMPANY = "VNPT SMARTCA DEMO"
SHARDS = 64  # of an issuing authority's list: with 50,000 revoked each has 800 entries, 30 kB


def responder_for(issuer: Authority) -> Authority:
    """After a roll-over the old issuer's questions are answered by its own last responder; where that has run out, by a new
    one."""
    now = timezone.now()
    own = Authority.objects.filter(role=Role.RESPONDER, issuer=issuer, not_after__gt=now)
    return own.order_by("-pk").first() or turned(Role.RESPONDER, issuer, now.replace(microsecond=0))


@transaction.atomic
def turned(role: str, issuing: Authority, now: datetime) -> Authority:
    """The one that is good for a while: a new one where the last is near its end or past it, or there is none. Of two that
    see this at once the second finds the first one's."""
    issuing = Authority.objects.select_for_update().get(pk=issuing.pk)
    last = Authority.objects.filter(role=role, issuer=issuing).order_by("-not_after", "-pk").first()
    return turn(role, issuing, now) if last is None or is_due(last, issuing, now) else last


def is_due(last: Authority, issuer: Authority, now: datetime) -> bool:
    """Near its end, unless that is its issuer's end too, beyond which no other would last."""
    ends, latest = last.not_after, issuer.not_after
    return bool(ends and latest and ends < latest and ends - TURNS[last.role] < now)


@transaction.atomic
def turn(role: str, issuing: Authority, now: datetime) -> Authority:
    """One that an issuing authority signs by itself; for one that has been taken over from, beside the live one."""
    pair = vault().make(role, settings.AUTHORITY_KIND)
    ends = min(now + LIVES[role], issuing.not_after or now)
    body = profile.provider(
        role, subject_of(role), pair.public, issuing.as_issuer, issuing.algorithm, profile.new_serial(), now, ends
    )
    certificate = der.signed(body, issuing.algorithm, sign_as_provider(issuing, body))
    if issuing.live:
        Authority.objects.filter(role=role, live=True).update(live=False)
    return keep(role, pair, certificate, issuing, live=issuing.live)


def subject_of(role: str) -> bytes:
    return profile.name((profile.COUNTRY, "VN"), (profile.ORGANISATION, COMPANY), (profile.NAME, NAMES[role]))


def keep(role: str, pair: KeyPair, certificate: bytes, issuer: Authority | None, *, live: bool = True) -> Authority:
    read = x509.load_der_x509_certificate(certificate)
    transaction.on_commit(forget)
    return Authority.objects.create(
        role=role, name=NAMES[role], kind=pair.kind, public=pair.public, wrapped=pair.wrapped or None, live=live,
        certificate=certificate, issuer=issuer, serial=f"{read.serial_number:x}", not_after=read.not_valid_after_utc,
        shards=SHARDS if role == Role.ISSUING else 1,
    )  # fmt: skip
