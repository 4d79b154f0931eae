"""Specimens as evidence: pictures as a phone would have taken and sent them, of people who do not exist."""

from random import SystemRandom

from django.utils import timezone

from kyc.demo import drawing
from kyc.demo.drawing import Card, Face, Shot
from kyc.gateways import eyes
from kyc.reading import film as films
from kyc.reading import picture
from kyc.reading.card import look
from kyc.steps import capture, facing

FRAME = (270, 360)


def drawn(card: Card, face: Face, shot: Shot | None = None) -> capture.Given:
    """As a phone would have taken it, looked at as a customer's pictures are. Slow: done before any transaction."""
    return {**drawn_card(card, shot), **drawn_face(face)}


def drawn_card(card: Card, shot: Shot | None = None) -> capture.Given:
    seed = card.face.seed
    shot = shot or Shot(seed=seed, turn=(seed % 7 - 3) * 0.6, tilt=0.008, fill=0.9)
    given: capture.Given = {}
    for kind, side in (("card-front", card.front()), ("card-back", card.back())):
        image = drawing.photograph(side, shot, (1400, 1000))
        given[kind] = {kind: picture.kept(image)}, eyes.seen(look(image).as_json()).facts
    return given


def drawn_face(face: Face, step: int = 300, size: tuple[int, int] = FRAME) -> capture.Given:
    cues = facing.cues(SystemRandom(), calm=False)
    frames = film(face, cues, step, size)
    facts = films.facts_of(cues, films.seen_at(cues, frames), frames)
    far, near = face.seen(0.27, size=(720, 960)), face.seen(0.48, size=(720, 960), seed=face.seed + 1)
    shown = zip(eyes.FILM, (far, near, films.sheet_of(frames)), strict=True)
    pictures = {kind: picture.kept(image) for kind, image in shown}
    return {"face": (pictures, {**facts, "calm": False, "promised": timezone.now().isoformat()})}


def film(
    face: Face, cues: "list[dict[str, object]]", step: int = 300, size: tuple[int, int] = FRAME
) -> "list[films.Frame]":
    """The head wanders from oval to oval, as a person's does."""
    frames, start = [], 0
    wide, middle = 0.27, 0.5
    for cue in cues:
        place = facing.OVALS[str(cue["cue"])]
        end = start + int(str(cue["ms"]))
        for at in range(start, end, step):
            wide += (place[0] * 0.8 - wide) * 0.5
            middle += (place[1] - middle) * 0.5
            image = face.seen(wide, (middle, 0.5), size, seed=at + 1)
            frames.append(films.Frame(at, "", image))
        start = end
    return frames
