"""The film of a face: a line of JSON, then JPEG frames one after another; no container that would need a parser. What can
be seen in it. Knows no Django: it is read where strangers' files are."""

import json
import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PIL import Image, ImageChops, ImageOps, ImageStat

from kyc.reading import picture, vision

FRAMES, FRAME_BYTES, HEADER = (16, 100), 150_000, 16_000
PIXELS = {False: 400_000, True: 3_000_000}  # of a frame, of a still
ALIKE = 0.75  # a still and the frame beside it show the same moment
STILL_BYTES = 1_500_000
SHEET = (150, 200, 10)  # a frame's size on the contact sheet, and how many stand in a row
SIDES = ("left", "far", "right")  # in their order, where the oval stands in the middle of the height


class Malformed(ValueError):
    """Not as the page sends a film."""


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
        raise Malformed("no such header") from wrong
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
        raise Malformed("no such film")
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
    aside = {cue: [sighting.middle or 0 for sighting in seen if sighting.cue == cue] for cue in SIDES}
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


def facts_of(cues: list[dict[str, Any]], seen: list[Seen], moving: list[Frame]) -> dict[str, Any]:
    """What is kept beside the pictures."""
    return {
        "cues": cues,
        "seen": [[sighting.cue, sighting.wide, sighting.middle] for sighting in seen],
        "ratio": ratio(seen),
        "frames": [frame.at for frame in moving],
    }
