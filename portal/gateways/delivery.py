"""What every way to a person has in common: a line that is open for one batch, and a no that says how sure it is."""

from typing import Protocol, TypeVar

Letter = TypeVar("Letter", contravariant=True)


class Undelivered(Exception):
    """The gateway did not take it. `final`: trying again is no use. `doubtful`: it may have taken it and not said so."""

    def __init__(self, reason: str, *, final: bool = False, doubtful: bool = False) -> None:
        super().__init__(reason)
        self.final, self.doubtful = final, doubtful


class Line(Protocol[Letter]):
    at_once: int  # conversations at one time

    def send(self, letter: Letter, /) -> str:
        """Hand it over and return the provider's id, or raise Undelivered."""

    def close(self) -> None: ...
