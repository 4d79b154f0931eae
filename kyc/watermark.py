"""Every picture that staff see carries who looks and when: a leaked screen names its leak."""

import io
from functools import lru_cache

from PIL import Image, ImageDraw

from kyc import fonts

SIZE, APART = 22, (430, 150)


@lru_cache(maxsize=32)
def _tile(text: str) -> Image.Image:
    wide = sum(fonts.of(letter, SIZE).getlength(letter) for letter in text)
    tile = Image.new("RGBA", (int(wide) + 8, SIZE * 2), (0, 0, 0, 0))
    draw = ImageDraw.Draw(tile)
    fonts.write(draw, (3, SIZE * 1.4 + 1), text, SIZE, (0, 0, 0, 70))
    fonts.write(draw, (2, SIZE * 1.4), text, SIZE, (255, 255, 255, 105))
    return tile.rotate(14, expand=True, resample=Image.Resampling.BICUBIC)


def marked(pixels: bytes, text: str) -> bytes:
    image, tile = Image.open(io.BytesIO(pixels)).convert("RGB"), _tile(text)
    for row, y in enumerate(range(-20, image.height, APART[1])):
        for x in range(-(row % 2) * APART[0] // 2, image.width, max(APART[0], tile.width)):
            image.paste(tile, (x, y), tile)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()
