"""What a program in a process of its own sees in a stranger's pictures (kyc/reading/apart.py, portal/isolation.py). Its word
is somebody else's: numbers are numbers, lines and codes are read once more here, pictures come as bare pixels and are
written by us. `isolation.Failed` where it fell, took too long or makes no sense."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image

from enrollment import identity
from kyc.reading import mrz, picture
from kyc.reading.mrz import Machine
from kyc.reading.picture import Quality
from portal.isolation import Program, checked

READER = Program("kyc.reading.apart", seconds=20)
FILM = ("face-far", "face-near", "face-film")
FAULTS = frozenset(("wrong-film", "not-a-photo", "still", "no-face", "not-followed"))
Box = tuple[int, int, int, int]


def image_of(size: Any, pixels: bytes, mode: str = "RGB", most: int = 1600) -> Image.Image:
    wide, high = number(size[0], 1, most), number(size[1], 1, most)
    if len(pixels) != wide * high * len(mode):
        raise ValueError("not so many pixels")
    return Image.frombytes(mode, (wide, high), pixels)


def number(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("no such number")
    return value


def share(value: Any, most: float = 1.0) -> float | None:
    """Of a picture, or nothing."""
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= most:
        raise ValueError("no such share")
    return float(value)


# ── A card ──


@dataclass(frozen=True)
class Seen:
    quality: Quality
    code: identity.Card | None  # from the QR
    machine: Machine | None  # from the machine-readable lines
    face: Box | None
    reach: float | None  # how much of the picture the card takes; None where no eyes are installed

    def fault(self, item: str) -> str:
        """Why this picture is not enough for this side; empty if it is."""
        if item == "card-front" and self.machine and self.machine.document == "citizen":
            return "back-shown"
        if item == "card-back" and not self.machine and self.face:
            return "front-shown"
        if self.quality.fault:
            # What could be read in full was sharp enough, whatever a measure says.
            return "" if self.quality.fault == "blurred" and (self.code or self.machine) else self.quality.fault
        return "far" if self.reach is not None and self.reach < 0.22 else ""

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "quality": asdict(self.quality),
            "fault": self.quality.fault,
            "code": as_json(self.code),
            "machine": as_json(self.machine),
            "face": self.face,
        }


def as_json(facts: Any) -> dict[str, Any] | None:
    """As JSON takes it."""
    if facts is None:
        return None
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in asdict(facts).items()}


def card(photo: bytes) -> tuple[Image.Image, Seen] | None:
    """The picture as it is kept, and what was seen in it; None where it is none."""
    facts, files = READER.ask("card", photo)
    with checked():
        if facts.get("unreadable"):
            return None
        return image_of(facts["size"], files[0]), seen(facts["look"])


def seen(look: Mapping[str, Any]) -> Seen:
    light, glare, sharp = (share(look["quality"][name], 1000) or 0 for name in ("light", "glare", "sharp"))
    codes = (identity.read_card(text) for text in look["codes"][:8] if len(text) < 4000)
    face = look["face"] and [number(value, -1600, 1600) for value in look["face"]]
    return Seen(
        quality=Quality(light, glare, sharp, number(look["quality"]["wide"], 1, 1600)),
        code=next(filter(None, codes), None),
        machine=mrz.parse([str(line) for line in look["lines"]]),
        face=(face[0], face[1], face[2], face[3]) if face else None,
        reach=share(look["reach"]),
    )


# ── A film ──


@dataclass(frozen=True)
class Film:
    fault: str  # why it is not taken; else empty
    facts: Mapping[str, Any]
    pictures: Mapping[str, bytes]  # as they are stored


def film(sent: bytes, cues: Sequence[Mapping[str, Any]], lasts: int) -> Film:
    facts, files = READER.ask("film", sent, cues=list(cues), lasts=lasts)
    with checked():
        if facts.get("fault"):
            if facts["fault"] not in FAULTS:
                raise ValueError("no such fault")
            return Film(facts["fault"], {}, {})
        images = [image_of(size, pixels, most=2000) for size, pixels in zip(facts["sizes"], files, strict=True)]
        kept = {
            kind: picture.kept(image, 80 if kind == "face-film" else 88)
            for kind, image in zip(FILM, images, strict=True)
        }
        return Film("", film_facts(facts["facts"], cues, lasts), kept)


def film_facts(facts: Mapping[str, Any], cues: Sequence[Mapping[str, Any]], lasts: int) -> dict[str, Any]:
    """Of these cues, in their order."""
    sightings = [
        [cue["cue"], share(wide), share(at)] for cue, (_cue, wide, at) in zip(cues, facts["seen"], strict=True)
    ]
    moments = [number(at, 0, lasts) for at in facts["frames"][:100]]
    if any(later <= sooner for sooner, later in itertools.pairwise(moments)):
        raise ValueError("no such order")
    return {"cues": list(cues), "seen": sightings, "ratio": share(facts["ratio"], 100), "frames": moments}


# ── What was kept ──


@dataclass(frozen=True)
class Sight:
    able: bool  # whether eyes are installed at all
    faces: int
    flat: bool
    traces: Mapping[str, str]
    front: Image.Image | None  # the card laid flat, in grey, for whoever reads its print


NOTHING = Sight(able=False, faces=0, flat=False, traces={}, front=None)  # where no picture lies


def trace(value: str) -> str:
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError("no such trace")
    return value


def examined(images: Mapping[str, bytes], *, flat: bool) -> Sight:
    kinds = [kind for kind in ("card-front", "face-far", "face-near") if kind in images]
    facts, files = READER.ask("examined", *(images[kind] for kind in kinds), kinds=kinds, flat=flat)
    with checked():
        return Sight(
            able=facts["able"] is True,
            faces=number(facts["faces"], 0, 2),
            flat=facts["flat"] is True,
            traces={kind: trace(value) for kind, value in facts["traces"].items() if kind in images},
            front=image_of(facts["size"], files[0], "L") if files else None,
        )
