"""The face, far and near: cues in an order made for this one try, a film promised by its hash before it is sent, and
what can be seen in it. Nothing here says that somebody is alive or who it is: people, or a real eKYC service, do."""

import hashlib
import json
import random
import secrets
import statistics
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageChops, ImageOps, ImageStat

from enrollment.models import Application
from kyc.models import Challenge, Help, Upload
from kyc.reading import picture, vision
from kyc.steps import capture
from kyc.steps.capture import no
from portal import audit
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
FRAMES, FRAME_BYTES, HEADER = (16, 100), 150_000, 16_000
PIXELS = {False: 400_000, True: 3_000_000}  # of a frame, of a still
ALIKE = 0.75  # a still and the frame beside it show the same moment
STILL_BYTES = 1_500_000
SHEET = (150, 200, 10)  # a frame's size on the contact sheet, and how many stand in a row
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


# ── The film: a line of JSON, then JPEG frames one after another; no container that would need a parser ──


@dataclass(frozen=True)
class Frame:
    at: int  # milliseconds since the first cue
    still: str  # "far" or "near" where it is one of the two large pictures
    image: Image.Image


def frames_of(film: bytes, lasts: int) -> list[Frame]:
    header, _newline, rest = film.partition(b"\n")
    try:
        entries = json.loads(header[:HEADER])["frames"]
        wanted = [(int(entry["at"]), str(entry.get("still", "")), int(entry["size"])) for entry in entries]
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError, RecursionError) as wrong:
        raise no("wrong-film") from wrong
    moving = [(at, size) for at, still, size in wanted if not still]
    stills = sorted(still for _at, still, _size in wanted if still)
    well_formed = (
        len(header) <= HEADER
        and FRAMES[0] <= len(moving) <= FRAMES[1]
        and stills == ["far", "near"]
        and all(0 < size <= (STILL_BYTES if still else FRAME_BYTES) for _at, still, size in wanted)
        and sum(size for _at, _still, size in wanted) == len(rest)
        and all(0 <= at <= lasts for at, _still, _size in wanted)
        and all(entry[0] < other[0] for entry, other in pairwise(moving))
    )
    if not well_formed:
        raise no("wrong-film")
    frames, place = [], 0
    for at, still, size in wanted:
        bytes_ = rest[place : place + size]
        frames.append(Frame(at, still, picture.fresh(bytes_, 1280 if still else 360, most=PIXELS[bool(still)])))
        place += size
    return frames


def sheet_of(frames: list[Frame]) -> Image.Image:
    """All frames on one sheet: seen at a glance, printed, played by the desk; one picture to keep and to audit."""
    wide, high, row = SHEET
    sheet = Image.new("RGB", (wide * row, high * -(-len(frames) // row)), (24, 24, 24))
    for place, frame in enumerate(frames):
        small = frame.image.copy()
        small.thumbnail((wide, high))
        sheet.paste(small, ((place % row) * wide, (place // row) * high))
    return sheet


def pictures_of(far: Image.Image, near: Image.Image, moving: list[Frame]) -> dict[str, bytes]:
    """As they are stored."""
    return {
        "face-far": picture.kept(far),
        "face-near": picture.kept(near),
        "face-film": picture.kept(sheet_of(moving), 80),
    }


# ── Judging ──


@dataclass(frozen=True)
class Seen:
    cue: str
    wide: float | None  # the face's width and its middle, as shares of the frame; None where none was found
    middle: float | None


def seen_at(cues: list[dict[str, Any]], frames: list[Frame]) -> list[Seen]:
    """For each cue what its last third shows: by then the person has come to the place."""
    seen, start = [], 0
    for cue in cues:
        end = start + cue["ms"]
        late = [frame for frame in frames if start + cue["ms"] * 0.6 <= frame.at < end][-3:]
        boxes = [(vision.face(frame.image.convert("L")), frame.image.width) for frame in late]
        known = [(box[2] / width, (box[0] + box[2] / 2) / width) for box, width in boxes if box]
        seen.append(
            Seen(
                cue["cue"], statistics.median(wide for wide, _at in known), statistics.median(at for _wide, at in known)
            )
            if known
            else Seen(cue["cue"], None, None)
        )
        start = end
    return seen


def followed(seen: list[Seen]) -> bool:
    """Every cue shows a face where its oval was: near ones clearly larger than far ones, left ones left of right ones."""
    if any(sighting.wide is None or sighting.middle is None for sighting in seen):
        return False
    near = [sighting.wide or 0 for sighting in seen if sighting.cue == "near"]
    rest = [sighting.wide or 0 for sighting in seen if sighting.cue != "near"]
    aside = {cue: [sighting.middle or 0 for sighting in seen if sighting.cue == cue] for cue in OVALS}
    order = [
        (max(aside[low]) + 0.04 < min(aside[high]))
        for low, high in (("left", "far"), ("far", "right"), ("left", "right"))
        if aside[low] and aside[high]
    ]
    return min(near) > 1.25 * max(rest) and all(order)


def ratio(seen: list[Seen]) -> float | None:
    near = [sighting.wide for sighting in seen if sighting.cue == "near" and sighting.wide]
    far = [sighting.wide for sighting in seen if sighting.cue == "far" and sighting.wide]
    return round(statistics.median(near) / statistics.median(far), 2) if near and far else None


def is_frozen(frames: list[Frame]) -> bool:
    """Nothing moves from first to last but the sensor's noise."""
    small = [frame.image.convert("L").resize((24, 32), Image.Resampling.BOX) for frame in frames]
    differences = [ImageStat.Stat(ImageChops.difference(small[0], frame)).mean[0] for frame in small[1:]]
    return max(differences) < 2.5


def take_film(upload: Upload, key: uuid.UUID) -> None:
    """Judge the film of a challenge: kept, or a try less with the reason."""
    application = upload.application
    challenge = Challenge.objects.filter(application=application, key=key, outcome=Challenge.Outcome.OPEN).first()
    film = capture.whole(upload)
    if challenge is None or not challenge.digest or hashlib.sha256(film).hexdigest() != challenge.digest:
        return capture.refuse(upload, "wrong-film")
    try:
        frames = frames_of(film, lasts(challenge) // timedelta(milliseconds=1))
        moving = [frame for frame in frames if not frame.still]
        stills = {frame.still: frame for frame in frames if frame.still}
        seen = seen_at(challenge.cues, moving)
        fault = fault_of(seen, moving, stills)
    except Refusal as wrong:
        fault = wrong.code
    if fault:
        with transaction.atomic():
            fail(challenge)
            capture.conclude(upload, {"refused": fault})
        return None
    facts = facts_of(challenge.cues, seen, moving, calm=challenge.calm, promised_at=challenge.promised_at)
    pictures = pictures_of(stills["far"].image, stills["near"].image, moving)
    with capture.stored(application, pictures) as files, transaction.atomic():
        capture.check_still_capturing(application)
        if end(challenge) and capture.conclude(upload, {"kept": True}):
            capture.keep(application, files, upload.way, facts)
        else:
            transaction.set_rollback(True)
    upload.refresh_from_db(fields=["answer"])
    return None if upload.answer else capture.refuse(upload, "wrong-film")


def facts_of(
    cues: list[dict[str, Any]], seen: list[Seen], moving: list[Frame], *, calm: bool, promised_at: datetime | None
) -> dict[str, Any]:
    """What is kept beside the pictures."""
    return {
        "cues": cues,
        "seen": [[sighting.cue, sighting.wide, sighting.middle] for sighting in seen],
        "ratio": ratio(seen),
        "frames": [frame.at for frame in moving],
        "calm": calm,
        "promised": promised_at.isoformat() if promised_at else "",
    }


def fault_of(seen: list[Seen], moving: list[Frame], stills: dict[str, Frame]) -> str:
    if is_frozen(moving):
        return "still"
    if not vision.able:
        return ""
    if not all(vision.face(still.image.convert("L")) for still in stills.values()):
        return "no-face"
    if not all(belongs(still, moving) for still in stills.values()):
        return "wrong-film"
    return "" if followed(seen) else "not-followed"


def belongs(still: Frame, moving: list[Frame]) -> bool:
    """The large picture shows what the film shows at that moment (the film is mirrored, as people see themselves)."""
    beside = sorted(moving, key=lambda frame: abs(frame.at - still.at))[:3]
    own = ImageOps.mirror(still.image.convert("L")).resize((30, 40), Image.Resampling.BOX)
    others = (frame.image.convert("L").resize((30, 40), Image.Resampling.BOX) for frame in beside)
    return max(vision.likeness(own, other) for other in others) > ALIKE


def end(challenge: Challenge) -> bool:
    open_challenges = Challenge.objects.filter(pk=challenge.pk, outcome=Challenge.Outcome.OPEN)
    return bool(open_challenges.update(outcome=Challenge.Outcome.KEPT))


def fail(challenge: Challenge) -> None:
    """Also where another try was begun meanwhile: what was promised and judged has been a try."""
    kept = Challenge.objects.filter(pk=challenge.pk).exclude(outcome=Challenge.Outcome.KEPT)
    kept.update(outcome=Challenge.Outcome.FAILED)
