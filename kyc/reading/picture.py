"""From a stranger's bytes to pixels of our own, and how good those pixels are. Needs Pillow alone."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from portal.pictures import opened, reduce

SIDE = 1600  # pixels of the longer side that are kept: a card's smallest letters stay readable


def fresh(file: bytes, side: int = SIDE, most: int = 0) -> Image.Image:
    """The picture's pixels in a new image: no metadata, no trailer, no second frame comes along. `most`: a JPEG of no
    more pixels than that. One of pictures.UNREADABLE where it is none."""
    image = opened(io.BytesIO(file))
    wide, high = sorted(image.size)
    if wide < 32 or high > 8 * wide or (most and (image.format != "JPEG" or wide * high > most)):
        raise ValueError("no picture of anything we asked for")
    turned = image.getexif().get(0x0112, 1) if image.format == "JPEG" else 1  # drafted first, turned when small
    reduce(image, "RGB", side)
    clean = Image.new("RGB", image.size, (255, 255, 255))
    plain = image.convert("RGBA" if image.mode in ("P", "LA", "PA", "RGBA") else "RGB")
    clean.paste(plain, (0, 0), plain if plain.mode == "RGBA" else None)
    return _TURNS[turned](clean) if turned in _TURNS else clean


_TURNS: dict[int, Any] = {
    2: ImageOps.mirror,
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: ImageOps.flip,
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_90),
}


def kept(image: Image.Image, quality: int = 88) -> bytes:
    """As it is stored."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


# ── How good it is ──


@dataclass(frozen=True)
class Quality:
    light: float  # the middle grey, 0 to 255
    glare: float  # share of the picture that is burnt out
    sharp: float  # how much steeper edges are than the same edges made soft
    wide: int

    @property
    def fault(self) -> str:
        """The first thing to mend, in the order in which people would; empty if nothing stands out."""
        faults = (
            ("small", self.wide < 700),
            ("dark", self.light < 52),
            ("glare", self.glare > 0.018),
            ("blurred", self.sharp < SHARP),
        )
        return next((name for name, is_so in faults if is_so), "")


SHARP = 2.0  # found on specimens; see `manage.py readers`


def quality(image: Image.Image) -> Quality:
    grey = image.convert("L")
    middle = grey.crop((grey.width // 8, grey.height // 8, grey.width * 7 // 8, grey.height * 7 // 8))
    middle.thumbnail((800, 800), Image.Resampling.BILINEAR)
    blocks = middle.resize((max(1, middle.width // 8), max(1, middle.height // 8)), Image.Resampling.BOX)
    burnt = sum(blocks.histogram()[250:]) / (blocks.width * blocks.height)
    return Quality(
        light=ImageStat.Stat(middle).median[0],
        glare=burnt,
        sharp=_steepest(middle.filter(ImageFilter.GaussianBlur(0.8)))
        / _steepest(middle.filter(ImageFilter.GaussianBlur(3))),
        wide=image.width,
    )


def _steepest(grey: Image.Image) -> float:
    """The slope that one pixel in a hundred exceeds. A sharp edge loses much of it to a filter, a blurred one little."""
    steps = ImageChops.difference(grey, ImageChops.offset(grey, 1, 0)).crop((1, 0, grey.width, grey.height)).histogram()
    left = grey.width * grey.height // 100
    for level in range(255, 0, -1):
        left -= steps[level]
        if left < 0:
            return float(level)
    return 1.0


# ── Near-duplicates ──


def trace(image: Image.Image) -> str:
    """256 bits that stay nearly the same when a picture is scaled, brightened or saved again: where it grows clearly
    lighter from left to right. What differs by a breath is noise and counts as even."""
    small = image.convert("L").resize((17, 16), Image.Resampling.BOX)
    rows = [small.crop((0, y, 17, y + 1)).tobytes() for y in range(16)]
    bits = "".join("1" if row[x] + 2 < row[x + 1] else "0" for row in rows for x in range(16))
    return f"{int(bits, 2):064x}"
