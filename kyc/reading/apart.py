"""What is done with strangers' pictures, each in a process that has nothing to lose (portal/isolation.py). Knows no Django:
files and plain facts come in, plain facts and bare pixels go out; kyc/gateways/eyes.py asks, and checks what it hears."""

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image

from kyc.reading import card as cards
from kyc.reading import film as films
from kyc.reading import mrz, picture, vision
from portal import pictures
from portal.pictures import UNREADABLE

Answer = tuple[dict[str, Any], Sequence[bytes]]
TRACED = ("card-front", "face-near")
FLAT = (1140, 719)  # a card, for whoever reads its print


def warm() -> None:
    """Everything once, so that letters, faces and decoders are in memory before the first stranger comes."""
    pictures.warm()
    noise = Image.effect_noise((1200, 800), 60).convert("RGB")
    file = picture.kept(noise)
    card(file)
    vision.warm(mrz.CARD_FORM, mrz.PASSPORT_FORM)
    examined(file, file, file, kinds=["card-front", "face-far", "face-near"], flat=True)


def card(photo: bytes) -> Answer:
    try:
        image = picture.fresh(photo)
    except UNREADABLE:
        return {"unreadable": True}, ()
    return {"look": cards.look(image).as_json(), "size": image.size}, (image.tobytes(),)


def film(sent: bytes, *, cues: list[dict[str, Any]], lasts: int) -> Answer:
    try:
        frames = films.frames_of(sent, lasts)
    except films.Malformed:
        return {"fault": "wrong-film"}, ()
    except UNREADABLE:
        return {"fault": "not-a-photo"}, ()
    moving = [frame for frame in frames if not frame.still]
    stills = {frame.still: frame for frame in frames if frame.still}
    seen = films.seen_at(cues, moving)
    if fault := films.fault_of(seen, moving, stills):
        return {"fault": fault}, ()
    shown = (stills["far"].image, stills["near"].image, films.sheet_of(moving))
    facts = films.facts_of(cues, seen, moving)
    return {"facts": facts, "sizes": [image.size for image in shown]}, [image.tobytes() for image in shown]


def examined(*files: bytes, kinds: list[str], flat: bool) -> Answer:
    """Of the pictures that were kept: where faces are, whether they are one flat picture, traces, the card laid flat."""
    images = {kind: Image.open(io.BytesIO(file)).convert("RGB") for kind, file in zip(kinds, files, strict=True)}
    stills = [images[kind].convert("L") for kind in ("face-far", "face-near") if kind in images]
    boxes = [vision.face(still) for still in stills]
    facts = {
        "able": vision.able,
        "faces": sum(box is not None for box in boxes),
        "flat": bool(len(boxes) == 2 and all(boxes) and _flat(stills, boxes)),
        "traces": {kind: picture.trace(face_of(images[kind], kind)) for kind in TRACED if kind in images},
    }
    if not flat or "card-front" not in images:
        return facts, ()
    front = images["card-front"].convert("L")
    front = vision.image_of(vision.flattened(front, FLAT)) if vision.able else front
    return {**facts, "size": front.size}, (front.tobytes(),)


def _flat(stills: list[Image.Image], boxes: list[Any]) -> bool:
    """A near face shows more nose than a far one; a photograph held nearer is the same picture, only larger."""
    faces = [
        still.crop((x, y, x + wide, y + high)).resize((48, 48), Image.Resampling.BOX)
        for still, (x, y, wide, high) in zip(stills, boxes, strict=True)
    ]
    return vision.likeness(*faces) > 0.985


def face_of(image: Image.Image, kind: str) -> Image.Image:
    """Of a card its portrait, for all else is alike on all cards."""
    box = vision.face(image.convert("L"), 0.06) if kind == "card-front" else None
    if box is None:
        return image
    x, y, wide, high = box
    return image.crop((max(0, x - wide // 4), max(0, y - high // 4), x + wide * 5 // 4, y + high * 3 // 2))
