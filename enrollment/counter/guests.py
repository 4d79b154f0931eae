"""Customers of nobody, for rehearsals: what they are called, what their card says and how they look follow from a seed alone."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment.identity import Declaration, Document, Sex, card_ends, issuer_on

FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Võ", "Đặng", "Bùi", "Hồ", "Ngô", "Dương")
GIVEN = {
    Sex.FEMALE: ("Hoa", "Lan", "Thảo", "Ngân", "Yến", "Trang", "Diệp", "Hạnh", "Xuân", "Vy"),
    Sex.MALE: ("Tuấn", "Khoa", "Đạt", "Hùng", "Phong", "Vinh", "Thịnh", "Bách", "Lộc", "Huy"),
}
# Province and ward of today, and how a card says them.
HOMES = (
    ("51", "21421", "Xã Mỏ Cày, Tỉnh Quảng Ngãi"),
    ("51", "21040", "Xã Bình Sơn, Tỉnh Quảng Ngãi"),
    ("38", "14797", "Phường Hạc Thành, Tỉnh Thanh Hóa"),
    ("01", "00004", "Phường Ba Đình, Thành phố Hà Nội"),
)
TRAITS: dict[str, dict[str, Any]] = {  # of a face; in words for whoever does not see the drawing
    "shape": {"round": _("mặt tròn"), "long": _("mặt dài"), "square": _("mặt vuông")},
    "brows": {"thick": _("mày rậm"), "thin": _("mày mảnh")},
    "nose": {"wide": _("mũi rộng"), "narrow": _("mũi hẹp")},
    "mole": {"left": _("nốt ruồi má trái"), "right": _("nốt ruồi má phải"), "none": _("không có nốt ruồi")},
    "hair": {"short": _("tóc ngắn"), "long": _("tóc dài"), "bun": _("tóc búi"), "curly": _("tóc xoăn")},
    "glasses": {"on": _("đeo kính"), "off": _("không đeo kính")},
}
STAYING = ("shape", "brows", "nose", "mole")  # which a haircut or glasses do not change
HAIR = {Sex.FEMALE: ("long", "bun", "curly"), Sex.MALE: ("short", "curly")}


@dataclass(frozen=True)
class Face:
    shape: str
    brows: str
    nose: str
    mole: str
    hair: str
    glasses: str
    shirt: str

    @property
    def words(self) -> str:
        return ", ".join(str(known[getattr(self, trait)]) for trait, known in TRAITS.items())

    @property
    def wide(self) -> int:
        return {"round": 28, "long": 22, "square": 26}[self.shape]

    @property
    def high(self) -> int:
        return {"round": 29, "long": 36, "square": 31}[self.shape]

    def on_another_day(self, dice: random.Random, sex: Sex) -> "Face":
        """The same person, some years after the card: what stays has stayed."""
        return replace(self, hair=dice.choice(HAIR[sex]), glasses=dice.choice(("on", "off")), shirt=dice.choice(SHIRTS))

    def somebody_else(self, dice: random.Random) -> "Face":
        """Alike at a glance, and not in what stays."""
        others = {
            trait: dice.choice([each for each in TRAITS[trait] if each != getattr(self, trait)]) for trait in STAYING
        }
        return replace(self, shirt=dice.choice(SHIRTS), **others)


SHIRTS = ("#3f6f8f", "#7a5a86", "#5d7a4a", "#8f5a45")


@dataclass(frozen=True)
class Guest:
    declaration: Declaration
    residence: str
    on_card: Face
    at_desk: Face

    @property
    def ends(self) -> date | None:
        return card_ends(self.declaration.birth_date, self.declaration.issued_on)

    @property
    def is_same(self) -> bool:
        return all(getattr(self.on_card, trait) == getattr(self.at_desk, trait) for trait in STAYING)


def guest(seed: int, today: date, *, expired: bool = False, another: bool = False) -> Guest:
    dice = random.Random(seed)
    sex = dice.choice((Sex.FEMALE, Sex.MALE))
    born, issued = days(dice, today, expired=expired)
    province, ward, place = dice.choice(HOMES)
    detail = f"Số {dice.randint(2, 98)}, thôn {dice.randint(1, 9)}"
    century = 2 * (born.year // 100 - 19) + (sex == Sex.FEMALE)
    serial = dice.randint(100000, 999999)
    middle = "Thị Mẫu" if sex == Sex.FEMALE else "Văn Mẫu"
    declaration = Declaration(
        full_name=f"{dice.choice(FAMILIES)} {middle} {dice.choice(GIVEN[sex])}",
        number=f"{dice.choice(('051', '038', '001'))}{century}{born:%y}{serial}",
        document=Document.CITIZEN,
        nationality="Việt Nam",
        birth_date=born,
        sex=sex,
        issued_on=issued,
        issued_by=issuer_on(issued) or "Cục CS QLHC về TTXH",
        expires_on=None,
        email=f"dien.tap.{serial}@example.vn",
        phone=f"0900{serial}",
        province=province,
        ward=ward,
        address=detail,
    )
    on_card = face(dice, sex)
    at_desk = on_card.somebody_else(dice) if another else on_card.on_another_day(dice, sex)
    return Guest(declaration, f"{detail}, {place}", on_card, at_desk)


def days(dice: random.Random, today: date, *, expired: bool) -> tuple[date, date]:
    """Birthday, and the card's day of issue: in force, or one that ran out at 40 or 60 and looks as good as any."""
    if not expired:
        born = date(today.year - dice.randint(29, 36), dice.randint(1, 12), dice.randint(1, 28))
        return born, date(today.year - dice.randint(1, 3), dice.randint(1, 12), dice.randint(1, 28))
    ran_out, age = today - timedelta(days=dice.randint(40, 900)), dice.choice((40, 60))
    born = date(ran_out.year - age, ran_out.month, min(ran_out.day, 28))
    return born, date(born.year + age - dice.randint(3, 4), dice.randint(1, 12), dice.randint(1, 28))


def face(dice: random.Random, sex: Sex) -> Face:
    kept = {trait: dice.choice(list(TRAITS[trait])) for trait in STAYING}
    return Face(**kept, hair=dice.choice(HAIR[sex]), glasses=dice.choice(("on", "off")), shirt=dice.choice(SHIRTS))
