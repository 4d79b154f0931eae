"""What VNeID says of a person, in whichever dialect, as we read it: unknown fields are let by, odd ones are not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from enrollment.gateways.vneid import SKEW, YOUNG, Agreed, Asked, Face, Forged, Shared
from enrollment.gateways.vneid_line import day, moment, number, rows, text
from enrollment.identity import Sex, born_per_number
from portal import names, writing

LEVELS = range(1, 10)
FACE_LASTS = timedelta(days=1)  # a face seen before that says nothing of who was there now
SEXES = {"nam": Sex.MALE, "male": Sex.MALE, "nu": Sex.FEMALE, "female": Sex.FEMALE}


def check(claims: Mapping[str, Any], asked: Asked, *, issuer: str, audience: str) -> None:
    """From VNeID, to us, about this asking, now."""
    now = timezone.now()
    if text(claims, "iss") != issuer:
        raise Forged("another issuer")
    if claims.get("aud") != audience:
        raise Forged("another audience")
    if text(claims, "nonce") != asked.nonce:
        raise Forged("another asking")
    issued, ends = moment(claims, "iat"), moment(claims, "exp")
    if issued > now + SKEW:
        raise Forged("of the future")
    if ends < now - SKEW or issued < now - YOUNG - SKEW:
        raise Forged("too old")


def shared(claims: Mapping[str, Any], transaction: str, *, subject: str) -> Shared:
    full_name, born = names.spelled(text(claims, "fullName", most=100)), day(claims, "birthDate")
    citizen = writing.document_number(text(claims, "citizenPid", most=20))
    if not (
        subject and transaction and born and names.is_name(full_name) and len(citizen) == 12 and citizen.isdecimal()
    ):
        raise Forged("no person")
    said = SEXES.get(writing.fold(text(claims, "gender")).casefold())
    sex, year = born_per_number(citizen)
    if year != born.year or (said and said != sex):
        raise Forged("a number of somebody else")
    level = number(claims, "accountLevel")
    if level not in LEVELS:
        raise Forged("no level")
    return Shared(
        transaction=transaction,
        subject=subject,
        level=level,
        number=citizen,
        full_name=full_name,
        birth_date=born,
        sex=sex,
        issued_on=day(claims, "dateOfIssue"),
        issued_by=writing.line(text(claims, "issuingAuthority", most=120)),
        expires_on=day(claims, "idCardExpireDate"),
        residence=writing.line(text(claims, "permanentAddress")),
        agreed=tuple(agreed(row) for row in rows(claims, "consents")),
        face=face(claims.get("faceMatch")),
    )


def agreed(row: Mapping[str, Any]) -> Agreed:
    return Agreed(
        purpose=text(row, "purpose", most=20),
        version=text(row, "version", most=10),
        language=text(row, "language", most=2),
        text_hash=text(row, "textHash", most=64),
        at=past(row, "at"),
    )


def past(fields: Mapping[str, Any], name: str) -> datetime:
    """What has been; clocks may differ."""
    at = moment(fields, name)
    if at > timezone.now() + SKEW:
        raise Forged("of the future")
    return min(at, timezone.now())


def face(fields: Any) -> Face | None:
    if not isinstance(fields, dict):
        return None
    score = fields.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 100:
        raise Forged("no score")
    at = past(fields, "at")
    if at < timezone.now() - FACE_LASTS:
        return None
    return Face(matched=fields.get("result") == "MATCH", score=float(score), at=at)
