"""Specimens: cards, faces and photographs of people who do not exist, drawn here, so that no real picture is ever needed.

They carry what readers look for (QR, machine-readable lines, printed facts, a portrait) in a layout of our own that says
MẪU across it. The demo, the tests and the table of what the readers read all use them."""

import io
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

import qrcode
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from enrollment.identity import Declaration, card_ends
from kyc import fonts
from kyc.reading import mrz
from portal import writing

CARD = (1012, 638)  # an ID-1 card at 300 dots an inch
SCENE = (1600, 1200)
Ink = tuple[int, int, int]
BLUE, DARK, SOFT = (0, 82, 143), (22, 26, 34), (92, 100, 112)


# ── A face: proportions and colours by its seed ──


def inked(parts: Iterable[float]) -> Ink:
    red, green, blue = (int(part) for part in parts)
    return (red, green, blue)


def away(y: float, front: float) -> float:
    """From the middle of the face, by how much what is in front has grown."""
    return 52.0 + (y - 52.0) * front


@dataclass(frozen=True)
class Pen:
    """Draws in hundredths of a face's width."""

    draw: ImageDraw.ImageDraw
    unit: float

    def oval(self, x: float, y: float, half_wide: float, half_high: float, ink: Ink) -> None:
        box = (x - half_wide, y - half_high, x + half_wide, y + half_high)
        self.draw.ellipse(tuple(side * self.unit for side in box), fill=ink)

    def points(self, *places: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * self.unit, y * self.unit) for x, y in places]


def shaded(skin: Ink, by: float) -> Ink:
    return (int(skin[0] * by), int(skin[1] * by), int(skin[2] * by))


@dataclass(frozen=True)
class Face:
    seed: int

    def drawn(self, near: float = 0.0, size: int = 480) -> Image.Image:
        """`near`: how close to the lens, 0 to 1. What is in front (eyes, nose, mouth) grows more than the outline."""
        dice = random.Random(self.seed)
        skin = inked(base + dice.uniform(-22, 12) for base in (222, 184, 158))
        hair = inked(base + dice.uniform(0, 40) for base in (24, 20, 20))
        wide, eye_gap, eye_high = dice.uniform(27, 31), dice.uniform(11.5, 14.5), dice.uniform(44, 48)
        brow, mouth_wide, nose_long = dice.uniform(1.6, 3.2), dice.uniform(8, 12), dice.uniform(12, 16)
        image = Image.new("RGB", (size, int(size * 1.25)), (0, 0, 0))
        pen = Pen(ImageDraw.Draw(image), size / 100)
        pen.draw.rectangle((0, 0, *image.size), fill=(1, 1, 1))
        pen.oval(50, 120, 44, 26, inked(dice.randint(40, 120) for _part in range(3)))  # shoulders
        pen.oval(50, 96, 12, 22, shaded(skin, 0.8))  # neck
        pen.oval(50, 42, wide + 5, 38, hair)
        pen.oval(50, 54, wide, 37, skin)
        pen.oval(50, 19, wide + 1, 11, hair)
        pen.oval(50 - wide, 55, 3.5, 7, shaded(skin, 0.86))
        pen.oval(50 + wide, 55, 3.5, 7, shaded(skin, 0.86))
        front = 1 + 0.22 * near
        for side in (-1, 1):
            self.eye(pen, 50 + side * eye_gap * front, away(eye_high, front), front, (skin, hair, brow))
        self.nose_and_mouth(pen, (eye_high, nose_long, mouth_wide), front, skin)
        return image.filter(ImageFilter.GaussianBlur(pen.unit * 0.55))

    @staticmethod
    def eye(pen: Pen, x: float, y: float, front: float, inks: tuple[Ink, Ink, float]) -> None:
        skin, hair, brow = inks
        pen.oval(x, y - 0.6, 8.2 * front, 5.4 * front, shaded(skin, 0.66))  # the hollow around the eye
        pen.oval(x, y, 4.6 * front, 2.3 * front, (240, 238, 234))
        pen.oval(x, y, 2.1 * front, 2.2 * front, (34, 22, 16))
        ends = pen.points((x - 6 * front, y - 6.4 * front), (x + 6 * front, y - 6.8 * front))
        pen.draw.line(ends, fill=hair, width=int(brow * pen.unit * front))

    @staticmethod
    def nose_and_mouth(pen: Pen, traits: tuple[float, float, float], front: float, skin: Ink) -> None:
        eye_high, nose_long, mouth_wide = traits
        y = away(eye_high + nose_long, front)
        bridge = (50, away(eye_high + 1, front))
        pen.draw.polygon(pen.points(bridge, (50 - 4.4 * front, y), (50 + 4.4 * front, y)), fill=shaded(skin, 1.06))
        pen.oval(50 - 2.4 * front, y, 1.5 * front, 1.0 * front, shaded(skin, 0.5))
        pen.oval(50 + 2.4 * front, y, 1.5 * front, 1.0 * front, shaded(skin, 0.5))
        pen.oval(50, away(76, front), mouth_wide * front, 2.6 * front, (168, 84, 84))
        pen.oval(50, away(78.8, front), mouth_wide * 0.7 * front, 1.4 * front, shaded(skin, 0.78))

    def seen(
        self, wide: float, at: tuple[float, float] = (0.5, 0.5), size: tuple[int, int] = (480, 640), seed: int = 0
    ) -> Image.Image:
        """As a phone's front camera has it: the head so wide (a share of the frame), its middle there."""
        dice = random.Random(seed or self.seed)
        wall = furnished(Image.new("RGB", size, (196, 202, 206)), random.Random(self.seed), 6)
        head = self.drawn(near=min(1.0, max(0.0, (wide - 0.25) / 0.4)), size=min(480, 2 * size[0]))
        scale = wide * size[0] / (head.width * 0.58)
        head = head.resize((int(head.width * scale), int(head.height * scale)), Image.Resampling.BILINEAR)
        mask = head.convert("L").point(lambda value: 255 if value > 3 else 0).filter(ImageFilter.GaussianBlur(1))
        wall.paste(head, (int(at[0] * size[0] - head.width / 2), int(at[1] * size[1] - head.height * 0.43)), mask)
        return grain(wall, 3, dice.randint(1, 10_000))


# ── A card ──


def chip_text(declaration: Declaration, residence: str) -> str:
    """What the QR on a chip card says."""
    sex = "Nam" if declaration.sex == "male" else "Nữ"
    born, issued = f"{declaration.birth_date:%d%m%Y}", f"{declaration.issued_on:%d%m%Y}"
    return f"{declaration.number}||{declaration.full_name}|{born}|{sex}|{residence}|{issued}"


def code(text: str, side: int) -> Image.Image:
    qr = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_M)
    qr.add_data(text)
    return qr.make_image().get_image().convert("RGB").resize((side, side), Image.Resampling.BILINEAR)


@dataclass(frozen=True)
class Card:
    declaration: Declaration
    face: Face
    residence: str = "Thôn 6, Xã Mỏ Cày, Quảng Ngãi"
    year: int = 2021  # or 2024, whose QR stands on the back
    fake: dict[str, str] = field(default_factory=dict)  # facts that one side tells otherwise

    def plate(self, tint: Ink) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        image = Image.new("RGB", CARD, tint)
        draw = ImageDraw.Draw(image)
        for line in range(0, CARD[0] * 2, 22):
            draw.line([(line, 0), (line - CARD[1], CARD[1])], fill=tuple(part - 7 for part in tint), width=2)
        return image, draw

    def front(self) -> Image.Image:
        image, draw = self.plate((222, 236, 240))
        declaration = self.declaration
        fonts.write(draw, (250, 52), "THẺ MẪU · SPECIMEN", 30, (176, 32, 40), bold=True)
        fonts.write(
            draw, (250, 108), "CĂN CƯỚC CÔNG DÂN" if self.year < 2024 else "CĂN CƯỚC", 42, (176, 32, 40), bold=True
        )
        image.paste(self.face.drawn(size=240).point(lambda value: value if value > 3 else 214), (36, 226))
        facts = [
            ("Số / No.", declaration.number, 44),
            ("Họ và tên / Full name", declaration.full_name.upper(), 36),
            ("Ngày sinh / Date of birth", f"{declaration.birth_date:%d/%m/%Y}", 32),
            ("Giới tính / Sex", "Nam" if declaration.sex == "male" else "Nữ", 32),
        ]
        if self.year < 2024:
            ends = card_ends(declaration.birth_date, declaration.issued_on)
            facts.append(("Có giá trị đến / Date of expiry", f"{ends:%d/%m/%Y}" if ends else "Không thời hạn", 28))
        y = 176
        for label, fact, size in facts:
            fonts.write(draw, (304, y), label, 21, SOFT)
            fonts.write(draw, (304, y + size + 8), fact, size, DARK, bold=True)
            y += size + 44
        if self.year < 2024:
            image.paste(code(chip_text(declaration, self.residence), 172), (812, 28))
        return image

    def back(self) -> Image.Image:
        image, draw = self.plate((226, 238, 226))
        declaration, ends = self.declaration, card_ends(self.declaration.birth_date, self.declaration.issued_on)
        fonts.write(draw, (40, 64), "MẪU · SPECIMEN", 26, (176, 32, 40), bold=True)
        if self.year < 2024:
            fonts.write(draw, (330, 64), "Đặc điểm nhận dạng / Personal identification", 21, SOFT)
            fonts.write(draw, (330, 108), "Sẹo chấm 2 cm trên đuôi mày trái", 28, DARK)
            fonts.write(draw, (330, 168), "Ngày, tháng, năm / Date, month, year", 21, SOFT)
            fonts.write(draw, (330, 212), f"{declaration.issued_on:%d/%m/%Y}", 32, DARK, bold=True)
            fonts.write(draw, (330, 262), "CỤC TRƯỞNG CỤC CẢNH SÁT QLHC VỀ TTXH", 22, DARK, bold=True)
        else:
            fonts.write(draw, (40, 118), "Nơi cư trú / Place of residence", 21, SOFT)
            fonts.write(draw, (40, 158), self.residence, 26, DARK, bold=True)
            fonts.write(draw, (40, 206), "Ngày cấp / Date of issue", 21, SOFT)
            fonts.write(draw, (40, 246), f"{declaration.issued_on:%d/%m/%Y}", 30, DARK, bold=True)
            fonts.write(draw, (330, 206), "Ngày hết hạn / Date of expiry", 21, SOFT)
            fonts.write(draw, (330, 246), f"{ends:%d/%m/%Y}" if ends else "Không thời hạn", 30, DARK, bold=True)
            fonts.write(draw, (330, 300), "BỘ CÔNG AN", 24, DARK, bold=True)
            image.paste(code(chip_text(declaration, self.residence), 200), (780, 40))
        draw.rounded_rectangle(
            (60, 176, 170, 270) if self.year < 2024 else (640, 90, 740, 180), 14, fill=(214, 186, 110)
        )
        lines = mrz.lines_for(
            self.fake.get("number", declaration.number),
            writing.fold(declaration.full_name).upper(),
            declaration.birth_date,
            declaration.sex,
            ends,
        )
        self.machine_lines(draw, lines)
        return image

    @staticmethod
    def machine_lines(draw: ImageDraw.ImageDraw, lines: tuple[str, str, str]) -> None:
        """Thirty letters to the line, a tenth of an inch each, as ICAO 9303 sets them."""
        known, pitch, left = fonts.machine(50), 30.0, 56.0
        for row, line in enumerate(lines):
            for place, letter in enumerate(line):
                draw.text((left + (place + 0.5) * pitch, 450 + row * 66), letter, font=known, fill=DARK, anchor="ms")


# ── A photograph of it ──


@dataclass(frozen=True)
class Shot:
    """How the picture was taken: degrees, corners moved (a share of the card), pixels of blur, grey levels of noise."""

    turn: float = 0.0
    tilt: float = 0.0
    blur: float = 0.0
    noise: float = 4.0
    glare: float = 0.0  # how strong
    light: float = 1.0
    fill: float = 0.86  # how much of the picture's width the card takes
    seed: int = 1


def photograph(card: Image.Image, shot: Shot, size: tuple[int, int] = SCENE) -> Image.Image:
    dice = random.Random(shot.seed)
    table = Image.new("RGB", size, (dice.randint(70, 120), dice.randint(60, 100), dice.randint(50, 90)))
    furnished(table, dice, 10, 60)
    scale = shot.fill * size[0] / card.width
    wide, high = card.width * scale, card.height * scale
    left, top = (size[0] - wide) / 2, (size[1] - high) / 2
    corners = [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)]
    moved = [
        (x + dice.uniform(-1, 1) * shot.tilt * wide, y + dice.uniform(-1, 1) * shot.tilt * wide) for x, y in corners
    ]
    large = warped(card.filter(ImageFilter.GaussianBlur(0.4)), moved, size)
    mask = warped(Image.new("L", card.size, 255), moved, size)
    table.paste(large, (0, 0), mask)
    if shot.turn:
        ground = table.getpixel((1, 1))
        table = table.rotate(shot.turn, Image.Resampling.BICUBIC, fillcolor=ground)
    if shot.glare:
        spot = Image.new("L", size, 0)
        x, y = dice.uniform(0.3, 0.7) * size[0], dice.uniform(0.35, 0.65) * size[1]
        reach = 0.13 * size[0]
        ImageDraw.Draw(spot).ellipse(
            (x - reach * 1.6, y - reach, x + reach * 1.6, y + reach), fill=int(255 * shot.glare)
        )
        spot = spot.filter(ImageFilter.GaussianBlur(reach * 0.35))
        table = ImageChops.screen(table, Image.merge("RGB", (spot, spot, spot)))
    if shot.blur:
        table = table.filter(ImageFilter.GaussianBlur(shot.blur))
    if shot.light != 1.0:
        table = ImageEnhance.Brightness(table).enhance(shot.light)
    return grain(table, shot.noise, shot.seed)


def furnished(image: Image.Image, dice: random.Random, things: int, contrast: int = 26) -> Image.Image:
    """No two rooms or tables are alike."""
    draw = ImageDraw.Draw(image)
    ground = image.getpixel((0, 0))
    assert isinstance(ground, tuple)
    for _thing in range(things):
        x, y = dice.randrange(-100, image.width), dice.randrange(-100, image.height)
        by = dice.randint(-contrast, contrast // 2)
        wide, high = dice.randrange(80, image.width), dice.randrange(80, image.height)
        draw.rectangle((x, y, x + wide, y + high), fill=tuple(max(0, min(255, part + by)) for part in ground))
    return image


def warped(image: Image.Image, corners: list[tuple[float, float]], size: tuple[int, int]) -> Image.Image:
    """The image with its corners at these places; worked out only where it comes to lie."""
    wide, high = map(float, image.size)
    plain = [(0.0, 0.0), (wide, 0.0), (wide, high), (0.0, high)]
    left, top = (max(0, int(min(corner[axis] for corner in corners))) for axis in (0, 1))
    right, bottom = (min(size[axis], int(max(corner[axis] for corner in corners)) + 1) for axis in (0, 1))
    how = projection([(x - left, y - top) for x, y in corners], plain)
    sheet = Image.new(image.mode, size)
    part = image.transform((right - left, bottom - top), Image.Transform.PERSPECTIVE, how, Image.Resampling.BICUBIC)
    sheet.paste(part, (left, top))
    return sheet


def projection(given: list[tuple[float, float]], wanted: list[tuple[float, float]]) -> list[float]:
    """The eight numbers that take each given point to the wanted one (Gauss, without a library)."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(given, wanted, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for at in range(8):
        best = max(range(at, 8), key=lambda row: abs(rows[row][at]))
        rows[at], rows[best] = rows[best], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for row in range(8):
            if row != at and rows[row][at]:
                rows[row] = [own - rows[row][at] * other for own, other in zip(rows[row], rows[at], strict=True)]
    return [row[8] for row in rows]


def grain(image: Image.Image, levels: float, seed: int) -> Image.Image:
    """Noise of a sensor: the same for the same seed."""
    if not levels:
        return image
    noise = Image.frombytes("L", (256, 256), random.Random(seed).randbytes(65_536))
    noise = noise.point(lambda value: int((value - 128) * levels / 74 + 128))
    tiled = Image.new("L", image.size)
    for x in range(0, image.width, 256):
        for y in range(0, image.height, 256):
            tiled.paste(noise, (x, y))
    return ImageChops.add(image, Image.merge("RGB", (tiled, tiled, tiled)), 1, -128)


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
