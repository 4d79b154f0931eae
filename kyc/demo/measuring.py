"""What the readers read: a synthetic set of card photographs, each with its trouble, and how much of each is read rightly,
wrongly, or not at all. `manage.py readers` prints it; docs/readers.md keeps the table."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random

from PIL import Image

from enrollment import identity
from enrollment.demo.people import declaration_of_nobody
from kyc.demo.drawing import Card, Face, Shot, photograph
from kyc.reading import comparing, mrz, ocr, vision
from portal.pictures import codes_in


def code_of(grey: Image.Image) -> identity.Card | None:
    return next(filter(None, map(identity.read_card, codes_in(grey))), None)


PEOPLE = (
    "Nguyễn Thị Mẫu Ánh",
    "Trần Văn Mẫu Bình",
    "Lê Hoàng Mẫu Cường",
    "Phạm Thị Mẫu Quỳnh Dung",
    "Võ Đức Mẫu Hòa",
    "Đặng Mẫu Y",
)
# Each trouble in four strengths.
TROUBLES: dict[str, tuple[Shot, ...]] = {
    "plain": (Shot(), Shot(fill=0.8), Shot(fill=0.7), Shot(fill=0.94)),
    "turned": (Shot(turn=4), Shot(turn=-7), Shot(turn=10), Shot(turn=-13)),
    "tilted": (Shot(tilt=0.02), Shot(tilt=0.035), Shot(tilt=0.05), Shot(tilt=0.07, fill=0.75)),
    "blurred": (Shot(blur=1.5), Shot(blur=2.5), Shot(blur=3.5), Shot(blur=5)),
    "noisy": (Shot(noise=10), Shot(noise=18), Shot(noise=26), Shot(noise=34)),
    "glare": (Shot(glare=0.5), Shot(glare=0.7), Shot(glare=0.85), Shot(glare=1.0)),
    "dark": (Shot(light=0.6), Shot(light=0.4), Shot(light=0.28), Shot(light=0.18)),
}
EACH = 8  # photographs of each strength: 7 troubles × 4 × 8 = 224


@dataclass
class Score:
    right: int = 0
    wrong: int = 0
    of: int = 0
    by: dict[str, list[int]] = field(default_factory=dict)

    def add(self, trouble: str, is_right: bool | None) -> None:
        """True: read rightly; False: wrongly; None: not at all."""
        self.of += 1
        self.right += is_right is True
        self.wrong += is_right is False
        kept = self.by.setdefault(trouble, [0, 0])
        kept[0] += is_right is True
        kept[1] += 1


def is_right(read: object, printed: object) -> bool | None:
    return None if not read else read == printed


def measure(each: int = EACH, *, printed: bool = True, every: int = 1) -> dict[str, Score]:
    """Two photographs of each card: one of its front, one of its back. `every`: second strength of a trouble, and so on."""
    scores = {
        name: Score() for name in ("QR", "MRZ", "MRZ, name", "number (OCR)", "name (OCR)", "birth date (OCR)", "face")
    }
    dice, serial = Random(20261121), 0
    for trouble, shots in TROUBLES.items():
        for strength, shot in enumerate(shots[::every]):
            for _one in range(each):
                serial += 1
                number = f"0511{80 + serial % 20}{serial:06}" if serial % 2 else f"0380{70 + serial % 30}{serial:06}"
                person = declaration_of_nobody(dice.choice(PEOPLE), number, "0900000000")
                card = Card(person, Face(serial * 7 + strength), year=2021 if serial % 3 else 2024)
                taken = Shot(**{**shot.__dict__, "seed": serial})
                front, back = (photograph(side, taken) for side in (card.front(), card.back()))
                score(scores, trouble, card, front, back, printed=printed)
    return scores


def score(
    scores: dict[str, Score], trouble: str, card: Card, front: Image.Image, back: Image.Image, *, printed: bool
) -> None:
    person = card.declaration
    code = code_of((front if card.year < 2024 else back).convert("L"))
    scores["QR"].add(
        trouble,
        is_right(
            code and (code.number, code.full_name, code.birth_date),
            (person.number, person.full_name, person.birth_date),
        ),
    )
    machine = mrz.parse(vision.machine(back.convert("L")))
    scores["MRZ"].add(
        trouble,
        is_right(
            machine and (machine.number, machine.birth_date, machine.sex),
            (person.number, person.birth_date, person.sex),
        ),
    )
    scores["MRZ, name"].add(trouble, is_right(machine and machine.name.casefold(), comparing.plain(person.full_name)))
    scores["face"].add(trouble, None if vision.face(front.convert("L"), 0.06) is None else True)
    if printed and ocr.able():
        read = ocr.printed(vision.image_of(vision.flattened(front.convert("L"), (1140, 719))))
        scores["number (OCR)"].add(trouble, is_right(read.number, person.number))
        scores["name (OCR)"].add(trouble, is_right(comparing.plain(read.full_name), comparing.plain(person.full_name)))
        scores["birth date (OCR)"].add(trouble, is_right(read.birth_date, person.birth_date))


def false_accepts(each: int = 60) -> int:
    """Pictures without a card, and cards whose lines were altered by one digit: whatever is read of them is false."""
    dice, wrong = Random(7), 0
    for number in range(each):
        face = Face(number).seen(0.4, size=(900, 700)).convert("L")
        wrong += bool(vision.machine(face)) or code_of(face) is not None
        lines = list(mrz.lines_for("051192000123", "NGUYEN THI MAU", date(1992, 5, 17), "female", date(2032, 5, 17)))
        place = dice.randrange(5, 27)
        lines[0] = f"{lines[0][:place]}{(int(lines[0][place]) + 1) % 10}{lines[0][place + 1 :]}"
        wrong += mrz.parse(lines) is not None
    return wrong


def table(scores: dict[str, Score], wrong: int) -> Iterator[str]:
    names = list(TROUBLES)
    yield f"| read | right | wrong | {' | '.join(names)} |"
    yield f"|---|---|---|{'---|' * len(names)}"
    for name, reader in scores.items():
        if reader.of:
            parts = [f"{round(100 * reader.by[trouble][0] / reader.by[trouble][1])}" for trouble in names]
            yield f"| {name} | {100 * reader.right / reader.of:.1f} % | {reader.wrong} of {reader.of} | {' | '.join(parts)} |"
    yield ""
    yield f"False accepts among 60 pictures without a card and 60 altered lines: {wrong}."
