"""VNeID: what it is to us, whichever of its dialects is spoken. Its public descriptions of 2026 were followed; the real
service was never tried.

We ask (`start`), the person consents in VNeID and comes back with something of it (`returned`), for which VNeID tells us who
that is (`fetch`). What became of it we tell in turn (`tell`)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

YOUNG = timedelta(minutes=5)  # what VNeID says of somebody is about now
SKEW = timedelta(minutes=2)  # by which two clocks may differ


class Away(Exception):
    """VNeID is slow, away, or answers nonsense."""


class Forged(Exception):
    """Not what VNeID says to us, about this asking, now."""


class Declined(Exception):
    """The person said no in VNeID."""


class Over(Exception):
    """VNeID knows this asking no longer: it is begun anew."""


@dataclass(frozen=True)
class Asked:
    """One asking of ours, bound to one browser. `hint`: what the person did in VNeID already, by VNeID's own name for it."""

    state: str
    nonce: str
    back: str  # our address, to which VNeID returns
    hint: str = ""
    language: str = "vi"


@dataclass(frozen=True)
class Started:
    address: str  # where the browser goes
    transaction: str = ""  # VNeID's name for it, where it is known by now


@dataclass(frozen=True)
class Returned:
    """What the browser brought back, for which VNeID gives what was agreed."""

    transaction: str
    ticket: Mapping[str, str]


@dataclass(frozen=True)
class Agreed:
    """What the person agreed to in VNeID: which of our texts, when."""

    purpose: str
    version: str
    language: str
    text_hash: str
    at: datetime


@dataclass(frozen=True)
class Face:
    """How VNeID found the face before it to be that of the card's chip."""

    matched: bool
    score: float
    at: datetime


@dataclass(frozen=True)
class Shared:
    """Who somebody is, as VNeID says. What it does not say is empty."""

    transaction: str
    subject: str  # VNeID's own lasting name for the person
    level: int
    number: str
    full_name: str
    birth_date: date
    sex: str = ""  # as in identity.Sex
    issued_on: date | None = None
    issued_by: str = ""
    expires_on: date | None = None
    residence: str = ""
    agreed: tuple[Agreed, ...] = ()
    face: Face | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case datetime() | date():
            return value.isoformat()
    return value


@dataclass(frozen=True)
class Telling:
    """What became of a certificate that somebody came for, as VNeID may show it."""

    name: str  # of this telling: whoever hears it twice hears it once
    transaction: str
    state: int  # 0 done, 1 failed, 2 in work, 3 made and not activated
    at: datetime
    serial: str = ""


class Keys(Protocol):
    secrets: list[str]  # the one in use first, then those that still count


class VNeID(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def partner(self) -> str:
        """Who we are to it."""

    @property
    def keys(self) -> Keys: ...

    def start(self, asked: Asked) -> Started:
        """May raise Away."""

    def returned(self, query: str, transaction: str, asked: Asked) -> Returned:
        """What came with the browser: the raw query, and what the address named. Raises Forged or Declined."""

    def fetch(self, returned: Returned, asked: Asked) -> Shared:
        """Raises Away, Over or Forged."""

    def tell(self, telling: Telling) -> None:
        """May raise Away, or Over where VNeID knows nothing of it."""
