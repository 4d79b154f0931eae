"""The face, far and near: cues in an order made for this one try, a film promised by its hash before it is sent, and
what can be seen in it. Nothing here says that somebody is alive or who it is: people, or a real eKYC service, do."""

import hashlib
import random
import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application
from kyc.gateways import eyes
from kyc.models import Challenge, Help, Upload
from kyc.steps import capture
from kyc.steps.capture import no
from portal import audit, isolation
from portal.accounts.roles import check_vouched
from portal.allowances import Limit
from portal.models import User
from portal.refusals import Refusal, out_of_step

TRIES = 3
BEGUN = Limit("face challenges", 30, timedelta(days=1))
CUES = 5
# Where the oval stands: its width and its middle, as shares of the frame. The page draws it from the same table.
OVALS: dict[str, tuple[float, float]] = {
    "far": (0.34, 0.5),
    "near": (0.60, 0.5),
    "left": (0.34, 0.34),
    "right": (0.34, 0.66),
}
GRACE = timedelta(seconds=15)  # for the countdown, and for a slow line to carry the promise
_system = secrets.SystemRandom()


def failures(application: Application) -> "QuerySet[Challenge]":
    """Of this person, in whichever application: beginning anew gives no new tries."""
    same = Q(application=application)
    if application.person_index:
        same |= Q(application__person_index=application.person_index, made_at__gt=timezone.now() - timedelta(days=30))
    return Challenge.objects.filter(same, outcome=Challenge.Outcome.FAILED, counts=True)


def tries_left(application: Application) -> int:
    return max(0, TRIES - failures(application).count())


def used_up() -> Refusal:
    return Refusal(
        "no-tries-left",
        _("Xác thực khuôn mặt chưa đạt sau ba lần. Quý khách mang giấy tờ đến quầy VNPT hoặc gọi 18001260 nhánh 1."),
        status=403,
    )


@transaction.atomic
def begin(application: Application, *, calm: bool = False) -> Challenge:
    """A new order of cues; the one before it ends here, and costs no try if it was only left."""
    capture.check_still_capturing(application)
    if not tries_left(application):
        raise used_up()
    BEGUN.require(
        str(application.pk), _("Quý khách đã thử nhiều lần hôm nay. Vui lòng thử lại ngày mai hoặc đến quầy VNPT.")
    )
    open_challenges = Challenge.objects.filter(application=application, outcome=Challenge.Outcome.OPEN)
    open_challenges.update(outcome=Challenge.Outcome.DROPPED)
    return Challenge.objects.create(application=application, key=uuid.uuid4(), cues=cues(_system, calm=calm), calm=calm)


def cues(dice: random.Random, *, calm: bool) -> list[dict[str, Any]]:
    """Five, no two alike in a row, far and near among them, each as long as chance will have it."""
    while True:
        order = [dice.choice(list(OVALS))]
        while len(order) < CUES:
            order.append(dice.choice([cue for cue in OVALS if cue != order[-1]]))
        if {"far", "near"} <= set(order) and len(set(order)) > 2:
            pace = 2 if calm else 1
            return [{"cue": cue, "ms": dice.randrange(1500, 2300, 20) * pace} for cue in order]


def lasts(challenge: Challenge) -> timedelta:
    return timedelta(milliseconds=sum(cue["ms"] for cue in challenge.cues))


def promise(application: Application, key: uuid.UUID, digest: str) -> None:
    """The film's hash, told as soon as it is shot: small enough for any line. The film itself may then take its time."""
    challenge = open_challenge(application, key)
    now, ends = timezone.now(), challenge.made_at + lasts(challenge)
    if challenge.digest == digest:
        return  # the answer was lost on the way, and it is told again
    if now > ends + GRACE * (4 if challenge.calm else 1):
        raise no("late")
    if now < ends:
        raise no("wrong-film")  # it cannot have been shot yet
    unpromised = Challenge.objects.filter(pk=challenge.pk, outcome=Challenge.Outcome.OPEN, digest="")
    if len(digest) != 64 or not unpromised.update(digest=digest, promised_at=now):
        raise no("wrong-film")


def open_challenge(application: Application, key: uuid.UUID) -> Challenge:
    challenge = Challenge.objects.filter(application=application, key=key, outcome=Challenge.Outcome.OPEN).first()
    if challenge is None:
        raise out_of_step()
    return challenge


@transaction.atomic
def allow_again(application: Application, by: User) -> None:
    """At the counter, with the person in front of one: three more tries. Whoever allows it may not decide later."""
    check_vouched(by)
    Help.objects.create(application=application, by=by)
    failures(application).update(counts=False)
    audit.record("face tries allowed", application, user=by)


# ── Judging ──


def take_film(upload: Upload, key: uuid.UUID) -> None:
    """Judge the film of a challenge: kept, or a try less with the reason."""
    application = upload.application
    challenge = Challenge.objects.filter(application=application, key=key, outcome=Challenge.Outcome.OPEN).first()
    sent = capture.whole(upload)
    if challenge is None or not challenge.digest or hashlib.sha256(sent).hexdigest() != challenge.digest:
        return capture.refuse(upload, "wrong-film")
    try:
        film = eyes.film(sent, challenge.cues, lasts(challenge) // timedelta(milliseconds=1))
    except isolation.Failed:  # whoever's fault that was: it costs no try
        drop(challenge)
        return capture.refuse(upload, "not-read")
    if film.fault:
        with transaction.atomic():
            fail(challenge)
            capture.conclude(upload, {"refused": film.fault})
        return None
    facts = {**film.facts, **told_by(challenge)}
    with capture.stored(application, film.pictures) as files, transaction.atomic():
        capture.check_still_capturing(application)
        if end(challenge) and capture.conclude(upload, {"kept": True}):
            capture.keep(application, files, upload.way, facts)
        else:
            transaction.set_rollback(True)
    upload.refresh_from_db(fields=["answer"])
    return None if upload.answer else capture.refuse(upload, "wrong-film")


def told_by(challenge: Challenge) -> dict[str, Any]:
    """What is kept beside what the film shows."""
    return {"calm": challenge.calm, "promised": challenge.promised_at.isoformat() if challenge.promised_at else ""}


def end(challenge: Challenge) -> bool:
    open_challenges = Challenge.objects.filter(pk=challenge.pk, outcome=Challenge.Outcome.OPEN)
    return bool(open_challenges.update(outcome=Challenge.Outcome.KEPT))


def drop(challenge: Challenge) -> None:
    open_challenges = Challenge.objects.filter(pk=challenge.pk, outcome=Challenge.Outcome.OPEN)
    open_challenges.update(outcome=Challenge.Outcome.DROPPED)


def fail(challenge: Challenge) -> None:
    """Also where another try was begun meanwhile: what was promised and judged has been a try."""
    kept = Challenge.objects.filter(pk=challenge.pk).exclude(outcome=Challenge.Outcome.KEPT)
    kept.update(outcome=Challenge.Outcome.FAILED)
