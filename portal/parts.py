"""What an app brings along to the house. Each app has one `part.py` with one `PART`; its AppConfig carries it.

So the ground floor knows none of the apps above it: not their words, not their roles' rights, not their tasks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from prometheus_client.core import GaugeMetricFamily

from portal.celery import app as celery

WORKER = "celery"  # as Celery calls the queue of whoever is not told another
SIGNER = "signer"  # the queue of the only process that reaches keys


@dataclass(frozen=True, kw_only=True)
class Door:
    """Somebody in whose place the demo's desk puts a visitor by one press."""

    who: str
    role: str  # by its name in accounts/roles.py
    at: str  # where they stand, in words: a step, or a unit of VNPT
    address: str  # what is pressed posts to it
    place: int = 0  # of the customer's nine steps; one more: all are done
    note: str = ""
    user: int = 0  # whose account; the door of an app above replaces the ground floor's


@dataclass(frozen=True)
class Place:
    """Where somebody signed in finds what is theirs, on every page."""

    title: Any
    address: str  # the name of its page; those under its path belong to it
    drawing: str


NOTHING = "–"


def as_is(_name: str, value: Any) -> str:
    return NOTHING if value in (None, "") else str(value)


@dataclass(frozen=True, kw_only=True)
class TwoHands:
    """A matter of power or money: one person proposes it, a second confirms it (changes.py)."""

    label: Any
    proposes: str  # the right to propose
    confirms: str  # and to confirm
    fields: Mapping[str, Any]  # what it may change → as staff read it
    # What `about` (such as "user:12") has in these fields now, read under a lock; or a Refusal where it may not be.
    present: Callable[[str], Mapping[str, Any]]
    apply: Callable[[Any], None]  # a Change just confirmed; in its transaction
    masked: frozenset[str] = frozenset()  # fields shown as 09•••••678
    private: frozenset[str] = frozenset()  # shown whole while it waits, masked in the trail and once decided
    shown: Callable[[str, Any], str] = as_is  # (field, value) → words
    concerns: Callable[[str], int | None] = lambda _about: None  # the person it is about, who may be neither of the two
    named: Callable[[str], str] = str  # `about` in words
    is_fresh: bool = False  # the second person shows a second factor with it, on the page that confirms it


LATE, SOON, CALM, WELL = TONES = ("late", "soon", "calm", "well")
MOST = 99  # a home counts no further: that a thousand wait and not a hundred changes nobody's next hour


def up_to(rows: QuerySet[Any]) -> int:
    """How many, as far as it matters; the millionth costs no look at the others."""
    return rows.order_by()[: MOST + 1].count()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A line of somebody's home: what waits, how much of it, where it is, and what to do about it."""

    title: Any
    number: int = 0
    words: Any = ""  # what stands in the number's place, such as "12 minutes"
    address: str = ""
    tone: str = CALM  # where nothing waits it is well anyway
    sentence: Any = ""
    section: str = ""  # of the operator's handbook

    @property
    def figure(self) -> Any:
        return self.words or (f"{MOST}+" if self.number > MOST else self.number)

    @property
    def haste(self) -> str:
        return self.tone if self.number or self.words else WELL


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What a gauge tells the operator: from where on it wants a look, and what to do then."""

    title: Any
    sentence: Any
    above: float = 0
    below: float | None = None  # then the other way round
    tone: str = LATE
    seconds: bool = False  # a time, of which -1 says that there is none yet
    labels: Mapping[str, str] = field(default_factory=dict)  # of the samples that are meant
    page: str = ""  # where in the admin it is seen
    query: str = ""
    section: str = "watching"  # of the operator's handbook

    def is_wrong(self, value: float) -> bool:
        if value < 0:
            return True
        return value > self.above if self.below is None else value < self.below


def nothing() -> None:
    """An app without seeds."""


def none(*_asked: Any) -> tuple[Any, ...]:
    return ()


def nowhere(_user: Any) -> tuple[Place, ...]:
    return ()


def no_page(_user: Any) -> str:
    return ""


def untold(_request: Any) -> None:
    """The tour of the demo is led by another app."""


@dataclass(frozen=True, kw_only=True)
class Part:
    verbs: Mapping[str, Any] = field(default_factory=dict)  # of the audit trail, as staff read them
    messages: Mapping[str, Any] = field(default_factory=dict)  # template → to whom it goes, and what it says
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role → what it may do here
    changes: Mapping[str, TwoHands] = field(default_factory=dict)  # what wants two people
    # Tables that not every door may write: table → door → its rights there. "" stands for every door not named (grants.py).
    guarded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheltered: Mapping[str, str] = field(default_factory=dict)  # table → the rows that the public's door may write
    # What a reference, or a person's number, names here, as events are about it ("application:12").
    references: Callable[[str], Iterable[str]] = lambda _term: ()
    schedule: Mapping[str, float] = field(default_factory=dict)  # task → every so many seconds
    queues: Mapping[str, str] = field(default_factory=dict)  # tasks → where they are not the worker's
    seed: Callable[[], None] = nothing  # what must be there before the first visitor; running twice is no harm
    keeps: tuple[tuple[Any, Any], ...] = ()  # what of a person → how long, as the privacy policy says
    gauges: Callable[[], Iterable[GaugeMetricFamily]] = none  # what the operator watches
    places: Callable[[Any], Iterable[Place]] = nowhere  # of a User; asked on each of their pages, so one query at most
    lands: Callable[[Any], str] = no_page  # where somebody of staff begins, if not at the admin's home
    watches: Mapping[str, Watch] = field(default_factory=dict)  # gauge → when it wants a look
    waits: Callable[[Any], Iterable[Waiting]] = none  # (somebody of staff) → what waits for them
    # Of the demo: ways in, its pages, what its people type (label → value), where the tour goes on, and the phones and
    # mailboxes of whoever this visitor is just now.
    doors: Callable[[], Iterable[Door]] = none
    urls: tuple[Any, ...] = ()
    typed: Mapping[Any, str] = field(default_factory=dict)
    line: tuple[Any, ...] = ()  # the customer's steps, in a row
    legs: tuple[Any, ...] = ()  # of the tour: by whom, what, what one sees
    tour: Callable[[Any], Any] = untold
    reached: Callable[[Any], Iterable[str]] = none
    benches: str = ""  # a module; `manage.py bench` alone brings it in, for it brings the slow libraries

    def join(self) -> None:
        """Once, when its app is ready."""
        for task, every in self.schedule.items():
            # Each entry lapses when its next turn comes, so that a worker that was away finds no heap of old turns.
            celery.conf.beat_schedule[task] = {"task": task, "schedule": every, "options": {"expires": every}}
        celery.conf.task_routes |= {tasks: {"queue": queue} for tasks, queue in self.queues.items()}


class PartConfig(AppConfig):
    """The config of an app that brings a part along. (Named by its module in each apps.py: Django takes the one config
    that it finds there.)"""

    @cached_property
    def part(self) -> Part:
        """Read when every model is there, and so found by its text: the app's name, and always the same behind it."""
        part = import_string(f"{self.name}.part.PART")
        if not isinstance(part, Part):
            raise ImproperlyConfigured(f"{self.name}.part.PART is no Part.")
        return part

    def ready(self) -> None:
        self.part.join()


Kind = TypeVar("Kind", bound=Part)


def parts(kind: type[Kind]) -> list[Kind]:
    """Of every app, in the order of INSTALLED_APPS, those of this kind."""
    brought = (config.part for config in apps.get_app_configs() if isinstance(config, PartConfig))
    return [part for part in brought if isinstance(part, kind)]
