"""What an app brings along to an application's way and file, beside what it brings to the house (portal/parts.py)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from enrollment import journey
from enrollment.journey import Step
from enrollment.models import Application
from enrollment.orders.parts import SellingPart
from portal import parts
from portal.models import Branch, User

Verb = Callable[[Application], None]


def nothing(application: Application) -> None:
    """An app that keeps nothing of its own."""


def no_papers(application: Application) -> dict[str, Any]:
    return {}


def sound(application: Application) -> bool:
    return True


def never(application: Application) -> bool:
    return False


def no_hands(application: Application) -> set[int]:
    return set()


def nobody(code: str) -> "Referred | None":
    return None


def no_rows(application: Application) -> list[tuple[str, str]]:
    return []


def no_sheets(application: Application) -> list["Sheet"]:
    return []


def no_signals(applications: Sequence[Application]) -> list["Signal"]:
    return []


@dataclass(frozen=True)
class Sheet:
    """A paper or drawing that staff read beside the file; what it holds is fetched by itself, each look on the record."""

    name: str  # in its address
    title: Any
    words: str  # what is known of it without opening it
    kind: str  # of content
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Signal:
    """What several files of a counter have in common, or one agent's differ in: words to look into, and nothing follows."""

    words: Any
    number: int
    applications: Sequence[Application]  # the newest first


@dataclass(frozen=True)
class Referred:
    """Who sent a customer, by the code that the customer names."""

    branch: Branch
    agent: User


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Where the demo's tour goes on: which of its five stops, what is done there, on which page, and as whom."""

    place: int
    title: Any
    page: str
    user: User | None  # nobody: the customer, who has no account yet
    note: Any = ""
    is_here: bool = False


@dataclass(frozen=True, kw_only=True)
class Part(SellingPart):
    begins: Mapping[Step, Verb] = field(default_factory=dict)  # on arrival at a step: rows of journey.BEGINS
    erased: Verb = nothing  # its key is gone: what else has to go
    papers: Callable[[Application], dict[str, Any]] = no_papers  # what people look at before they approve, for the hash
    seen: Callable[[Application], dict[str, Any]] = no_papers  # what somebody who vouches at a counter sees of it
    is_sound: Callable[[Application], bool] = sound  # whether what the rows speak of is still what it was
    hands: Callable[[Application], set[int]] = no_hands  # who had to do with it, and so may not decide about it
    referred: Callable[[str], Referred | None] = nobody  # whose code this is
    lives: Callable[[Application], bool] = never  # whether what it led to is in force
    counter: tuple[tuple[Any, str], ...] = ()  # what else is done for people at a counter: its words and page
    rows: Callable[[Application], list[tuple[str, str]]] = no_rows  # what staff read of it
    sheets: Callable[[Application], list[Sheet]] = no_sheets  # and may open
    is_doubted: Callable[[Application], bool] = never  # somebody who should know does not believe it
    signals: Callable[[Sequence[Application]], list[Signal]] = no_signals  # what strikes in these of one counter
    walks: Mapping[Step, Verb] = field(default_factory=dict)  # how the demo's people do this step
    stops: Mapping[Step, Callable[[Application], Stop | None]] = field(
        default_factory=dict
    )  # where not its customer's turn

    def join(self) -> None:
        super().join()
        for step, begin in self.begins.items():
            journey.BEGINS[step].append(begin)


def all_parts() -> list[Part]:
    return parts.parts(Part)


def referred(code: str) -> Referred | None:
    return next((sender for part in all_parts() if (sender := part.referred(code))), None)


def is_doubted(application: Application) -> bool:
    return any(part.is_doubted(application) for part in all_parts())


def lives(application: Application) -> bool:
    return any(part.lives(application) for part in all_parts())
