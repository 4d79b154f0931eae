"""People with cards that the project draws, files at any queue of the desk, and hands that decide about them."""

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import ImageOps

from enrollment import dossier
from enrollment.demo.people import declaration_of_nobody
from enrollment.journey import Channel, Step
from enrollment.models import Application, Trail
from enrollment.orders.models import Plan
from enrollment.steps import opening
from kyc.demo import evidence
from kyc.demo.drawing import Card, Face, Shot, jpeg, photograph
from kyc.models import Case, Challenge, Check, Evidence, Policy, Upload
from kyc.steps import capture, checking, facing, flags, policing
from kyc.steps.review import deciding
from kyc.steps.review.turns import Choice
from portal.models import User
from portal.refusals import Refusal
from tests.enrollment.conftest import a_subscription

SERIAL = count(100_000)
FACE = 4242
GOOD = Shot(fill=0.9)


SMALL = (108, 144)  # a film's frame, in which faces are found in a quarter of the time
drawn_face = cache(evidence.drawn_face)


@cache
def given(face: int = FACE, fault: str = "") -> capture.Given:
    """Drawn and looked at once for all tests: it takes a second."""
    declaration = declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000")
    if fault == "other-name":
        declaration = replace(declaration, full_name="Lý Thị Mẫu Xoan")
    card = Card(declaration, Face(face), fake={"number": "079190999999"} if fault == "other-card" else {})
    return {**evidence.drawn_card(card), **drawn_face(Face(face), 450, SMALL)}


PASSING = ("pass", "approve", "agree")  # what lets a file pass, and so answers each of its flags
# What a decision needs beside the file.
MORE: dict[str, dict[str, Any]] = {
    "send-back": {"items": {"card-front": "glare"}},
    "hold": {"reason": "technical", "until": timezone.localdate() + timedelta(days=2)},
    "reject": {"reason": "forged"},
    "return": {"note": "xem lại"},
    "disagree": {"note": "khác mặt"},
    "question": {"reason": "own-will"},
    "note": {"words": "Đã gọi, máy bận"},
}


@cache
def shown(side: str, **how: Any) -> bytes:
    """A photograph of one side, as a phone sends it."""
    card = Card(declaration_of_nobody("Lý Thị Mẫu Xuân", "079190100000", "0912100000"), Face(FACE))
    image = getattr(card, side)()
    return jpeg(photograph(image, replace(GOOD, **how), (1400, 1000)), 90)


@cache
def film(*cues: tuple[str, int], face: int = FACE) -> bytes:
    """What the page would send for somebody who follows these cues."""
    followed: list[dict[str, object]] = [{"cue": cue, "ms": ms} for cue, ms in cues]
    frames = evidence.film(Face(face), followed, 450, SMALL)
    parts = [(frame.at, "", jpeg(frame.image, 60)) for frame in frames]
    for cue in ("far", "near"):
        until = 0
        for name, ms in cues:
            until += ms
            if name == cue:
                break
        last = [frame for frame in frames if frame.at < until][-1]
        parts.append((last.at, cue, jpeg(ImageOps.mirror(last.image))))  # the stills are not mirrored, as the film is
    return packed(parts)


def packed(parts: list[tuple[int, str, bytes]]) -> bytes:
    head = [{"at": at, "size": len(bytes_), **({"still": still} if still else {})} for at, still, bytes_ in parts]
    return json.dumps({"frames": head}).encode() + b"\n" + b"".join(bytes_ for _at, _still, bytes_ in parts)


def an_application(
    step: Step = Step.CAPTURE, *, person: str = "", user: User | None = None, **facts: Any
) -> Application:
    """Declared as the drawn card says; by way of the table, not of the pages before."""
    serial = next(SERIAL)
    application = opening.open_application({"terms", "personal-data"}, user=user)
    declaration = declaration_of_nobody("Lý Thị Mẫu Xuân", person or f"079190{serial}", f"0912{serial}")
    changes = {
        "step": step,
        "reached": step,
        "channel": Channel.BROWSER,
        **application.as_declared(declaration),
        **facts,
    }
    Application.objects.filter(pk=application.pk).update(
        plan=Plan.objects.first(), subscription=a_subscription(user), **changes
    )
    application = Application.objects.select_related("data_key", "plan").get(pk=application.pk)
    Application.objects.filter(pk=application.pk).update(mac=application.mac_of_row)
    application.mac = application.mac_of_row
    return application


def send(application: Application, item: str, file: bytes, way: str = "camera", **more: Any) -> Upload:
    upload = capture.begin(application, uuid.uuid4(), item, len(file), way)
    for start in range(0, len(file), capture.PIECE):
        capture.receive(upload, start, file[start : start + capture.PIECE])
    if item == "face":
        facing.take_film(upload, **more)
    else:
        capture.take_card(upload, **more)
    upload.refresh_from_db()
    return upload


def try_face(application: Application, follow: Callable[[Challenge], bytes]) -> Upload:
    challenge = facing.begin(application)
    return finish_face(application, challenge, follow(challenge))


def finish_face(application: Application, challenge: Challenge, sent: bytes) -> Upload:
    shot(challenge)
    facing.promise(application, challenge.key, hashlib.sha256(sent).hexdigest())
    return send(application, "face", sent, key=challenge.key)


def shot(challenge: Challenge) -> None:
    """As if the time that its cues take had gone by."""
    Challenge.objects.filter(pk=challenge.pk).update(made_at=timezone.now() - facing.lasts(challenge))


def following(challenge: Challenge) -> bytes:
    return film(*((cue["cue"], cue["ms"]) for cue in challenge.cues))


def a_case(**more: Any) -> Case:
    """A file that has just come to the desk, with specimens for evidence."""
    fault, face = more.pop("fault", ""), more.pop("face", FACE)
    application = an_application(Step.PIN, **{"person": "079190100000" if not more.pop("other", False) else "", **more})
    capture.give(application, given(face, fault))
    application.finish()
    return Case.objects.select_related("application", "application__data_key").get(application=application)


def bare_case() -> Case:
    """Without pictures, for what does not look at them."""
    application = an_application(Step.PIN)
    application.finish()
    return Case.objects.select_related("application", "application__data_key").get(application=application)


def act(case: Case, verb: str, by: User, **more: Any) -> None:
    case.refresh_from_db()
    given = {"answers": answered(case)} if verb in PASSING else {}
    seen = dossier.digest(case.application)
    deciding.decide(case, verb, by, Choice(case.turns, file_hash=seen, **{**given, **more}))


def answered(case: Case) -> dict[str, str]:
    """A reason to each flag, as whoever read them writes."""
    return {
        flag.name: "Đã xem kỹ, không sao" for flag in flags.of(case.application, checking.findings(case.application))
    }


def to_approval(case: Case, reviewer: User) -> Case:
    act(case, "take", reviewer)
    act(case, "pass", reviewer)
    return case


def refused(case: Case, verb: str, by: User, **more: Any) -> str:
    with pytest.raises(Refusal) as no:
        act(case, verb, by, **more)
    return no.value.code


def a_policy(**more: Any) -> Policy:
    """As two people would have left it, where it is live."""
    machine, name = more.pop("machine", True), f"Thử {Policy.objects.count()}"
    policy = Policy.objects.create(name=name, machine_appraises=machine, checks=list(policing.ALWAYS), **more)
    Policy.objects.filter(pk=policy.pk).update(mac=policy.mac_of_row if "status" in more else "")
    return policy


def basis_now(case: Case) -> str:
    return checking.basis(case.application, Evidence.of(case.application))


def a_finding(case: Case, name: str, outcome: str, about: str = "") -> Check:
    """As we write it; of what lies there now, if of nothing else."""
    check = Check(application=case.application, name=name, basis=about or basis_now(case), outcome=outcome)
    check.mac = check.mac_of_row
    check.save()
    return check


def all_clean(case: Case) -> None:
    checking.check(case.application)
    for check in Check.objects.filter(application=case.application):
        check.outcome = Check.Outcome.PASS
        Check.objects.filter(pk=check.pk).update(outcome=check.outcome, mac=check.mac_of_row)


def finding(case: Case) -> Application:
    return Application.objects.select_related("data_key", "plan").get(pk=case.application_id)


def with_roles(user: User, *roles: str) -> User:
    user.give_roles(roles, None, None)
    return User.objects.get(pk=user.pk)


def assisted(application: Application, agent: User) -> None:
    """An agent did the capture at the counter."""
    Trail.objects.create(application=application, verb="finished", origin=Step.CAPTURE, step=Step.CONTRACT, actor=agent)


@pytest.fixture(autouse=True)
def _quick(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test of this room stands on rows; tesseract is asked by its own tests alone."""
    monkeypatch.setattr("kyc.steps.checking.ocr.able", lambda: False)


@pytest.fixture
def reviewer(staff: Callable[..., User]) -> User:
    return staff("reviewer")


@pytest.fixture
def approver(staff: Callable[..., User]) -> User:
    return staff("approver")


@pytest.fixture
def capturing(person: Callable[..., User], signed_in: Callable[[User], Client]) -> tuple[Application, Client]:
    """A customer at the step of capture, and the browser."""
    user = person()
    return an_application(user=user), signed_in(user)
