"""Specimens as evidence: for the demo, and for known cases that a supervisor plants among the real ones."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from django.db import transaction
from django.utils import timezone

from enrollment import journey
from enrollment.identity import Declaration
from enrollment.journey import Channel, Step
from enrollment.models import Application, Plan, Trail, Ward
from enrollment.seeds import told_by
from kyc import drawing
from kyc.drawing import Card, Face, Shot
from kyc.models import Case
from kyc.reading import card as cards
from kyc.reading import picture
from kyc.steps import capture, facing
from kyc.steps.review import arriving
from portal import audit
from portal.accounts.roles import check_vouched
from portal.models import DataKey, User

FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Võ", "Đặng", "Bùi")
GIVEN = "An Bình Chi Dung Giang Hà Khánh Lan Minh Nga Oanh Phúc Quân Sơn Thảo".split()
FAULTS = ("other-card", "other-name", "other-face")


def somebody() -> Declaration:
    """Nobody: the structure of the number is valid, its holder does not exist."""
    woman = secrets.randbelow(2)
    name = f"{secrets.choice(FAMILIES)} {'Thị' if woman else 'Văn'} Mẫu {secrets.choice(GIVEN)} {secrets.choice(GIVEN)}"
    start = f"{secrets.choice(('001', '038', '051', '048', '079'))}{woman}{87 + secrets.randbelow(12)}"
    ward = Ward.objects.order_by("?").first()
    told = told_by(name, f"{start}{secrets.randbelow(10**6):06}", f"09{secrets.randbelow(10**8):08}")
    return replace(
        told,
        birth_date=told.birth_date.replace(month=1 + secrets.randbelow(12), day=1 + secrets.randbelow(28)),
        issued_on=told.issued_on - timedelta(days=secrets.randbelow(200)),
        email=f"{secrets.token_hex(4)}@example.vn",
        address=f"Số {1 + secrets.randbelow(300)}, đường {1 + secrets.randbelow(40)}",
        ward=ward.code if ward else told.ward,
        province=ward.province_id if ward else told.province,
    )


Given = dict[str, tuple[dict[str, bytes], dict[str, Any]]]  # by item: pictures as they are stored, and what was found


def drawn(card: Card, face: Face, shot: Shot | None = None) -> Given:
    """As a phone would have taken it, looked at as a customer's pictures are. Slow: done before any transaction."""
    shot = shot or Shot(seed=face.seed, turn=(face.seed % 7 - 3) * 0.6, tilt=0.008, fill=0.9)
    given: Given = {}
    for kind, side in (("card-front", card.front()), ("card-back", card.back())):
        image = drawing.photograph(side, shot, (1400, 1000))
        given[kind] = {kind: picture.kept(image)}, cards.look(image).facts
    cues = facing.cues(SystemRandom(), calm=False)
    frames = film(face, cues)
    facts = facing.facts_of(cues, facing.seen_at(cues, frames), frames, calm=False, promised_at=timezone.now())
    far, near = face.seen(0.27, size=(720, 960)), face.seen(0.48, size=(720, 960), seed=face.seed + 1)
    given["face"] = facing.pictures_of(far, near, frames), facts
    return given


def give(application: Application, given: Given, *, way: str = "camera", by: User | None = None) -> None:
    for pictures, facts in given.values():
        with capture.stored(application, pictures) as files:
            capture.keep(application, files, way, facts, by)


def film(face: Face, cues: "list[dict[str, object]]", step: int = 300) -> "list[facing.Frame]":
    """The head wanders from oval to oval, as a person's does."""
    found, start = [], 0
    wide, middle = 0.27, 0.5
    for cue in cues:
        place = facing.OVALS[str(cue["cue"])]
        end = start + int(str(cue["ms"]))
        for at in range(start, end, step):
            wide += (place[0] * 0.8 - wide) * 0.5
            middle += (place[1] - middle) * 0.5
            image = face.seen(wide, (middle, 0.5), (270, 360), seed=at + 1)
            found.append(facing.Frame(at, "", image))
        start = end
    return found


def walk(application: Application, began: datetime) -> None:
    """The trail of somebody who came here step by step."""
    route = journey.ROUTES[Channel(application.channel)]
    steps = route[: route.index(Step.REVIEW) + 1]
    share = (timezone.now() - began) / len(steps)
    for place, step in enumerate(steps):
        move = Trail.objects.create(
            application=application,
            verb="finished" if place else "opened",
            origin=steps[place - 1] if place else "",
            step=step,
        )
        Trail.objects.filter(pk=move.pk).update(at=began + share * place)


def plant_known(truth: str, by: User | None) -> Case:
    """A case whose right outcome is known; whoever decides it does not know that."""
    if by:
        check_vouched(by)
    told, seed = somebody(), secrets.randbelow(10**6)
    face, card_told, fake = Face(seed), told, {}
    fault = secrets.choice(FAULTS) if truth == "fail" else ""
    if fault == "other-name":
        card_told = replace(told, full_name=somebody().full_name)
    if fault == "other-card":
        fake = {"number": f"{told.number[:6]}{secrets.randbelow(10**6):06}"}
    given = drawn(Card(card_told, Face(seed + 1) if fault == "other-face" else face, fake=fake), face)
    with transaction.atomic():
        application = Application.objects.create(
            channel=Channel.BROWSER,
            step=Step.REVIEW,
            reached=Step.REVIEW,
            data_key=DataKey.make(),
            plan=Plan.on_sale().order_by("?").first(),
        )
        began = timezone.now() - timedelta(minutes=25 + secrets.randbelow(60))
        Application.objects.filter(pk=application.pk).update(created_at=began, **application.as_declared(told))
        application.refresh_from_db()
        walk(application, began)
        give(application, given)
        arriving.received(application)
        Case.objects.filter(application=application).update(truth=truth)
        audit.record("case planted", "", user=by)  # which one it is stays between the table and the figures
    return Case.objects.get(application=application)
