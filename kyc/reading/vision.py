"""What needs eyes: a card's corners, machine-readable letters, faces. OpenCV is an optional extra; without it `able` is
False, everything here finds nothing, and the checks say "not performed"."""

import threading
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from kyc import fonts
from kyc.reading import mrz

try:
    import cv2
    import numpy as np
except ImportError:  # pragma: no cover (the extra "vision" is missing)
    cv2 = np = None  # type: ignore[assignment]

able = cv2 is not None
CARD, PASSPORT = (760, 479), (760, 535)  # pixels at which letters are read
Box = tuple[int, int, int, int]
if able:
    cv2.setNumThreads(1)  # the machine's cores belong to its requests


def warm(*forms: Any) -> None:
    """Its letters and its faces, which lie in files."""
    if able:
        _finder()
        for form in forms:
            _glyphs(len(form[0]))


# ── The card in the picture ──


def flattened(grey: Image.Image, size: tuple[int, int] = CARD, corners: Any = None) -> Any:
    """The card alone, upright and flat; the picture itself where no four corners are found."""
    pixels = np.asarray(grey)
    if corners is None:
        corners = next(iter(candidates(pixels, size)), None)
    if corners is None:
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    wide, high = size
    plain = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    return cv2.warpPerspective(pixels, cv2.getPerspectiveTransform(corners, plain), size, flags=cv2.INTER_AREA)


def candidates(pixels: Any, size: tuple[int, int] = CARD, most: int = 4) -> list[Any]:
    """Four corners each, clockwise from the top left, of what has a card's shape and a card's print; the likeliest first.

    A card is lighter than most tables, so what stands out by light comes before what stands out by edges."""
    shape, scale = size[0] / size[1], 500 / max(pixels.shape)
    small = cv2.GaussianBlur(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), (5, 5), 0)
    lines = cv2.Canny(small, 30, 90)
    likely: list[tuple[int, float, Any]] = []
    for rank, mask in enumerate(_masks(small, lines)):
        for outline in cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]:
            four = _four(cv2.convexHull(outline), 0.04 * small.size)
            if four is not None and _is_card(four, shape, lines):
                likely.append((rank, -float(cv2.contourArea(four)), four))
    kept: list[Any] = []
    for _rank, _area, four in sorted(likely, key=lambda candidate: candidate[:2]):
        if all(np.abs(four - other).max() > 12 for other in kept):
            kept.append(four)
    return [four / scale for four in kept[:most]]


def _masks(small: Any, lines: Any) -> list[Any]:
    _level, light = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    edges = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    return [
        cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)),
        cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)),
    ]


def _four(hull: Any, least: float) -> Any:
    area = cv2.contourArea(hull)
    if area < least:
        return None
    four = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True).reshape(-1, 2)
    if len(four) != 4:
        four = cv2.boxPoints(cv2.minAreaRect(hull))
        if area < 0.9 * cv2.contourArea(four):
            return None
    return _clockwise(np.asarray(four, np.float32))


def _is_card(four: Any, shape: float, lines: Any) -> bool:
    high = max(1.0, float(np.linalg.norm(four[3] - four[0])))
    across = float(np.linalg.norm(four[1] - four[0])) / high
    fits = shape / 1.35 < across < shape * 1.35
    return fits and cv2.contourArea(four) < 0.97 * lines.size and _written(lines, four)


def _written(lines: Any, four: Any) -> bool:
    """A card is full of print; a sheet of paper or a table's top is not."""
    inside = np.zeros(lines.shape, np.uint8)
    cv2.fillConvexPoly(inside, (four.mean(axis=0) + (four - four.mean(axis=0)) * 0.9).astype(np.int32), 1)
    return float(lines[inside > 0].mean()) > 0.035 * 255


def _clockwise(four: Any) -> Any:
    middle = four.mean(axis=0)
    around = four[np.argsort(np.arctan2(four[:, 1] - middle[1], four[:, 0] - middle[0]))]
    return np.roll(around, -int(np.argmin(around.sum(axis=1))), axis=0)


def image_of(pixels: Any) -> Image.Image:
    return Image.fromarray(pixels)


# ── Machine-readable letters ──

_PITCH = {30: CARD[0] / 1012 * 30.0, 44: PASSPORT[0] * 2.54 / 125.0}


def machine(grey: Image.Image) -> list[str]:
    """The lines of a card's back, or of a passport's page, upright or upside down; none where no check digit holds."""
    if not able:
        return []
    pixels = np.asarray(grey)
    for size, form in ((CARD, mrz.CARD_FORM), (PASSPORT, mrz.PASSPORT_FORM)):
        for corners in candidates(pixels, size) or [None]:
            flat = flattened(grey, size, corners)
            for way in (flat, np.ascontiguousarray(flat[::-1, ::-1])):
                likely = _likelihoods(way, form)
                if likely is not None and mrz.parse(lines := mrz.decide(likely, form)):
                    return lines
    return []


def _likelihoods(flat: Any, form: Any) -> Any:
    """For each line and place how much it looks like each letter; None where there are no such lines."""
    columns = len(form[0])
    strips = _strips(flat, len(form))
    if strips is None:
        return None
    # How well each letter fits at each x, wherever it stands a little higher or lower.
    fits = [
        np.nan_to_num(
            np.stack([cv2.matchTemplate(strip, glyph, cv2.TM_CCOEFF_NORMED).max(axis=0) for glyph in _glyphs(columns)])
        )
        for strip in strips
    ]
    places = _places(fits, form)
    return None if places is None else [[_around(best, place) for place in places] for best in fits]


def _strips(flat: Any, rows: int) -> Any:
    """The lines of text at the bottom: bands in which dark and light change often from left to right."""
    high, wide = flat.shape
    step = cv2.absdiff(flat[:, 2:], flat[:, :-2]).astype(np.float32)
    start = int(high * (0.5 if rows == 3 else 0.68))
    busy = cv2.GaussianBlur(step[start:, int(wide * 0.04) : int(wide * 0.96)].mean(axis=1).reshape(-1, 1), (1, 9), 0)[
        :, 0
    ]
    pitch = _PITCH[30] * 2.2 if rows == 3 else _PITCH[44] * 2.5
    best, at = -1.0, None
    for gap in (pitch * 0.94, pitch, pitch * 1.06) if rows == 3 else (pitch * 0.9, pitch, pitch * 1.1):
        for first in range(8, int(len(busy) - gap * (rows - 1) - 8)):
            middles = [int(first + gap * row) for row in range(rows)]
            between = [int(first + gap * (row + 0.5)) for row in range(-1, rows)]
            score = sum(busy[middle - 4 : middle + 5].mean() for middle in middles) / rows
            score -= sum(busy[min(max(0, place), len(busy) - 1)] for place in between) / (rows + 1)
            if score > best:
                best, at = score, middles
    if at is None or best < 2.5:
        return None
    reach = 22
    return [flat[max(0, start + middle - reach) : min(high, start + middle + reach), :] for middle in at]


@cache
def _glyphs(columns: int) -> list[Any]:
    """Each letter as the font draws it, at the size and softness of a photograph."""
    pitch = _PITCH[columns]
    size, wide, high = round(pitch / 30 * 50 * 4), round(pitch * 4), round(pitch * 1.34 * 4)
    drawn = []
    for letter in mrz.LETTERS:
        image = Image.new("L", (wide, high), 232)
        ImageDraw.Draw(image).text((wide / 2, high * 0.91), letter, font=fonts.machine(size), fill=24, anchor="ms")
        pixels = cv2.resize(np.asarray(image), (wide // 4, high // 4), interpolation=cv2.INTER_AREA)
        drawn.append(cv2.GaussianBlur(pixels, (3, 3), 0.8))
    return drawn


def _places(fits: Any, form: Any) -> Any:
    """Where the letters stand: the first place and the pitch at which all lines together look most like what may stand
    there. Without the form's word for it, a line one letter aside looks as good."""
    columns, wide = len(form[0]), fits[0].shape[1]
    allowed = [[[mrz.LETTERS.index(letter) for letter in alphabet] for alphabet in row] for row in form]
    likely: Any = sum(
        np.stack([best[letters].max(axis=0) for letters in row]) for best, row in zip(fits, allowed, strict=True)
    ) / len(form)
    steps, best_places, score = np.arange(columns), None, 0.42
    for stretch in np.arange(0.95, 1.051, 0.005):
        pitch = _PITCH[columns] * stretch
        first = np.arange(0, max(1.0, wide - 1 - pitch * (columns - 1)))
        places = first[:, None] + steps * pitch
        if places[0, -1] >= wide:
            continue
        fit = likely[steps, places.astype(int)].mean(axis=1)
        at = int(fit.argmax())
        if fit[at] > score:
            best_places, score = places[at], float(fit[at])
    return best_places


def _around(best: Any, place: float) -> Any:
    at = int(place)
    return best[:, max(0, at - 2) : at + 4].max(axis=1)


# ── Faces ──


_own = threading.local()


def _finder() -> Any:
    """One for each thread: it keeps what it is looking at within itself, and two at once would look at each other's."""
    if not hasattr(_own, "finder"):
        folder = Path(cv2.__file__).parent / "data"
        _own.finder = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))
    return _own.finder


def face(grey: Image.Image, least: float = 0.1) -> Box | None:
    """The largest upright face, in the picture's own pixels: where a face is, not whose, and not whether it lives."""
    if not able:
        return None
    scale = min(1.0, 320 / max(grey.size))
    small = np.asarray(grey.resize((round(grey.width * scale), round(grey.height * scale)), Image.Resampling.BILINEAR))
    side = max(20, int(least * small.shape[1]))
    even = cv2.createCLAHE(2.0, (8, 8)).apply(small)  # light from one side is common
    boxes = _finder().detectMultiScale(even, 1.1, 4, minSize=(side, side))
    if not len(boxes):
        return None
    x, y, wide, high = max(boxes, key=lambda box: int(box[2]) * int(box[3]))
    return round(x / scale), round(y / scale), round(wide / scale), round(high / scale)


def reach(grey: Image.Image) -> float | None:
    """The share of the picture that the card takes; None where it is not found."""
    if not able:
        return None
    pixels = np.asarray(grey)
    corners = candidates(pixels)
    return float(cv2.contourArea(corners[0])) / pixels.size if corners else None


def likeness(first: Image.Image, second: Image.Image) -> float:
    """How alike two pictures of one size are, 1 for the same but for light and contrast."""
    return float(np.corrcoef(np.asarray(first).ravel(), np.asarray(second).ravel())[0, 1]) if able else 0.0
