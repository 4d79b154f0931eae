"""One look at a photograph of one side of a card or of a passport: how good it is, and what it says at once. Knows no Django."""

from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image

from kyc.reading import picture, vision
from kyc.reading.picture import Quality
from portal.pictures import codes_in


@dataclass(frozen=True)
class Look:
    quality: Quality
    codes: list[str]  # what its QR codes say
    lines: list[str]  # the machine-readable ones, where their check digits hold
    face: vision.Box | None
    reach: float | None  # how much of the picture the card takes; None where no eyes are installed

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def look(image: Image.Image) -> Look:
    grey = image.convert("L")
    return Look(
        quality=picture.quality(image),
        codes=codes_in(grey),
        lines=vision.machine(grey),
        face=vision.face(grey, least=0.06),
        reach=vision.reach(grey),
    )
