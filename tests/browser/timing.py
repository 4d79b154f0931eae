"""How long a walk-in takes a person, counted action by action and not slept: the keystroke-level model (Card, Moran, Newell).

Hands of an agent: 0.28 s a key, 1.1 s to point and press, 0.4 s from mouse to keys and back. Before each new page 1.35 s to
think; what is new on it (what was declared, what the page tells, what is to be vouched for) is read at 250 words a minute,
once; labels, and one's own name, an agent knows by heart. A customer: 0.5 s a key or tap, the same reading; an SMS is there
after 5 s, a code is read from it in 2 s. Beside the pages: 3 s for a card in the reader, 4 s for each side laid before the
camera, 4 s until somebody sits before it, 4 s to aim a phone at the QR, 12 s for notes counted and change given. The machine's
own time is what passed between a press and the next page, a film of a face included."""

import time
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page

KEY, POINT, HOME, THINK, READ = 0.28, 1.1, 0.4, 1.35, 60 / 250
THUMB, SMS, CODE_READ = 0.5, 5.0, 2.0
CARD_READ, SIDE_LAID, SEATED, AIMED, CHANGE_GIVEN = 3.0, 4.0, 4.0, 4.0, 12.0
NEW = """main :is(dd:not([data-follow] aside *), .notice, [role=status], .counter-now,
    label:has(+ input[type=checkbox]), input[type=checkbox] + label)"""


@dataclass
class Clock:
    """By part of the walk: what people need, and what the machine took beside."""

    people: dict[str, float] = field(default_factory=dict)
    machine: dict[str, float] = field(default_factory=dict)
    part: str = ""
    began: float = 0.0

    def begins(self, part: str) -> None:
        self.ends()
        self.part, self.began = part, time.monotonic()
        self.people.setdefault(part, 0.0)

    def ends(self) -> None:
        if self.part:
            self.machine[self.part] = self.machine.get(self.part, 0.0) + time.monotonic() - self.began
        self.part = ""

    def takes(self, seconds: float) -> None:
        self.people[self.part] += seconds

    def passes(self, seconds: float) -> None:
        """What the script itself took to press keys is nobody's waiting."""
        self.began += seconds

    @property
    def whole(self) -> float:
        return sum(self.people.values()) + sum(self.machine.values())

    def __str__(self) -> str:
        rows = [f"{part:24}{self.people[part]:>7.1f} s{self.machine[part]:>9.1f} s" for part in self.people]
        return "\n".join([f"{'':24}{'people':>9}{'machine':>11}", *rows, f"{'together':24}{self.whole:>20.1f} s"])


class Counted:
    """A mouse and keys, each press of which is counted; or a thumb, for which all are alike."""

    def __init__(self, clock: Clock, *, thumb: bool = False) -> None:
        self.clock, self.thumb, self.at_keys = clock, thumb, False
        self.known: set[str] = set()  # what was read on a page before is not read again

    def moves(self, to_keys: bool) -> None:
        if not self.thumb and self.at_keys != to_keys:
            self.clock.takes(HOME)
        self.at_keys = to_keys

    def press(self, what: Locator) -> None:
        self.moves(to_keys=False)
        self.clock.takes(THUMB if self.thumb else POINT)
        if self.thumb:
            what.tap()
        else:
            what.click()

    def write(self, what: Locator, text: str) -> None:
        """Where the caret stands already, nothing is pointed at."""
        if not what.evaluate("element => element === document.activeElement"):
            self.press(what)
        self.moves(to_keys=True)
        self.clock.takes(len(text) * (THUMB if self.thumb else KEY))
        began = time.monotonic()
        what.fill(text)
        self.clock.passes(time.monotonic() - began)

    def enters(self) -> None:
        self.moves(to_keys=True)
        self.clock.takes(KEY)

    def reads(self, page: Page) -> None:
        """A new page: a thought, and what is new on it."""
        began = time.monotonic()
        texts: list[str] = page.evaluate(
            f"() => [...document.querySelectorAll({NEW!r})].filter(each => each.checkVisibility()).map(each => each.innerText)"
        )
        self.clock.passes(time.monotonic() - began)
        self.clock.takes(THINK + READ * sum(len(text.split()) for text in {*texts} - self.known))
        self.known.update(texts)
