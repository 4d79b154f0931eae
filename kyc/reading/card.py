"""One look at a photograph of one side of a card or of a passport: how good it is, and what it says at once."""

from dataclasses import asdict, dataclass
from typing import Any

import zxingcpp
from PIL import Image

from enrollment import identity
from enrollment.card import QR
from kyc.reading import picture, vision
from kyc.reading.mrz import Machine
from kyc.reading.picture import Quality


@dataclass(frozen=True)
class Seen:
    quality: Quality
    code: identity.Card | None  # from the QR
    machine: Machine | None  # from the machine-readable lines
    face: vision.Box | None
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


def look(image: Image.Image) -> Seen:
    grey = image.convert("L")
    return Seen(
        quality=picture.quality(image),
        code=code_of(grey),
        machine=vision.machine(grey),
        face=vision.face(grey, least=0.06),
        reach=vision.reach(grey),
    )


def code_of(grey: Image.Image) -> identity.Card | None:
    for barcode in zxingcpp.read_barcodes(grey, formats=QR, text_mode=zxingcpp.TextMode.Plain):
        if card := identity.read_card(barcode.text):
            return card
    return None
